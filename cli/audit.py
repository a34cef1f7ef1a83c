"""`firebreak audit`: the record of what was seen, decided, done and changed, and its proofs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import audit_check, audit_keep, audit_verify, audit_witness
from cli.audit_check import LogKey, log_key_of
from cli.rederive import ArchiveFolder
from schemas.errors import ConfigurationError, PoisonRecordError

if TYPE_CHECKING:
    from forensics.record.log_reader import LogReader
    from schemas.actions import Action

app = typer.Typer(
    help="Keep the record of what was done, and prove it to anyone.", no_args_is_help=True
)
app.command()(audit_keep.keep)
app.command()(audit_verify.verify)
app.command()(audit_check.check)
app.command()(audit_check.anchors)
app.command()(audit_witness.witness)


@app.command()
def prove(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Any id that the record holds.")],
    leaf: Annotated[
        int | None, typer.Option(help="Which of its leaves; default: the first.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="A file, .tlog-proof by custom; default: the terminal.")
    ] = None,
) -> None:
    """Write the proof that a record is in the log, to be checked offline with `audit check`."""
    from forensics.record.proving import prove as proof_of

    with opened() as log:
        places = _named(log, id_)
        if leaf is not None and leaf not in places:
            raise ConfigurationError(f"its leaves are {', '.join(map(str, places))}")
        proof = str(proof_of(log, places[0] if leaf is None else leaf))
    if out is None:
        typer.echo(proof, nl=False)
    else:
        out.write_text(proof)


@app.command()
def find(id_: Annotated[str, typer.Argument(metavar="ID", help="Any id.")]) -> None:
    """Show, as JSON, every leaf whose record holds this id, and who vouches for it."""
    import orjson

    from forensics.record.proving import standing

    with opened() as log:
        found = [standing(log, place).shown() for place in _named(log, id_)]
    typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


@app.command()
def rederive(
    action: Annotated[str, typer.Argument(help="An action's id.")],
    archive: ArchiveFolder = None,
    key: LogKey = None,
) -> None:
    """Decide an action's decisions again from the inputs that the log recorded, and compare.

    The decision and every alert that it cites have to be leaves under a checkpoint that the log
    signed, with the bytes that were decided on, and the numbers that an alert tells (who alerted,
    made from what, how surely) have to be what those alerts say. What neighbours had warned of is
    held against the log's signals, where it has all that were read, else signals-v1 on the broker
    or in an archive.
    Exits with 1 if a decision, a number that was computed for it, what it cites or what it says
    that it had heard is not what comes out.
    """
    from cli.rederive import decided_again, hearing_again
    from forensics.record.citing import grounds
    from responders.grounds import differences

    log_key = log_key_of(key)
    with opened() as log:

        def found(step: "Action") -> "Iterator[str]":
            alerts, wrong = grounds(log, log_key, step)
            yield from (*wrong, *differences(step, alerts))

        if not decided_again(_steps(log, action), hearing_again(archive, log), found):
            raise typer.Exit(1)


def _steps(log: "LogReader", action: str) -> "list[Action]":
    from forensics.record.leaf import record_in
    from schemas.actions import Action

    found = {}
    for place in _named(log, action):
        entry = log.leaf(place).entry
        record = None if entry is None else record_in(entry, log.apart)
        if isinstance(record, Action) and record.action == action:
            found[record.id] = record
    if not found:
        raise ConfigurationError(f"{action} names no action whose steps are in the log")
    return list(found.values())


def _named(log: "LogReader", name: str) -> list[int]:
    """Return the leaves that hold an id. Raises `ConfigurationError` when there is none."""
    try:
        places = log.named(bytes.fromhex(name))
    except ValueError as error:
        raise ConfigurationError(f"{name!r} is no id: 64 hexadecimal digits") from error
    if not places:
        raise ConfigurationError(f"no record in the log holds the id {name}")
    for place in places:
        entry = log.leaf(place).entry
        if entry is not None and name.encode() not in entry and b'"sha256"' not in entry:
            raise PoisonRecordError(
                f"the log's index leads from {name} to leaf {place}, which does not hold it"
            )
    return places


@contextmanager
def opened() -> "Iterator[LogReader]":
    """Open the log that the settings name, for reading."""
    from cli.audit_keep import engine_of
    from cli.wiring import read_settings
    from forensics.record.log_reader import LogReader

    engine = engine_of(read_settings())
    try:
        yield LogReader(engine)
    finally:
        engine.dispose()
