"""`firebreak audit witness`: vouch for others' logs."""

from pathlib import Path
from typing import Annotated

import typer

from schemas.errors import ConfigurationError


def witness(  # noqa: PLR0913, PLR0917 - options of a command
    log: Annotated[list[str], typer.Option(help="A log's key, NAME+ID+KEY; may be given again.")],
    key: Annotated[Path, typer.Option(help="The witness' Ed25519 key (firebreak keys witness).")],
    name: Annotated[str, typer.Option(help="The witness' name: an address without its scheme.")],
    memory: Annotated[
        Path | None, typer.Option(help="What was cosigned last; default: in the home folder.")
    ] = None,
    new: Annotated[  # noqa: FBT002 - a command-line flag
        bool, typer.Option("--new", help="The first start: begin a memory, and never again.")
    ] = False,
    host: Annotated[str, typer.Option(help="Where to answer.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Where to answer.")] = 6068,
) -> None:
    """Cosign checkpoints of these logs (C2SP tlog-witness), and refuse forks and rollbacks.

    Run it on another machine, by other people than the log: that is what its word is worth. A
    witness that lost its memory must not go on under the same key: without --new it does not start.
    """
    from cli.wiring import read_settings
    from forensics.record.errors import UntrustedError
    from forensics.record.note import COSIGNATURE, NoteSigner, parse_key
    from forensics.record.witness import Witness, WitnessMemory
    from forensics.record.witness_web import app
    from runtime.service import running
    from runtime.signatures import load_private
    from runtime.web import Place, serving

    settings = read_settings()
    try:
        signer = NoteSigner(name, load_private(key), COSIGNATURE)
        logs = [parse_key(text) for text in log]
    except UntrustedError as error:
        raise ConfigurationError(str(error)) from error
    kept = memory or settings.home / "witness" / f"{signer.key.id.hex()}.json"
    remembered = WitnessMemory(kept, new=new)
    with running("witness", settings) as service:
        made = Witness(signer, logs, remembered, lambda: service.clock.now_ns() // 1_000_000_000)
        with serving(app(made), Place(host, port, "--port")) as taken:
            typer.echo(f"{signer.key} at {host}:{taken}")
            while not service.stop.wait(1.0):
                service.health.beat()
