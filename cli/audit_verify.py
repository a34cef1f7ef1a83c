"""`firebreak audit verify`: is the whole log what it was."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.audit_check import Anchors, LogKey, anchors_in, log_key_of
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forensics.record.log_reader import Anchored
    from forensics.record.note import Key
    from forensics.record.told_seals import ToldSeals
    from forensics.record.verification import Verified
    from forensics.record.verified_tree import Outside

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
    outside = [_outside_of(anchor) for anchor in anchors_in(anchors)]
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


def _told(key: "Key", archive: Path | None) -> "ToldSeals":
    """Return the seals of a log as their topic has them, on the broker or in an archive."""
    from cli.wiring import connect, read_settings
    from forensics.archive.history import Archive
    from forensics.record.told_seals import ToldSeals
    from schemas.topics import SEALS

    return ToldSeals(Archive(archive) if archive else connect(read_settings(), SEALS), key)


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
