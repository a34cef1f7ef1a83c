"""`firebreak rederive`: decide again what a responder decided, from its journal alone."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.topics import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from forensics.record.log_reader import LogReader
    from forensics.record.recorded import Recorded
    from runtime.broker import Kept
    from schemas.actions import Action

    Hear = Callable[[Action], Iterable[str]]
    """Says what in an action's `heard`, or of what it cites, is not so. Raises `PipelineError`
    where that cannot be told."""


ArchiveFolder = Annotated[
    Path | None,
    typer.Option(help="Read signals from an archive's folder, not the broker.", metavar="FOLDER"),
]


def rederive(
    journal: Annotated[Path, typer.Argument(help="A responder's journal.")],
    archive: ArchiveFolder = None,
) -> None:
    """Decide every decision of a journal again from the numbers that it rests on, and compare.

    Checks the journal's hashes too; what neighbours had warned of is held against signals-v1, on
    the broker or in an archive. Exits with 1 if a decision, a number that was computed for it, or
    what it says that it had heard is not what comes out.
    """
    from responders import journal as journals
    from responders.entries import Step

    entries = journals.read(journal)
    steps = [entry.action for entry in entries if isinstance(entry, Step)]
    if not decided_again(steps, hearing_again(archive)):
        raise typer.Exit(1)


def hearing_again(archive: Path | None, log: "LogReader | None" = None) -> "Hear":
    """Return what holds an action's `heard` against signals: those of the log that has a leaf of
    each that was read, else the topic's, which is opened when one has any."""
    from functools import cache

    @cache
    def opened() -> "Kept":
        from cli.wiring import connect, read_settings
        from forensics.archive.history import Archive

        return Archive(archive) if archive else connect(read_settings(), SIGNALS)

    @cache
    def recorded() -> "Recorded | None":
        from forensics.record.recorded import Recorded

        return None if log is None or archive is not None else Recorded(log)

    def kept(read: "Sequence[int]") -> "Kept":
        from runtime.broker import Partition

        leaves = recorded()
        if leaves is None:
            return opened()
        partitions = (Partition(SIGNALS.name, number) for number in range(len(read)))
        return leaves if all(map(leaves.whole, partitions, read)) else opened()

    def hear(action: "Action") -> list[str]:
        from cli.hearing import people_of
        from cli.wiring import read_manifests, read_settings
        from runtime.rehearing import differences

        if action.heard is None:
            return []
        settings = read_settings()
        people = people_of(settings, armed=action.state != "rehearsed")
        manifest = read_manifests(settings).get(action.protocol)
        signals = kept(action.heard.read)
        return differences(action.heard, action.protocol, signals, manifest, people)

    return hear


def decided_again(steps: "Iterable[Action]", hear: "Hear", found: "Hear | None" = None) -> bool:
    """Show every decision among these steps with what its numbers lead to, whether neighbours had
    said what it says that they did, and, with `found`, whether the log has what it cites; say
    whether all are equal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from responders.rederive import decided
    from responders.rederive import rederive as again
    from schemas.errors import PoisonRecordError

    table = Table(box=None)
    for title in ("step", "scope", "decided", "again", "heard", "cited", "why"):
        table.add_column(title, overflow="fold")
    wrong = 0
    for action in filter(decided, steps):
        try:
            derived = again(action)
            told = "equal" if derived.equal else "[bold red]differs[/]"
            why = "; ".join((derived.reason, *derived.differences))
            wrong += not derived.equal
        except PoisonRecordError as error:
            told, why, wrong = "[bold red]unknown[/]", str(error), wrong + 1
        heard, unheard = _held(action, hear if action.heard is not None else None)
        cited, unfounded = _held(action, found)
        wrong += bool(unheard) + bool(unfounded)
        why = "; ".join((why, *(f"heard: {one}" for one in unheard), *unfounded))
        name = f"{action.action[:12]}/{action.step}"
        table.add_row(name, action.scope, action.state, told, heard, cited, Text(why))
    Console().print(table)
    return not wrong


def _held(action: "Action", against: "Hear | None") -> tuple[str, list[str]]:
    """Return how what an action says compares with what there is, in a word, and what is wrong."""
    from schemas.errors import PipelineError

    if against is None:
        return "-", []
    try:
        wrong = list(against(action))
    except PipelineError as error:
        return "[bold red]unknown[/]", [str(error)]
    return ("[bold red]differs[/]" if wrong else "equal"), wrong
