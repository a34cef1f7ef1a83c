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
    from runtime.acknowledging import people_of
    from runtime.announcement import announce
    from runtime.keepers import keepers_of
    from runtime.service import running
    from runtime.signatures import verifier_of

    settings = read_settings(console={"port": port}, health={"port": health_port})
    detectors, judges, insurers = (
        verifier_of(folder)
        for folder in (
            settings.respond.trusted_keys,
            settings.respond.arming_keys,
            settings.console.risk_keys,
        )
    )
    broker = connect(settings, *SERVICES["console"].reads)
    with running("console", settings) as service:
        announce(broker, service, settings)
        from console.service import desk_of, run
        from console.trust import Trust

        keepers = keepers_of(settings.incidents.trusted_keys)
        trust = Trust(detectors, people_of(settings.paging), judges, insurers, keepers)
        asyncio.run(run(desk_of(settings, broker, service, trust), service))
