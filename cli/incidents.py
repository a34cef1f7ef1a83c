"""`firebreak incidents`: keep the cases."""

from typing import Annotated

import typer

from schemas.topics import ACTIONS, ALERTS, DEAD_LETTERS, DECISIONS, INCIDENTS, RECOVERIES


def incidents(
    web_port: Annotated[int | None, typer.Option(help="Port of the page with the cases.")] = None,
    health_port: Annotated[int | None, typer.Option(help="Port for probes and metrics.")] = None,
) -> None:
    """Keep cases of alerts, actions and what people say. A second one shares the work."""
    import asyncio

    from cli.wiring import connect, read_settings
    from runtime.announcement import announce
    from runtime.service import running
    from runtime.signatures import load_verifier

    settings = read_settings(incidents={"web_port": web_port}, health={"port": health_port})
    trusted = settings.respond.trusted_keys
    verifier = None if trusted is None else load_verifier(trusted)
    needed = (ALERTS, ACTIONS, RECOVERIES, DECISIONS, INCIDENTS, DEAD_LETTERS)
    broker = connect(settings, *needed)
    with running("incidents", settings) as service:
        announce(broker, service, settings)
        from incidents import logs
        from incidents.service import check_partitions, run

        logs.adopt(settings.log.level)
        check_partitions(broker)
        broker.require_group("firebreak-incidents")
        asyncio.run(run(settings, service, verifier))
