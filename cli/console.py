"""`firebreak console`: the web page for the people on call."""

from typing import Annotated

import typer

from schemas.services import SERVICES


def console(
    port: Annotated[int | None, typer.Option(help="Port of the pages.")] = None,
    health_port: Annotated[int | None, typer.Option(help="Port for probes and metrics.")] = None,
) -> None:
    """Show people what there is, and let them propose and answer. Holds no key."""
    import asyncio

    from cli.wiring import connect, read_settings
    from runtime.service import running
    from runtime.signatures import load_verifier

    settings = read_settings(console={"port": port}, health={"port": health_port})
    trusted = settings.respond.trusted_keys
    verifier = None if trusted is None else load_verifier(trusted)
    broker = connect(settings, *SERVICES["console"].reads)
    with running("console", settings) as service:
        from console.service import desk_of, run

        asyncio.run(run(desk_of(settings, broker, service, verifier), service))
