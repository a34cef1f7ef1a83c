"""`firebreak score`: what the detectors think of recorded transactions, without any labels."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from detectors.scoring import Row, Subject
    from detectors.sets import HostMaker
    from ingest.files import Item, Tally
    from schemas.manifest import Manifest

MAINNET = "eip155:1"

NAMED = 5
"""Unreadable pieces of one file that are named one by one."""


def score(
    path: Annotated[Path, typer.Argument(help="A recorded file, or a folder of them.")],
    out: Annotated[Path, typer.Option(help="The CSV to write.")] = Path("scores.csv"),
    set_name: Annotated[str, typer.Option("--set", help="Which detector set.")] = "core",
    without: Annotated[
        list[str] | None, typer.Option(help="A feature to take away from every detector.")
    ] = None,
) -> None:
    """Score recorded transactions blind, in order, each before it is learned from.

    Decoding, features, detectors and host are the live pipeline's own. Each case (protocol, block
    or file) starts from the shipped priors alone. Code that a transaction deploys speaks for it;
    recorded bytecode is judged contract by contract, prices bar by bar. What cannot be read is
    named with its reason, and the rest goes on.
    """
    from detectors.scoring import COLUMNS
    from ingest.files import Tally, extent, read

    console, scorer = Console(stderr=True), scorer_of(path, set_name, frozenset(without or ()))
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with (
        _opened(out) as file,
        Progress(
            *columns,
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        ) as progress,
    ):
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        bar = progress.add_task("scoring", total=extent(path)[1])
        tally = Tally(lambda count: progress.advance(bar, count))
        for case, items in groupby(read(path, tally=tally), key=lambda item: item.case):
            progress.update(bar, description=case[-40:])
            writer.writerows(row.cells() for row in scorer.rows(case, items))
    for problem in (*scorer.told(), *_left_out(tally)):
        console.print(problem, highlight=False, markup=False, soft_wrap=True)
    done = ", ".join(f"{number:,} {what}" for what, number in scorer.counts.items())
    console.print(
        f"{out}: {done or 'nothing to score'}", highlight=False, markup=False, soft_wrap=True
    )


def _opened(out: Path) -> "TextIO":
    from schemas.errors import ConfigurationError

    try:
        return out.open("w", newline="")
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written: {error.strerror}") from None


def _left_out(tally: "Tally") -> Iterator[str]:
    """Name each file that has something of no known shape; count what is left out on purpose."""
    from ingest.files import NO_SHAPE

    for name, file in sorted(tally.files.items()):
        if file.skipped[NO_SHAPE]:
            yield f"{name}: {NO_SHAPE}"
    for reason, number in sorted(tally.skipped.items()):
        if reason != NO_SHAPE:
            yield f"left out {number:,}: {reason}"


def scorer_of(path: Path, set_name: str, without: frozenset[str] = frozenset()) -> "Scorer":
    """Return what scores the cases below a path.

    All are final after as many blocks as on one chain: which chain a recording is from shows in
    the names of folders alone, and names must not matter.
    """
    from cli.wiring import read_settings
    from detectors.sets import HostMaker, load_set
    from ingest.files import contracts

    settings = read_settings()
    detectors = load_set(settings.detect.names(set_name), settings.detect.allowed)
    known = {case: manifest_of(case, addresses) for case, addresses in contracts(path).items()}
    finality = settings.finality_of(MAINNET)
    return Scorer(HostMaker(set_name, detectors, known, lambda _chain: finality, without))


def manifest_of(case: str, addresses: Iterable[str]) -> "Manifest":
    """Describe the protocol of a history by the contracts that it is about."""
    from schemas.manifest import Contract, Manifest

    parts = tuple(Contract(address=address, role="other") for address in sorted(addresses))
    return Manifest(protocol=case, chain=MAINNET, contracts=parts)


def blind_rows(path: Path, set_name: str, problems: list[str]) -> "Iterator[Row]":
    """Yield the rows of everything below a path; name what cannot be read in `problems`."""
    from ingest.files import read

    scorer = scorer_of(path, set_name)
    for case, items in groupby(read(path), key=lambda item: item.case):
        yield from scorer.rows(case, items)
    problems += scorer.told()


class Scorer:
    """Scores one case after another; they share nothing."""

    def __init__(self, maker: "HostMaker") -> None:
        from ingest.decode import Decoder

        self._maker = maker
        self._decoder = Decoder()
        self.counts: Counter[str] = Counter()
        self._problems: list[str] = []
        self._unread: Counter[str] = Counter()
        self._scored: set[str] = set()

    def rows(self, case: str, items: Iterable["Item"]) -> Iterator["Row"]:
        """Yield a row for everything in the case, in order. A case is scored once: what another
        place tells under the same name is left out and named."""
        from detectors.scoring import score_case

        subjects = self._subjects(case, items)
        if case in self._scored:
            if again := sum(1 for _ in subjects):
                self._problems.append(f"{case}: {again:,} told in a second place, left out")
            return
        for row in score_case(case, subjects, self._maker, self._problems):
            self._scored.add(case)
            self.counts["rows"] += 1
            self.counts["alerted"] += row.alerted
            yield row

    def told(self) -> list[str]:
        """Return what went wrong: of each file the first few pieces that cannot be read, and how
        many more there are."""
        more = {file: count - NAMED for file, count in self._unread.items() if count > NAMED}
        return [
            *self._problems,
            *(f"{file}: {count:,} more that cannot be read" for file, count in more.items()),
        ]

    def _subjects(self, case: str, items: Iterable["Item"]) -> "Iterator[Subject]":
        """Yield what is judged, in order."""
        from detectors.bytecode.recorded import Contract
        from ingest.files import Code, Unreadable
        from ingest.normalise import deployments, transactions
        from ingest.raw import RawBlock
        from ingest.watch import Watch

        watch = Watch.everything(case)
        for item in items:
            body = item.body
            if isinstance(body, RawBlock):
                for raw in body.transactions:
                    yield from deployments(body, raw)
                    yield from transactions(body, raw, watch, self._decoder)
            elif isinstance(body, Unreadable):
                self.counts["unreadable"] += 1
                self._unread[item.file] += 1
                if self._unread[item.file] <= NAMED:
                    where = f"{item.file}: {body.where}".rstrip(": ")
                    self._problems.append(f"{where}: {body.reason}")
            elif isinstance(body, Code):
                yield Contract(body.tx or body.address, body.init_code, body.runtime_code)
            else:
                yield body
