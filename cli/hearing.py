"""Wiring what a responder hears: detectors, operators, neighbours."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from schemas.topics import SIGNALS

if TYPE_CHECKING:
    from runtime.intake import Intake
    from runtime.kafka import KafkaBroker
    from runtime.metrics import Metrics
    from runtime.neighbourhood import Neighbourhood
    from runtime.settings import Settings
    from runtime.signal_intake import SignalIntake
    from runtime.signatures import Verifier


def people_of(settings: "Settings", *, armed: bool) -> "Verifier | None":
    """Return who finds signals right or wrong: people whose keys are in `respond.arming_keys`;
    without any, nobody when `armed`, else anybody."""
    from runtime.signatures import Verifier, load_verifier

    keys = settings.respond.arming_keys
    if keys is not None:
        return load_verifier(keys)
    return Verifier({}) if armed else None


@contextmanager
def hearing(
    neighbourhood: "Neighbourhood",
    broker: "KafkaBroker",
    intake: "Intake",
    metrics: "Metrics",
    people: "Verifier | None",
    prepare: Callable[[], None] = lambda: None,
) -> "Iterator[SignalIntake | None]":
    """Give what reads signals and people's findings, None where no manifest listens to anybody.

    `people` find a signal right or wrong; None: anybody does. Raises `ConfigurationError` when
    there is somebody to listen to and no topic to read.
    """
    from runtime.broker import Partition
    from runtime.signal_intake import SignalIntake

    if not neighbourhood.issuers:
        yield None
        return
    broker.require((SIGNALS.name,))
    spots = [Partition(SIGNALS.name, number) for number in range(broker.partitions(SIGNALS.name))]
    consumer = broker.consumer()
    try:
        consumer.assign({spot: broker.bounds(spot)[0] for spot in spots})
        yield SignalIntake(neighbourhood, consumer, intake, people, metrics, prepare)
    finally:
        consumer.close()
