"""The shape of a transaction: loans, re-entry, newborn code, repetition, one-sided profit."""

from collections.abc import Iterator
from itertools import islice
from typing import ClassVar

from detectors import midcall, tree
from detectors.api import Features, Scope, Spec
from detectors.featured import Family, FeatureDetector, shipped
from detectors.flows import books, free_gains, initiators, loans, only_losing, together
from detectors.midcall import Midcall
from schemas.alerts import Evidence
from schemas.chain import Transaction

NAME = "call-shape"


class CallShape(FeatureDetector):
    """The transaction is built like an attack, whatever it moves."""

    spec: ClassVar[Spec] = Spec(
        name=NAME,
        version="1.1.0",
        summary="Loans, re-entry (of one contract, across contracts, of readers), newborn callers, "
        "repetition, free profit.",
        technique="ADT3015",
        made_from=("calls", "movements"),
        warm_up=50,
        false_positives=("arbitrage and liquidation bots that are new to the protocol",),
        blind_spots=(
            "an attack by a single plain call",
            "re-entry where the source gives no call tree",
            "a read in the middle of a call by code from before STATICCALL",
        ),
    )
    families: ClassVar[dict[str, Family]] = {
        name: shipped(NAME, name, words)
        for name, words in {
            "loans": "{observed} amounts were borrowed and given back within it",
            "reentry": "a contract was entered {observed} times more while it was at work",
            "newborn": "{observed} contracts born within it acted in it",
            "depth": "calls are nested {observed} deep, ordinary are {expected}",
            "repeated_calls": "one call was made {observed} times, ordinary are {expected}",
            "repeated_flows": "one movement of funds was made {observed} times",
            "only_losing": "{observed} parties lost and got nothing",
            "free_gains": "its sender gained {observed} tokens for nothing",
            "frames": "it made {observed} calls, ordinary are {expected}",
            "reads_open": "{observed} contracts were read by others in the middle of their work",
            "enters_beside": "{observed} contracts were entered while one that belongs to them was "
            "in the middle of its work",
            "foreign_code": "{observed} contracts ran code that its sender brought",
            "logs": "it emitted {observed} events, ordinary are {expected}",
        }.items()
    }

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._protocol = scope.manifest.addresses if scope.manifest else frozenset[str]()

    def features(self, tx: Transaction) -> Features:
        """Return counts; those that need a call tree or flows only where the source saw them."""
        found: dict[str, float] = {}
        own = initiators(tx, self._protocol)
        if "calls" in tx.seen:
            found = self._of_calls(tx, own)
        if "flows" in tx.seen:
            told = books(tx.flows)
            found["loans"] = float(len(told.loans))
            found["repeated_flows"] = float(told.repeats)
            found["only_losing"] = float(len(only_losing(told, own)))
            found["free_gains"] = float(len(free_gains(together(told.net, own))))
        if "logs" in tx.seen:
            found["logs"] = float(len(tx.logs))
        return found

    def _of_calls(self, tx: Transaction, own: frozenset[str]) -> dict[str, float]:
        calls = tx.calls
        shape, used = tree.shape(calls), midcall.brought(calls, own)
        reads_open = enters_beside = reentry = 0.0
        if shape.reentries:
            reentry = float(max([entry.times for entry in shape.reentries]))
        if used.back:
            reads, entries = self._interrupted(tx, own)
            reads_open = float(len({read.open for read in reads}))
            enters_beside = float(len({entry.met for entry in entries}))
        return {
            "reads_open": reads_open,
            "enters_beside": enters_beside,
            "foreign_code": float(len(used.foreign)),
            "reentry": reentry,
            "newborn": float(len(tree.active_newborns(calls))),
            "depth": float(shape.depth),
            "repeated_calls": float(max(shape.repeats.values())) if shape.repeats else 0.0,
            "frames": float(len(calls)),
        }

    def _interrupted(
        self, tx: Transaction, own: frozenset[str]
    ) -> tuple[list[Midcall], list[Midcall]]:
        """Return reads and entries in the middle of a call that concern the protocol; without a
        manifest, contracts that call each other or a common third. Tokens are entered and read in
        every callback and tell nothing, unless they are the protocol's own."""
        reads, entries = midcall.interrupted(tx.calls, own)
        protocol = self._protocol
        if protocol:
            return (
                [read for read in reads if read.open in protocol or read.met in protocol],
                [entry for entry in entries if entry.open in protocol and entry.met in protocol],
            )
        tokens = {flow.token for flow in tx.flows}
        kin = midcall.kin(tx.calls, own | tokens)
        return (
            [read for read in reads if read.open not in tokens],
            [e for e in entries if (e.open, e.met) in kin and not {e.open, e.met} & tokens],
        )

    def evidence(self, name: str, tx: Transaction) -> Iterator[Evidence]:
        """Yield the frame or the parties behind a feature."""
        yield from islice(self._shown(name, tx), 4)

    def _shown(self, name: str, tx: Transaction) -> Iterator[Evidence]:
        called, own = self.scope.name, initiators(tx, self._protocol)
        if name == "reentry":
            for entry in tree.shape(tx.calls).reentries:
                yield Evidence(what=f"{called(entry.contract)} is entered again", call=entry.call)
        elif name == "repeated_calls":
            (_, contract, selector), times = tree.most_repeated(tx.calls)
            yield Evidence(what=f"{selector} of {called(contract)}, {times} times")
        elif name == "loans":
            for loan in loans(tx.flows):
                lent = f"{called(loan.lender)} lent {self.scope.symbol(loan.token)}"
                yield Evidence(what=f"{lent} within the transaction")
        elif name == "only_losing":
            for address in only_losing(books(tx.flows), own):
                yield Evidence(what=f"{called(address)} lost and got nothing")
        else:
            yield from self._shown_midcall(name, tx, own)

    def _shown_midcall(self, name: str, tx: Transaction, own: frozenset[str]) -> Iterator[Evidence]:
        called = self.scope.name
        if name == "reads_open":
            for read in self._interrupted(tx, own)[0]:
                what = f"{called(read.met)} reads {called(read.open)} in the middle of its work"
                yield Evidence(what=what, call=read.call)
        elif name == "enters_beside":
            for entry in self._interrupted(tx, own)[1]:
                what = f"{called(entry.met)} is entered while {called(entry.open)} is at work"
                yield Evidence(what=what, call=entry.call)
        elif name == "foreign_code":
            for position in midcall.brought(tx.calls, own).foreign:
                yield Evidence(what="code that the sender brought runs here", call=position)
