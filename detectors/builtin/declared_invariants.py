"""What the manifest says must always hold, checked on every transaction.

This is no statistics: a statement holds, is broken, or cannot be known. A broken one gives the
p-value that its declared severity stands for, whatever the protocol's history (`tail: rule`).
Balances, supplies and storage slots are tracked from final transactions, so within the blocks that
are not yet final each transaction is judged by itself on top of what is final.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar

from detectors import invariants
from detectors.api import Detector, Explanation, Features, Scope, Spec, State
from detectors.featured import require_finite
from detectors.quantities import Names, Quantities, balance_key, slot_key
from schemas.alerts import Evidence, Reason
from schemas.chain import Transaction
from schemas.manifest import Invariant
from schemas.statements import Quantity, quantities

NAME = "declared-invariants"

P_VALUES = {"critical": 1e-12, "high": 1e-3, "medium": 5e-2, "low": 0.5}
"""By severity: the p-value of a critical one; of the others, what part of the false-alarm budget,
so that the alert's own severity comes out the same."""

_BROKEN, _MOVED, _STORED = "broken:", "moved:", "stored:"
_LARGEST = 1e300


class DeclaredInvariants(Detector):
    """A transaction breaks a rule that the protocol's own team wrote down."""

    spec: ClassVar[Spec] = Spec(
        name=NAME,
        version="1.0.0",
        summary="Invariants that the manifest declares, evaluated exactly on every transaction.",
        technique="ADT3012",
        made_from=("amounts", "events", "storage"),
        warm_up=0,
        false_positives=("a rule that does not hold in honest life", "a [[known]] amount is wrong"),
        blind_spots=(
            "a protocol whose manifest declares nothing",
            "what the source does not show, or cut because a record was too large",
            "a rule that divides by nought",
            "a rule over tracked amounts that only several unfinal transactions break together",
        ),
        rule=True,
    )

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        manifest = scope.manifest
        self._names = Names(manifest) if manifest and manifest.invariants else None
        declared = manifest.invariants if manifest else ()
        self._rules = {item.name: (item, item.statement) for item in declared}
        self._known = {balance_key(item): item for item in (manifest.known if manifest else ())}
        self._slots = {slot: slot_key(*slot) for slot in self._tracked_slots()}
        self._ledger: dict[str, int] = {}

    def _tracked_slots(self) -> Iterator[tuple[str, str]]:
        for _, statement in self._rules.values():
            for quantity in quantities(statement):
                if quantity.name == "stored" and self._names is not None:
                    contract, slot = self._names.arguments(quantity)
                    yield contract, slot

    def features(self, tx: Transaction) -> Features:
        """Return a 1 for every broken rule, and what moved of what is tracked, exactly, in names:
        a feature's value is a float, which is no place for money."""
        if self._names is None:
            return {}
        lookup = Quantities(self._names, tx, self._ledger)
        found = {
            f"{_BROKEN}{name}": 1.0
            for name, (rule, statement) in self._rules.items()
            if invariants.holds(statement, lookup, Fraction(rule.tolerance)) is False
        }
        if "flows" in tx.seen and not tx.cut and self._known:
            for key, known in self._known.items():
                amount = lookup.moved.of(known.token, known.holder)
                if amount and tx.block > known.block:
                    found[f"{_MOVED}{key}:{amount}"] = 1.0
        for slot, key in self._slots.items():
            written = lookup.written(*slot)
            if written is not None:
                found[f"{_STORED}{key}:{written}"] = 1.0
        return found

    def score_one(self, x: Features) -> float:
        """Return -ln of the p-value of the worst broken rule, 0 when none is."""
        require_finite(x)
        return max((-math.log(self._p_value(rule)) for rule in self._broken(x)), default=0.0)

    def _p_value(self, rule: Invariant) -> float:
        manifest = self.scope.manifest
        budget = manifest.budget.transactions_per_false_alert if manifest else 400
        part = P_VALUES[rule.severity]
        return min(part, 1e-5 / budget) if rule.severity == "critical" else part / budget

    def _broken(self, x: Features) -> Iterator[Invariant]:
        names = (name.removeprefix(_BROKEN) for name in x if name.startswith(_BROKEN))
        yield from (self._rules[name][0] for name in names if name in self._rules)

    def lesson(self, x: Features) -> Features:
        """Return everything: there is no more than the manifest names, and all of it counts."""
        return x

    def learn_one(self, x: Features, weight: float) -> None:
        """Take down what moved. It moved, whatever it counts for: the weight is not asked."""
        del weight
        require_finite(x)
        for name in x:
            kind, _, rest = name.partition(":")
            key, _, amount = rest.partition(":")
            if f"{kind}:" == _MOVED and key in self._known:
                self._ledger[key] = self._ledger.get(key, 0) + int(amount)
            elif f"{kind}:" == _STORED and key in self._slots.values():
                self._ledger[key] = int(amount)

    def explain_one(self, x: Features, tx: Transaction) -> Explanation:
        """Say which rules are broken, with the value of everything that they speak of."""
        if self._names is None:
            return Explanation()
        lookup = Quantities(self._names, tx, self._ledger)
        broken = list(self._broken(x))
        reasons = tuple(self._reason(rule, lookup) for rule in broken)
        evidence = [item for rule in broken for item in self._evidence(rule, tx)]
        worst = min(broken, key=self._p_value, default=None)
        return Explanation(reasons, tuple(evidence[:64]), worst.technique if worst else "")

    def _reason(self, rule: Invariant, lookup: Quantities) -> Reason:
        statement = self._rules[rule.name][1]
        values = ", ".join(f"{q} = {self._told(q, lookup(q))}" for q in quantities(statement))
        sides = [
            (invariants.number(part.left, lookup), invariants.number(part.right, lookup))
            for part in invariants.comparisons(statement)
        ]
        left, right = next(((a, b) for a, b in sides if a is not None and b is not None), (0, 0))
        return Reason(
            feature=f"{_BROKEN}{rule.name}"[:128],
            observed=_bounded(left),
            expected=_bounded(right),
            distance=0.0,
            unit="",
            text=f"the rule {rule.name} is broken: {rule.expression}, where {values}"[:500],
        )

    def _told(self, quantity: Quantity, value: Fraction | None) -> str:
        """Write a value for a person; amounts of a token in its units, to the last digit."""
        if value is None:
            return "unknown"
        manifest = self.scope.manifest
        tokens = ("inflow", "outflow", "net", "minted", "burned", "supply", "balance")
        if manifest is not None and quantity.name in tokens:
            address = manifest.token_named(quantity.arguments[0]) or ""
            decimals = manifest.decimals(address)
            if decimals:
                whole, rest = divmod(abs(value.numerator), 10**decimals)
                part = f".{rest:0{decimals}d}".rstrip("0").rstrip(".")
                sign = "-" if value < 0 else ""
                return f"{sign}{whole:,}{part} {manifest.symbol(address)}"
        return f"{value.numerator:,}"

    def _evidence(self, rule: Invariant, tx: Transaction) -> Iterator[Evidence]:
        """Yield the events that a rule speaks of: transfers of its tokens, and those by name."""
        manifest = self.scope.manifest
        if manifest is None:
            return
        for quantity in quantities(self._rules[rule.name][1]):
            subject = quantity.arguments[0].partition(".")[0]
            token = manifest.token_named(subject)
            found = (
                log
                for log in tx.logs
                if log.name == subject or (log.name == "Transfer" and log.contract == token)
            )
            for _, log in zip(range(8), found, strict=False):
                yield Evidence(what=f"{log.name} that {quantity} counts"[:500], log=log.log)

    def dump(self) -> State:
        """Return what is tracked, as decimal text."""
        return {"ledger": {key: str(value) for key, value in sorted(self._ledger.items())}}

    def load(self, state: State) -> None:
        """Become what `dump` described; what the manifest no longer tracks is left out."""
        tracked = {*self._known, *self._slots.values()}
        kept = {key: int(text) for key, text in state["ledger"].items() if key in tracked}
        self._ledger = kept


def _bounded(value: Fraction | int) -> float:
    return float(max(-_LARGEST, min(_LARGEST, value)))
