"""The shape of a transaction: loans, re-entry, newborn code, repetition, one-sided profit."""

from collections.abc import Iterator
from typing import ClassVar

from detectors import tree
from detectors.api import Features, Spec
from detectors.featured import Family, FeatureDetector, known, shipped
from detectors.flows import (
    free_gains,
    initiators,
    loans,
    most_repeated,
    net_flows,
    only_losing,
)
from schemas.alerts import Evidence
from schemas.chain import Transaction

NAME = "call-shape"


class CallShape(FeatureDetector):
    """The transaction is built like an attack, whatever it moves."""

    spec: ClassVar[Spec] = Spec(
        name=NAME,
        version="1.0.0",
        summary="Loans within a transaction, re-entry, newborn callers, repetition, free profit.",
        technique="ADT3015",
        made_from=("calls", "movements"),
        warm_up=50,
        false_positives=("arbitrage and liquidation bots that are new to the protocol",),
        blind_spots=(
            "an attack by a single plain call",
            "re-entry where the source gives no call tree",
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
            "logs": "it emitted {observed} events, ordinary are {expected}",
        }.items()
    }

    def features(self, tx: Transaction) -> Features:
        """Return counts; those that need a call tree or flows only where the source saw them."""
        calls = tx.calls if "calls" in tx.seen else None
        flows = tx.flows if "flows" in tx.seen else None
        found: dict[str, float | None] = {}
        if calls is not None:
            found |= {
                "reentry": max((entry.times for entry in tree.reentries(calls)), default=0),
                "newborn": len(tree.active_newborns(calls)),
                "depth": tree.depth(calls),
                "repeated_calls": tree.most_repeated(calls)[1],
                "frames": len(calls),
            }
        if flows is not None:
            net = net_flows(flows)
            own = initiators(tx, self._protocol())
            found |= {
                "loans": len(loans(flows)),
                "repeated_flows": most_repeated(flows)[1],
                "only_losing": len(only_losing(net, own)),
                "free_gains": len(free_gains(net, own)),
            }
        if "logs" in tx.seen:
            found["logs"] = len(tx.logs)
        return known(found)

    def _protocol(self) -> frozenset[str]:
        return self.scope.manifest.addresses if self.scope.manifest else frozenset()

    def evidence(self, name: str, tx: Transaction) -> Iterator[Evidence]:
        """Yield the frame or the parties behind a feature."""
        if name == "reentry":
            for entry in tree.reentries(tx.calls)[:4]:
                what = f"{self.scope.name(entry.contract)} is entered again"
                yield Evidence(what=what, call=entry.call)
        elif name == "repeated_calls":
            (_, contract, selector), times = tree.most_repeated(tx.calls)
            yield Evidence(what=f"{selector} of {self.scope.name(contract)}, {times} times")
        elif name == "loans":
            for loan in loans(tx.flows)[:4]:
                lender, token = self.scope.name(loan.lender), self.scope.symbol(loan.token)
                yield Evidence(what=f"{lender} lent {token} within the transaction")
        elif name == "only_losing":
            own = initiators(tx, self._protocol())
            for address in only_losing(net_flows(tx.flows), own)[:4]:
                yield Evidence(what=f"{self.scope.name(address)} lost and got nothing")
