"""Recorded cases with their labels, dealt out to folds so that nothing has to be scored by what saw
it."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.fit_likeness import FOLDS
from bench.held_code import held_code
from bench.labelled_code import created, examples
from cli.score import manifest_of
from detectors.bytecode.model import CodeModel
from detectors.court import Labels
from detectors.scoring import Subject
from ingest.decode import Decoder
from ingest.files import contracts, read
from ingest.normalise import deployments, transactions
from ingest.raw import RawBlock
from ingest.watch import Watch
from schemas.chain import Deployment, Transaction

Cases = dict[str, list[Transaction]]


class Recordings:
    """All cases with their labels and folds."""

    def __init__(
        self,
        histories: Path,
        exploits: Path,
        benign: list[Path],
        contracts_file: Path | None = None,
        seed: int = 0,
    ) -> None:
        self._born: dict[str, list[Deployment]] = defaultdict(list)
        self.histories = self._cases(histories)
        self.exploits = self._cases(exploits)
        self.benign = {name: txs for folder in benign for name, txs in self._cases(folder).items()}
        self._labelled = examples(contracts_file) if contracts_file else []
        self.manifests = {
            case: manifest_of(case, addresses) for case, addresses in contracts(histories).items()
        }
        with (histories / "INDEX.csv").open() as file:
            told = {row["protocol"]: row["exploit_tx"] for row in csv.DictReader(file)}
        with (exploits / "INDEX.csv").open() as file:
            names = {row["tx"]: row["name"] for row in csv.DictReader(file)}
        self.labels = Labels(
            exploits={case: told[case] for case in self.histories if case in told},
            attacks=frozenset(self.exploits),
            ordinary=frozenset(self.benign),
        )
        self._incidents = {case: names.get(case.rpartition(".")[2], case) for case in self.exploits}
        self.fold: dict[str, int] = {}
        for kind in (self.histories, self.exploits, self.benign):
            order = sorted({self._incidents.get(case, case) for case in kind})
            np.random.default_rng(seed).shuffle(order)
            place = {group: index % FOLDS for index, group in enumerate(order)}
            self.fold |= {case: place[self._incidents.get(case, case)] for case in kind}

    def rest(self, cases: Cases, fold: int) -> Cases:
        """Return the cases outside a fold, without exploits."""
        bad = set(self.labels.exploits.values())
        return {
            case: [tx for tx in txs if tx.tx not in bad]
            for case, txs in cases.items()
            if self.fold[case] != fold
        }

    def subjects(self, txs: list[Transaction]) -> Iterator[Subject]:
        """Yield what is scored: transactions, before each what it deploys if that is judged."""
        for tx in txs:
            if self._labelled:
                yield from self._born.get(tx.tx, ())
            yield tx

    def code(self, fold: int) -> CodeModel | None:
        """Return the model of code fitted outside a fold, None where no code is judged."""
        if not self._labelled:
            return None
        cases = {**self.histories, **self.exploits, **self.benign}
        made = {
            (each.creation, each.code): created(each, self._incidents.get(case, ""))
            for case, txs in cases.items()
            if self.fold[case] == fold
            for tx in txs
            for each in self._born.get(tx.tx, ())
        }
        return held_code(self._labelled, list(made.values()))

    def _cases(self, folder: Path) -> Cases:
        found: Cases = defaultdict(list)
        decoder = Decoder()
        for item in read(folder):
            if isinstance(item.body, RawBlock):
                watch = Watch.everything(item.case)
                for raw in item.body.transactions:
                    if born := deployments(item.body, raw):
                        self._born[raw.hash] = born
                    found[item.case] += transactions(item.body, raw, watch, decoder)
        return found
