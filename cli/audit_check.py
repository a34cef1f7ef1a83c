"""`firebreak audit check|anchors`: what a proof proves, and what the chain has of the log."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.errors import ConfigurationError, PoisonRecordError

if TYPE_CHECKING:
    from forensics.record.checkpoint import Checkpoint
    from forensics.record.log_reader import Anchored
    from forensics.record.note import Key

LogKey = Annotated[
    str | None,
    typer.Option(help="The log's key, NAME+ID+KEY; default: that of forensics.signing_key."),
]
Anchors = Annotated[
    Path | None,
    typer.Option(help="What `audit anchors` wrote: roots as the chain has them."),
]


def check(
    proof: Annotated[Path, typer.Argument(help="A .tlog-proof.", exists=True, dir_okay=False)],
    key: LogKey = None,
    anchors: Anchors = None,
    witness: Annotated[
        list[str] | None, typer.Option(help="A witness' key, NAME+ID+KEY; may be given again.")
    ] = None,
    quorum: Annotated[
        int | None, typer.Option(min=0, help="How many of them; default: all that are given.")
    ] = None,
    trusted: Annotated[
        Path | None, typer.Option(help="A folder of *.pub.pem: the record is an alert of theirs.")
    ] = None,
) -> None:
    """Check a proof offline, with nothing but keys and, if given, the anchors; show the record.

    With --trusted the alert's own signature is checked too. Exits with 1 if it proves nothing.
    """
    import orjson

    from forensics.record.errors import UntrustedError
    from forensics.record.leaf import fields_of
    from forensics.record.proof import LONGEST, check_proof, parse_proof

    log_key, witnesses = log_key_of(key), [_parsed(text) for text in witness or ()]
    try:
        with proof.open("rb") as file:
            parsed = parse_proof(file.read(LONGEST + 1))
        wanted = len(witnesses) if quorum is None else quorum
        proven = check_proof(parsed, log_key, witnesses, wanted)
        anchor = None if anchors is None else _anchor_of(proven.checkpoint, anchors_in(anchors))
        author = "" if trusted is None else _author(proven.entry, trusted)
    except (PoisonRecordError, UntrustedError) as error:
        typer.echo(f"proves nothing: {error}", err=True)
        raise typer.Exit(1) from error
    if author:
        typer.echo(f"signed by key {author}")
    typer.echo(
        f"proved: leaf {proven.position} of {proven.checkpoint.origin}, under a checkpoint of "
        f"{proven.checkpoint.size} leaves"
    )
    for one, time in proven.witnesses.items():
        typer.echo(f"seen by {one.name} at {time} s since 1970")
    if anchor is not None:
        typer.echo(f"on {anchor.chain} in block {anchor.block}, {anchor.contract}, {anchor.tx}")
    shown = orjson.dumps(fields_of(proven.entry), option=orjson.OPT_INDENT_2)
    typer.echo(shown.decode())


def anchors(
    out: Annotated[Path, typer.Argument(help="The file to write, for --anchors.")],
    first: Annotated[int, typer.Option("--from", min=0, help="First block.")] = 0,
) -> None:
    """Read every root of the log that is on chain, from forensics.anchor_contract, to a file."""
    import orjson

    from cli.wiring import read_settings
    from forensics.record.anchor_contract import AnchorContract
    from runtime.evm import Endpoints

    settings = read_settings()
    own = settings.forensics
    addresses = own.anchor_endpoints or settings.evm.endpoints
    if own.anchor_contract is None or not addresses:
        raise ConfigurationError("set forensics.anchor_contract and forensics.anchor_endpoints")
    endpoints = Endpoints(addresses, settings.evm.request_seconds)
    try:
        contract = AnchorContract(endpoints, own.anchor_contract)
        found = contract.anchored(first, contract.block()[0])
    finally:
        endpoints.close()
    rows = [anchor.shown() for anchor in found]
    out.write_bytes(orjson.dumps(rows, option=orjson.OPT_INDENT_2) + b"\n")
    typer.echo(f"{len(found)} roots")


def anchors_in(path: Path | None) -> "list[Anchored]":
    """Return what `audit anchors` wrote to a file; nothing without one."""
    import orjson

    from forensics.record.log_reader import Anchored

    if path is None:
        return []
    try:
        rows = orjson.loads(path.read_bytes())
        return [Anchored(**row | {"root": bytes.fromhex(row["root"])}) for row in rows]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(f"{path} is not what `audit anchors` writes: {error}") from error


def _anchor_of(checkpoint: "Checkpoint", anchors: "list[Anchored]") -> "Anchored":
    """Return where a checkpoint's root is on chain. Raises `UntrustedError` when it is not."""
    from forensics.record.errors import UntrustedError

    for anchor in anchors:
        if (anchor.size, anchor.root) == (checkpoint.size, checkpoint.root):
            return anchor
    raise UntrustedError(f"the root of {checkpoint.size} leaves is not among the anchors")


def _author(entry: bytes, trusted: Path) -> str:
    """Return whose signature a record carries. Raises `PoisonRecordError` for none that fits."""
    from forensics.record.leaf import message_in
    from runtime.signatures import key_name, load_verifier

    message = message_in(entry)
    load_verifier(trusted).check(message, head=None)
    return key_name(message)


def log_key_of(text: str | None) -> "Key":
    """Return the log's key: as given, or as the settings have it."""
    from cli.audit_keep import signer_of
    from cli.wiring import read_settings

    return signer_of(read_settings()).key if text is None else _parsed(text)


def _parsed(text: str) -> "Key":
    from forensics.record.errors import UntrustedError
    from forensics.record.note import parse_key

    try:
        return parse_key(text)
    except UntrustedError as error:
        raise ConfigurationError(str(error)) from error
