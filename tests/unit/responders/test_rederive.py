import json
from pathlib import Path

import pytest

from responders.rederive import rederive
from schemas.actions import Action
from schemas.codec import decode
from schemas.errors import PoisonRecordError
from schemas.examples import example
from tests.unit.responders.bench import bench
from tests.unit.responders.examples import alert, vote
from tests.unit.responders.fakes import FakeChain
from tests.unit.responders.test_guard import action


@pytest.mark.parametrize("armed", [True, False])
def test_what_a_responder_publishes_can_be_decided_again(tmp_path: Path, *, armed: bool) -> None:
    lonely = (vote("asset-outflow"),)
    with bench(tmp_path / "journal.jsonl", FakeChain(102), armed=armed) as responder:
        responder.receive(alert(1, votes=lonely))
        responder.receive(alert(2))
        steps = responder.published()
    decided = [step for step in steps if step.state in ("authorised", "rehearsed", "refused")]
    assert {step.state for step in decided} == {"refused", "authorised" if armed else "rehearsed"}
    for step in decided:
        again = rederive(step)
        assert again.equal, again.differences
        assert step.severity == "critical"
        assert "withdrawal" in step.also_stops


@pytest.mark.parametrize("state", ["signed", "refused"])
def test_a_step_that_decides_nothing_is_told_apart(state: str) -> None:
    with pytest.raises(PoisonRecordError, match="decides nothing"):
        rederive(action(state))


def test_the_published_example_is_a_decision_that_anyone_can_derive_again() -> None:
    shown = decode(json.dumps(example("actions-v1", "action")).encode(), Action)
    again = rederive(shown)
    assert again.allowed
    assert again.equal, again.differences
