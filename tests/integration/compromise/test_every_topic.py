"""Each topic in the hands of somebody who may write there, on a real broker: without our keys, and,
where that differs, with a stolen one. The worst that comes of it at those who read, and its bound.

How an armed responder takes forged alerts is in `test_taken_topics`."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from schemas.topics import AUTHORITY, CHANGES, DEAD_LETTERS, PENDING, PRICES, TOPICS
from tests.integration.compromise import worst_of_cases as cases
from tests.integration.compromise import worst_of_chain as chain
from tests.integration.compromise import worst_of_words as words
from tests.integration.compromise.topics import Topics

pytestmark = pytest.mark.kafka

Scene = Callable[[Topics, Path], None]

SCENES: dict[str, Scene] = {
    "chain-blocks-v1": chain.blocks,
    "chain-events-v1": chain.events,
    "chain-transactions-v1": chain.transactions,
    "chain-pending-v1": partial(chain.kept_alone, spec=PENDING),
    "chain-deployments-v1": chain.deployments,
    "market-prices-v1": partial(chain.kept_alone, spec=PRICES),
    "alerts-v1": cases.alerts,
    "actions-v1": cases.actions,
    "consents-v1": words.consents,
    "incidents-v1": cases.incidents,
    "recoveries-v1": cases.recoveries,
    "changes-v1": partial(words.story, spec=CHANGES),
    "authority-v1": partial(words.story, spec=AUTHORITY),
    "audit-seals-v1": words.seals,
    "signals-v1": words.signals,
    "decisions-v1": cases.decisions,
    "readiness-v1": cases.readinesses,
    "fund-flows-v1": cases.fund_flows,
    "acknowledgements-v1": cases.acknowledgements,
    "pages-v1": cases.pages,
    "beats-v1": cases.beats,
    "risk-v1": words.risk,
    "findings-v1": cases.findings,
    "assessments-v1": cases.assessments,
    "dead-letters-v1": partial(chain.kept_alone, spec=DEAD_LETTERS),
    "ingest-checkpoints-v1": chain.checkpoints,
    "detector-state-v1": chain.state,
}


def test_no_topic_is_forgotten() -> None:
    assert SCENES.keys() == TOPICS.keys()


@pytest.mark.parametrize("name", SCENES)
def test_the_worst_that_a_writer_brings_about(
    name: str, bootstrap: str, namespace: str, tmp_path: Path
) -> None:
    topics = Topics({"bootstrap.servers": bootstrap}, namespace=namespace)
    topics.create((TOPICS[name],))
    with closing(topics):
        SCENES[name](topics, tmp_path)
