"""`firebreak score`: what the detectors think of recorded transactions, without any labels."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from detectors.bytecode.recorded import Contract
    from detectors.scoring import Row
    from detectors.sets import HostMaker
    from ingest.files import Item
    from schemas.chain import Price, Transaction
    from schemas.manifest import Manifest

MAINNET = "eip155:1"


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
    or file) starts from the shipped priors alone. Bytecode is judged contract by contract, prices
    bar by bar.
    """
    from cli.wiring import read_settings
    from detectors.scoring import COLUMNS
    from detectors.sets import HostMaker, load_set
    from ingest.files import Tally, contracts, extent, read

    console, settings = Console(stderr=True), read_settings()
    detectors = load_set(settings.detect.names(set_name), settings.detect.allowed)
    known = {case: manifest_of(case, addresses) for case, addresses in contracts(path).items()}
    maker = HostMaker(set_name, detectors, known, settings.finality_of, frozenset(without or ()))
    scorer = Scorer(maker)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with (
        out.open("w", newline="") as file,
        Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress,
    ):
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        bar = progress.add_task("scoring", total=extent(path)[1])
        tally = Tally(lambda count: progress.advance(bar, count))
        for case, items in groupby(read(path, tally=tally), key=lambda item: item.case):
            progress.update(bar, description=case[-40:])
            writer.writerows(row.cells() for row in scorer.rows(case, items))
    for problem in scorer.problems:
        console.print(problem, highlight=False, markup=False, soft_wrap=True)
    done = ", ".join(f"{number:,} {what}" for what, number in scorer.counts.items())
    console.print(f"{out}: {done or 'nothing to score'}", highlight=False)


def manifest_of(case: str, addresses: Iterable[str]) -> "Manifest":
    """Describe the protocol of a history by the contracts that it is about."""
    from schemas.manifest import Contract, Manifest

    parts = tuple(Contract(address=address, role="other") for address in sorted(addresses))
    return Manifest(protocol=case, chain=MAINNET, contracts=parts)


def blind_rows(path: Path, set_name: str, problems: list[str]) -> "Iterator[Row]":
    """Yield the rows of everything below a path; name what cannot be read in `problems`."""
    from cli.wiring import read_settings
    from detectors.sets import HostMaker, load_set
    from ingest.files import contracts, read

    settings = read_settings()
    detectors = load_set(settings.detect.names(set_name), settings.detect.allowed)
    known = {case: manifest_of(case, addresses) for case, addresses in contracts(path).items()}
    scorer = Scorer(HostMaker(set_name, detectors, known, settings.finality_of))
    for case, items in groupby(read(path), key=lambda item: item.case):
        yield from scorer.rows(case, items)
    problems += scorer.problems


class Scorer:
    """Scores one case after another; they share nothing."""

    def __init__(self, maker: "HostMaker") -> None:
        from ingest.decode import Decoder

        self._maker = maker
        self._decoder = Decoder()
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []

    def rows(self, case: str, items: Iterable["Item"]) -> Iterator["Row"]:
        """Yield a row for everything in the case, in order."""
        from detectors.scoring import score_case

        for row in score_case(case, self._subjects(case, items), self._maker, self.problems):
            self.counts["rows"] += 1
            self.counts["alerted"] += row.alerted
            yield row

    def _subjects(
        self, case: str, items: Iterable["Item"]
    ) -> "Iterator[Transaction | Price | Contract]":
        """Yield what is judged, in order."""
        from detectors.bytecode.recorded import Contract
        from ingest.files import Code, Unreadable
        from ingest.normalise import transactions
        from ingest.raw import RawBlock
        from ingest.watch import Watch

        watch = Watch.everything(case)
        for item in items:
            body = item.body
            if isinstance(body, RawBlock):
                for raw in body.transactions:
                    yield from transactions(body, raw, watch, self._decoder)
            elif isinstance(body, Unreadable):
                self.counts["unreadable"] += 1
                where = f"{item.file}: {body.where}".rstrip(": ")
                self.problems.append(f"{where}: {body.reason}")
            elif isinstance(body, Code):
                yield Contract(body.tx or body.address, body.init_code, body.runtime_code)
            else:
                yield body
