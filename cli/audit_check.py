"""`firebreak audit verify|check|anchors`: is the record what it was."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.errors import ConfigurationError, PoisonRecordError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forensics.record.checkpoint import Checkpoint
    from forensics.record.log_reader import Anchored
    from forensics.record.note import Key
    from forensics.record.told_seals import ToldSeals
    from forensics.record.verification import Verified
    from forensics.record.verified_tree import Outside

LogKey = Annotated[
    str | None,
    typer.Option(help="The log's key, NAME+ID+KEY; default: that of forensics.signing_key."),
]
Anchors = Annotated[
    Path | None,
    typer.Option(help="What `audit anchors` wrote: roots as the chain has them."),
]


_LONGEST = 1_000

_IN_ITSELF = (
    "sound in itself, and held against nothing from elsewhere: whether its end was cut off, or all "
    "of it rewritten, --seals, --archive, --anchors or --checkpoint would tell"
)


def verify(
    key: LogKey = None,
    anchors: Anchors = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint that somebody kept; may be given again.")
    ] = None,
    seals: Annotated[  # noqa: FBT002 - a command-line flag
        bool, typer.Option("--seals", help="Hold it against audit-seals-v1 on the broker.")
    ] = False,
    archive: Annotated[
        Path | None, typer.Option(help="An archive's folder, for its audit-seals-v1 instead.")
    ] = None,
) -> None:
    """Check the whole log: every leaf, tile, checkpoint, the index, and what lies elsewhere.

    Without --seals, --archive, --anchors or --checkpoint nothing outside is asked: a log whose end
    was cut off, or that was rewritten whole and signed with its own key, looks sound then. Exits
    with 1 if anything is not as it was.
    """
    import time

    from rich.console import Console

    from cli.audit import opened
    from forensics.record.index import check_index
    from forensics.record.verification import verify as check_log
    from runtime.pictures.words import plain

    log_key = log_key_of(key)
    outside = [_outside_of(anchor) for anchor in _read(anchors)]
    outside += [_kept(path, log_key) for path in checkpoint or ()]
    told = _told(log_key, archive) if seals or archive else None
    with opened() as log:
        start = time.monotonic()
        found = check_log(log, log_key, outside, told)
        taken = time.monotonic() - start
        index = check_index(log)
        indexing = time.monotonic() - start - taken
    say = Console(soft_wrap=True, highlight=False, markup=False).print
    say(
        f"{found.leaves:,} leaves under {found.seals:,} checkpoints, {found.outside} roots from "
        f"elsewhere, in {taken:.1f} s ({found.leaves / max(taken, 1e-9):,.0f} leaves/s)"
    )
    say(f"{index.names:,} entries of the index, computed again in {indexing:.1f} s")
    for note in _notes(found, told):
        say(plain(note, _LONGEST))
    wrong = (*found.findings, *index.findings, *found.disorder)
    for finding in wrong:
        say("not as it was:", style="bold red", end=" ")
        say(plain(finding, _LONGEST))
    if wrong:
        raise typer.Exit(1)
    say("sound" if outside or found.told else _IN_ITSELF)


def _notes(found: "Verified", told: "ToldSeals | None") -> "Iterator[str]":
    """Say what there is to know of a log beside what is wrong with it."""
    if told is not None:
        yield f"{found.told:,} seals of audit-seals-v1, of up to {told.largest:,} leaves"
        if told.largest < found.leaves:
            yield "that topic has less than the log: it was made anew, or is not the log's"
        if told.strange:
            yield f"{told.strange:,} records there are under the log's name and not by its key"
    if found.unsealed:
        yield f"{found.unsealed:,} leaves are not sealed yet"
    if found.gone:
        yield f"of {found.gone:,} leaves only the hash is left: their records were gone"
    yield from (f"never recorded: {gap}" for gap in found.gaps)
    yield from (f"released without an order: {note}" for note in found.unordered)


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
        anchor = None if anchors is None else _anchor_of(proven.checkpoint, _read(anchors))
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


def _told(key: "Key", archive: Path | None) -> "ToldSeals":
    """Return the seals of a log as their topic has them, on the broker or in an archive."""
    from cli.wiring import connect, read_settings
    from forensics.archive.history import Archive
    from forensics.record.told_seals import ToldSeals
    from schemas.topics import SEALS

    return ToldSeals(Archive(archive) if archive else connect(read_settings(), SEALS), key)


def _read(path: Path | None) -> "list[Anchored]":
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
    from runtime.signatures import load_verifier
    from schemas import headers

    message = message_in(entry)
    load_verifier(trusted).check(message, head=None)
    return (headers.find(message.headers, headers.KEY_ID) or b"").decode()


def _outside_of(anchor: "Anchored") -> "Outside":
    from forensics.record.verified_tree import Outside

    return Outside(anchor.size, anchor.root, f"{anchor.chain} block {anchor.block}")


def _kept(path: Path, key: "Key") -> "Outside":
    from forensics.record.checkpoint import opened
    from forensics.record.errors import UntrustedError
    from forensics.record.verified_tree import Outside

    try:
        found, _ = opened(path.read_bytes(), key)
    except (OSError, UntrustedError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    return Outside(found.size, found.root, str(path))


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
