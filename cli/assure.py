"""`firebreak assure`: look at deployments and upgrades as they happen."""

from contextlib import ExitStack
from typing import Annotated

import typer

from schemas.errors import ConfigurationError
from schemas.services import SERVICES
from schemas.topics import DEAD_LETTERS, FINDINGS


def assure(
    health_port: Annotated[int | None, typer.Option(help="Port for probes and metrics.")] = None,
) -> None:
    """Assess the watched contracts; each again when it is deployed, upgraded or changes hands."""
    from assurance.service import AssureTask
    from cli.looking import Looking, asked_at_once, asked_beside
    from cli.wiring import connect, read_manifests, read_settings
    from cli.working import work
    from runtime.announcement import announce
    from runtime.intake import Intake
    from runtime.service import running

    settings = read_settings(health={"port": health_port})
    broker = connect(settings, *SERVICES["assure"].reads, FINDINGS, DEAD_LETTERS)
    with running("assure", settings) as service, ExitStack() as stack:
        announce(broker, service, settings)
        opinions = asked_beside(settings, service.clock.monotonic)
        hear = asked_at_once(settings) if opinions is None else opinions.of
        looking = stack.enter_context(Looking(settings, hear))
        of_chain = {
            name: one
            for name, one in read_manifests(settings).items()
            if one.chain == looking.endpoints.chain
        }
        if not of_chain:
            raise ConfigurationError(
                f"no manifest in {settings.protocols} is of {looking.endpoints.chain}"
            )
        projects = {name: looking.project(one) for name, one in of_chain.items()}

        def fresh() -> set[str]:
            heard = set() if opinions is None else opinions.fresh()
            return {name for name, project in projects.items() if project in heard}

        producer = broker.producer()
        task = AssureTask(
            Intake(producer, service.metrics, "assure"),
            producer,
            of_chain,
            lambda: looking.now(of_chain),
            service,
            fresh,
        )
        task.remember(broker)
        consumer = broker.consumer("firebreak-assure")

        work(consumer, task, service)
