"""`firebreak vet`: judge contracts as they are created."""

from typing import Annotated

import typer

from schemas.errors import ConfigurationError
from schemas.topics import ALERTS, BLOCKS, DEAD_LETTERS, DEPLOYMENTS


def vet(
    health_port: Annotated[int | None, typer.Option(help="Port for probes and metrics.")] = None,
) -> None:
    """Judge every new contract by its code, before it is called, and raise alerts."""
    from cli.wiring import connect, read_manifests, read_settings
    from cli.working import work
    from detectors.publisher import Publisher
    from detectors.vet_service import VetTask
    from detectors.vetting import Vetting
    from runtime.announcement import announce
    from runtime.intake import Intake
    from runtime.service import running
    from runtime.signatures import load_signer

    settings = read_settings(health={"port": health_port})
    manifests = read_manifests(settings)
    if settings.detect.signing_key is None:
        raise ConfigurationError(
            "alerts must be signed: set detect.signing_key (make one: firebreak keys detector)"
        )
    signer = load_signer(settings.detect.signing_key)
    broker = connect(settings, DEPLOYMENTS, BLOCKS, ALERTS, DEAD_LETTERS)
    with running("vet", settings) as service:
        announce(broker, service, settings)
        producer = broker.producer()
        task = VetTask(
            Intake(producer, service.metrics, "vet"),
            Publisher(producer, service.clock, service.metrics, signer),
            Vetting("vet", manifests, service.metrics),
            service.metrics,
        )
        consumer = broker.consumer("firebreak-vet")

        work(consumer, task, service)
