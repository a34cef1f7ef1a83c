"""`firebreak detect`: score transactions, raise alerts."""

from typing import Annotated

import typer

from schemas.errors import ConfigurationError
from schemas.topics import ALERTS, DEAD_LETTERS, DETECTOR_STATE


def detect(
    set_name: Annotated[str, typer.Option("--set", help="Which detector set to run.")] = "core",
    events: Annotated[  # noqa: FBT002 - a command-line flag
        bool, typer.Option("--events", help="Score single events, not whole transactions.")
    ] = False,
    health_port: Annotated[int | None, typer.Option(help="Port for probes and metrics.")] = None,
) -> None:
    """Score transactions and raise alerts. Start it again to scale out: partitions are shared."""
    from cli.wiring import beats_of, connect, read_settings, scorers
    from detectors.publisher import Publisher
    from detectors.service import DetectTask
    from runtime.announcement import announce
    from runtime.intake import Intake
    from runtime.lag import LagGauge
    from runtime.loop import Loop
    from runtime.service import running
    from runtime.signatures import load_signer
    from runtime.state import StateStore

    settings = read_settings(health={"port": health_port})
    maker = scorers(settings, set_name, events=events)
    if settings.detect.signing_key is None:
        raise ConfigurationError(
            "alerts must be signed: set detect.signing_key (make one: firebreak keys detector)"
        )
    signer = load_signer(settings.detect.signing_key)
    broker = connect(settings, maker.topic, ALERTS, DETECTOR_STATE, DEAD_LETTERS)
    group = f"firebreak-detect-{maker.set_name}"
    with running("detect", settings) as service:
        announce(broker, service, settings)
        producer = broker.producer()
        service.health.lacking = lambda: maker.switched_off
        publisher = Publisher(producer, service.clock, service.metrics, signer)
        task = DetectTask(
            Intake(producer, service.metrics, "detect"),
            publisher,
            maker,
            service.metrics,
            # Its own producer: states are large, and an alert waits behind nothing.
            StateStore(broker, broker.producer(), maker.set_name, group, maker.topic),
        )
        consumer = broker.consumer(group)
        lag = LagGauge(consumer.lags, service.metrics, service.clock)
        beats = beats_of(settings, broker, service, group)

        def beat() -> None:
            service.health.beat()
            lag.look()
            beats.tell(reads=loop.worked, wrote=publisher.wrote)

        loop = Loop(consumer, task, service.clock, beat=beat)
        loop.run(service.stop)
