"""Which functions of a protocol are called, in which order, by what kind of caller."""

from typing import ClassVar

from detectors.api import Features, Scope, Spec
from detectors.featured import Family, count
from detectors.named import NamedFeatureDetector
from schemas.chain import Call, Transaction

NAME = "call-novelty"
MAX_STEPS = 64
"""Calls looked at in one transaction; what comes later repeats or is told by its number."""


MAX_CODE = 32
"""Pairs of a contract and the code that it borrowed, per transaction."""


class CallNovelty(NamedFeatureDetector):
    """The protocol is used in a way in which nobody used it before."""

    spec: ClassVar[Spec] = Spec(
        name=NAME,
        version="1.1.0",
        summary="Functions, their order and their kind of caller, against the protocol's habits.",
        technique="ADT3015",
        made_from=("calls",),
        warm_up=50,
        false_positives=(
            "the first use of a rare function",
            "a new router, aggregator or version of the protocol",
        ),
        blind_spots=(
            "an attack by known functions in their usual order",
            "fallback functions that take any selector",
        ),
    )
    kinds: ClassVar[dict[str, str]] = {
        "fn": "it called {new} function(s) in a way that one in {chance} transactions does, "
        "first {what}",
        "code": "a contract of the protocol ran code that it never ran, as one in {chance} "
        "transactions do: {what}",
        "step": "its calls came in {new} order(s) that were never seen, as one in {chance} do",
    }
    families: ClassVar[dict[str, Family]] = {
        "entries": count("the protocol was entered {observed} times, ordinary are {expected}"),
    }

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._own = scope.manifest.addresses if scope.manifest else None

    def features(self, tx: Transaction) -> Features:
        """Return each function with its kind of caller, each step from one function to the next,
        and how often the protocol was entered from outside."""
        if "calls" not in tx.seen:
            return {}
        found, own = self._code(tx), self._own
        before = ""
        steps = entries = 0
        for call in tx.calls:
            to = call.to
            if call.kind == "staticcall" or (own is not None and to not in own):
                continue
            caller = self._caller(call, tx)
            if caller != "itself":
                entries += 1
            steps += 1
            if steps <= MAX_STEPS:
                function = f"{to}.{call.selector or call.kind}"
                found[f"fn:{function} by {caller}"] = 1.0
                found[f"step:{before}>{function}"] = 1.0
                before = function
        if steps:
            found["entries"] = float(entries)
        return found

    def _code(self, tx: Transaction) -> dict[str, float]:
        """Return which of the protocol's contracts ran whose code, as proxies and modules do."""
        found: dict[str, float] = {}
        own = self._own or frozenset()
        for call in tx.calls if own else ():
            if call.kind in ("delegatecall", "callcode"):
                runs, code = call.sender, call.to
            elif call.code is not None:
                runs, code = call.to, call.code
            else:
                continue
            if runs in own and len(found) < MAX_CODE:
                found[f"code:{runs}>{code}"] = 1.0
        return found

    def _caller(self, call: Call, tx: Transaction) -> str:
        """Return the kind of caller: an account, the protocol itself, a contract born in this
        transaction, or any other contract."""
        if call.depth == 0 and tx.to == call.to:
            return "an account"
        if self._own is not None and call.sender in self._own:
            return "itself"
        return "a newborn" if call.sender in tx.created else "a contract"

    def told(self, name: str) -> str:
        """Return a function as people read it."""
        contract, _, rest = name.partition(".")
        return f"{self.scope.name(contract)}.{rest}" if rest else name
