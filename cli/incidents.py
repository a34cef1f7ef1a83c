"""`firebreak incidents`: keep the cases."""

from typing import Annotated

import typer

from schemas.services import SERVICES
from schemas.topics import DEAD_LETTERS, INCIDENTS

GROUP = "firebreak-incidents"


def incidents(
    web_port: Annotated[int | None, typer.Option(help="Port of the page with the cases.")] = None,
    health_port: Annotated[int | None, typer.Option(help="Port for probes and metrics.")] = None,
) -> None:
    """Keep cases of alerts, actions and what people say. A second one shares the work."""
    import asyncio

    from cli.apart import signer_apart
    from cli.wiring import beats_of, connect, read_settings
    from runtime.acknowledging import people_of
    from runtime.announcement import announce
    from runtime.service import running
    from runtime.signatures import verifier_of

    settings = read_settings(incidents={"web_port": web_port}, health={"port": health_port})
    keys = settings.respond.trusted_keys
    trusted, people = verifier_of(keys), people_of(settings.paging)
    key = settings.incidents.signing_key
    signer = None if key is None else signer_apart(key, keys, "incidents")
    broker = connect(settings, *SERVICES["incidents"].reads, INCIDENTS, DEAD_LETTERS)
    with running("incidents", settings) as service:
        announce(broker, service, settings)
        from incidents import logs
        from incidents.service import check_partitions, run

        logs.adopt(settings.log.level)
        check_partitions(broker)
        broker.require_group(GROUP)
        beats = beats_of(settings, broker, service, GROUP)
        asyncio.run(
            run(
                settings,
                service,
                trusted,
                people,
                signer,
                lambda waiting: beats.tell(waiting=waiting),
            )
        )
