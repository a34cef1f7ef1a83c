"""Wiring what a responder hears of its neighbours."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from schemas.topics import SIGNALS

if TYPE_CHECKING:
    from responders.hearing import Hearing
    from responders.neighbours import Neighbourhood
    from runtime.intake import Intake
    from runtime.kafka import KafkaBroker
    from runtime.metrics import Metrics
    from runtime.settings import Settings


@contextmanager
def hearing(
    settings: "Settings",
    neighbourhood: "Neighbourhood",
    broker: "KafkaBroker",
    intake: "Intake",
    metrics: "Metrics",
    prepare: Callable[[], None],
) -> "Iterator[Hearing | None]":
    """Give what reads signals and people's findings, None where no manifest listens to anybody.

    Armed, only people whose keys are in `respond.arming_keys` find a signal right or wrong. Raises
    `ConfigurationError` when there is somebody to listen to and no topic to read.
    """
    from responders.hearing import Hearing
    from runtime.broker import Partition
    from runtime.signatures import Verifier, load_verifier

    if not neighbourhood.issuers:
        yield None
        return
    broker.require((SIGNALS.name,))
    people = settings.respond.arming_keys
    nobody = Verifier({}) if settings.respond.armed else None
    verifier = nobody if people is None else load_verifier(people)
    spots = [Partition(SIGNALS.name, number) for number in range(broker.partitions(SIGNALS.name))]
    consumer = broker.consumer()
    try:
        consumer.assign({spot: broker.bounds(spot)[0] for spot in spots})
        yield Hearing(neighbourhood, consumer, intake, verifier, metrics, prepare)
    finally:
        consumer.close()
