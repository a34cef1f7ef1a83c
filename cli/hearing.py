"""Wiring what a responder hears: detectors, operators, neighbours."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from schemas.topics import SIGNALS

if TYPE_CHECKING:
    from responders.neighbours import Neighbourhood
    from responders.responder import Ears
    from responders.signal_intake import SignalIntake
    from runtime.broker import Partition, Producer
    from runtime.intake import Intake
    from runtime.kafka import KafkaBroker
    from runtime.metrics import Metrics
    from runtime.service import Service
    from runtime.settings import Settings


def ears_of(
    settings: "Settings",
    service: "Service",
    chain: str,
    neighbourhood: "Neighbourhood",
    wires: "tuple[KafkaBroker, Producer]",
    prepare: Callable[[], None],
) -> "Ears":
    """Return all that a chain's responder reads its topics with; `prepare` has brakes rehearsed."""
    from cli.wiring import read_manifests
    from responders.intake import AlertIntake
    from responders.responder import Ears
    from responders.words import Words
    from runtime.intake import Intake
    from runtime.signatures import load_verifier

    broker, producer = wires
    asked = any(manifest.quorum for manifest in read_manifests(settings).values())
    words = Words(broker.offsets_at, service.clock) if asked else None
    trusted = settings.respond.trusted_keys
    verifier = None if trusted is None else load_verifier(trusted)
    intake = Intake(producer, service.metrics, "respond")
    return Ears(
        AlertIntake(intake, verifier, chain, service.metrics, words),
        _neighbours(settings, neighbourhood, broker, intake, service.metrics, prepare),
    )


def _neighbours(
    settings: "Settings",
    neighbourhood: "Neighbourhood",
    broker: "KafkaBroker",
    intake: "Intake",
    metrics: "Metrics",
    prepare: Callable[[], None],
) -> "SignalIntake | None":
    """Return what reads signals and people's findings, None where no manifest listens to anybody.

    Armed, only people whose keys are in `respond.arming_keys` find a signal right or wrong.

    Raises `ConfigurationError` when there is somebody to listen to and no topic to read.
    """
    from responders.signal_intake import SignalIntake
    from runtime.signatures import Verifier, load_verifier

    if not neighbourhood.issuers:
        return None
    broker.require((SIGNALS.name,))
    people = settings.respond.arming_keys
    nobody = Verifier({}) if settings.respond.armed else None

    def beginning(partition: "Partition") -> int:
        return broker.bounds(partition)[0]

    return SignalIntake(
        neighbourhood,
        intake,
        nobody if people is None else load_verifier(people),
        metrics,
        beginning,
        prepare,
    )
