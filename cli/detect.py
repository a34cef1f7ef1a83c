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
    from cli.wiring import connect, read_manifests, read_settings
    from detectors.publisher import Publisher
    from detectors.scorer import ScorerMaker
    from detectors.service import DetectTask
    from detectors.sets import EventHostMaker, HostMaker, load_set
    from runtime.announcement import announce
    from runtime.intake import Intake
    from runtime.lag import LagGauge
    from runtime.loop import Loop
    from runtime.service import running
    from runtime.signatures import load_signer
    from runtime.state import StateStore

    settings = read_settings(health={"port": health_port})
    manifests = read_manifests(settings)
    maker: ScorerMaker
    if events:
        maker = EventHostMaker(manifests, settings.finality_of)
    else:
        detectors = load_set(settings.detect.names(set_name), settings.detect.allowed)
        maker = HostMaker(set_name, detectors, manifests, settings.finality_of)
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
        task = DetectTask(
            Intake(producer, service.metrics, "detect"),
            Publisher(producer, service.clock, service.metrics, signer),
            maker,
            service.metrics,
            StateStore(broker, producer, maker.set_name, group, maker.topic),
        )
        consumer = broker.consumer(group)
        lag = LagGauge(consumer.lags, service.metrics, service.clock)

        def beat() -> None:
            service.health.beat()
            lag.look()

        Loop(consumer, task, service.clock, beat=beat).run(service.stop)
