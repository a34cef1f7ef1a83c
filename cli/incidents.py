"""`firebreak incidents`: keep the cases."""

from typing import Annotated

import typer

from schemas.topics import ACTIONS, ALERTS, DEAD_LETTERS, FINDINGS, INCIDENTS, RECOVERIES


def incidents(
    web_port: Annotated[int | None, typer.Option(help="Port of the page with the cases.")] = None,
    health_port: Annotated[int | None, typer.Option(help="Port for probes and metrics.")] = None,
) -> None:
    """Keep cases of what belongs together: alerts, actions, recoveries. A second one shares."""
    import asyncio

    from cli.wiring import connect, read_settings
    from runtime.service import running
    from runtime.signatures import load_verifier

    settings = read_settings(incidents={"web_port": web_port}, health={"port": health_port})
    trusted = settings.respond.trusted_keys
    verifier = None if trusted is None else load_verifier(trusted)
    broker = connect(settings, ALERTS, ACTIONS, RECOVERIES, FINDINGS, INCIDENTS, DEAD_LETTERS)
    with running("incidents", settings) as service:
        from incidents import logs
        from incidents.service import check_partitions, run

        logs.adopt(settings.log.level)
        check_partitions(broker)
        broker.require_group("firebreak-incidents")
        asyncio.run(run(settings, service, verifier))
