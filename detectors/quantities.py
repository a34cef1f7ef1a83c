"""The quantities that invariants speak of: looked up in a transaction and in what was tracked.

What the source did not see is unknown, never nought; so is what was cut from a record that exceeded
its bounds. Amounts stay integers from the record to the verdict.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from fractions import Fraction

from detectors.flows import NOBODY
from schemas.chain import Transaction
from schemas.errors import PoisonRecordError
from schemas.ids import content_id
from schemas.manifest import Known, Manifest
from schemas.statements import QUANTITIES, Number, Quantity
from schemas.units import int256, uint

Ledger = Mapping[str, int]
"""Tracked values by their key: movements since the known block, storage slots as last written."""


def balance_key(known: Known) -> str:
    """Name a tracked balance or supply; another starting point is another name."""
    return content_id("known", known.token, known.holder or "", known.amount, known.block)[:24]


def slot_key(contract: str, slot: str) -> str:
    """Name a tracked storage slot."""
    return content_id("slot", contract, slot)[:24]


class Names:
    """What a manifest's names stand for, looked up once."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.holders = manifest.holders
        self.known = {(known.token, known.holder): known for known in manifest.known}
        self._arguments: dict[Quantity, tuple[str, ...]] = {}
        self._scales: dict[str, int] = {"": 1}

    def arguments(self, quantity: Quantity) -> tuple[str, ...]:
        """Return a quantity's arguments with addresses for names."""
        found = self._arguments.get(quantity)
        if found is None:
            kinds, _ = QUANTITIES[quantity.name]
            named = {"token": self.manifest.token_named, "address": self.manifest.address_named}
            found = self._arguments[quantity] = tuple(
                (named[kind](text) or "") if kind in named else text
                for kind, text in zip(kinds, quantity.arguments, strict=False)
            )
        return found

    def scale(self, token: str) -> int:
        """Return how many smallest units one of a token is; 1 without a token."""
        if token not in self._scales:
            address = self.manifest.token_named(token) or ""
            self._scales[token] = 10 ** (self.manifest.decimals(address) or 0)
        return self._scales[token]


class Moved:
    """The flows of one transaction, summed up once."""

    def __init__(self, tx: Transaction, holders: frozenset[str]) -> None:
        self.received: Counter[tuple[str, str]] = Counter()
        self.sent: Counter[tuple[str, str]] = Counter()
        self.to_itself: Counter[tuple[str, str]] = Counter()
        self.entered: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        """Across the border of the protocol."""
        for flow in tx.flows:
            amount, token = int(flow.amount), flow.token
            self.received[token, flow.to] += amount
            self.sent[token, flow.sender] += amount
            if flow.sender == flow.to:
                self.to_itself[token, flow.to] += amount
            if flow.to in holders and flow.sender not in holders:
                self.entered[token] += amount
            elif flow.sender in holders and flow.to not in holders:
                self.left[token] += amount

    def of(self, token: str, holder: str | None) -> int:
        """Return by how much a balance, or without a holder the supply, changed."""
        if holder is None:
            return self.sent[token, NOBODY] - self.received[token, NOBODY]
        return self.received[token, holder] - self.sent[token, holder]


class Quantities:
    """Looks up what one transaction shows."""

    def __init__(self, names: Names, tx: Transaction, ledger: Ledger) -> None:
        self.moved = Moved(tx, names.holders)
        self._names = names
        self._tx = tx
        self._ledger = ledger
        self._found: dict[Quantity, Fraction | None] = {}
        self._seen = frozenset(() if tx.cut else tx.seen)
        self._written_last = {(w.contract, w.slot): w.value for w in tx.writes}
        self._events: dict[str, list[tuple[str, Mapping[str, object]]]] = defaultdict(list)
        for log in tx.logs:
            self._events[log.name].append((log.contract, log.arguments))

    def __call__(self, node: Quantity | Number) -> Fraction | None:
        """Return a value, None where it cannot be known."""
        if isinstance(node, Number):
            return node.value * self._names.scale(node.token)
        if node not in self._found:
            self._found[node] = self._look_up(node)
        return self._found[node]

    def _look_up(self, node: Quantity) -> Fraction | None:
        earlier = {"before": True} if node.before else {}
        found = self._LOOKUPS[node.name](self, *self._names.arguments(node), **earlier)
        return None if found is None else Fraction(found)

    def _inflow(self, token: str, holder: str = "") -> int | None:
        if "flows" not in self._seen:
            return None
        moved, place = self.moved, (token, holder)
        return moved.received[place] - moved.to_itself[place] if holder else moved.entered[token]

    def _outflow(self, token: str, holder: str = "") -> int | None:
        if "flows" not in self._seen:
            return None
        moved, place = self.moved, (token, holder)
        return moved.sent[place] - moved.to_itself[place] if holder else moved.left[token]

    def _net(self, token: str, holder: str = "") -> int | None:
        into, out = self._inflow(token, holder), self._outflow(token, holder)
        return None if into is None or out is None else into - out

    def _minted(self, token: str) -> int | None:
        return self.moved.sent[token, NOBODY] if "flows" in self._seen else None

    def _burned(self, token: str) -> int | None:
        return self.moved.received[token, NOBODY] if "flows" in self._seen else None

    def _count(self, event: str, contract: str = "") -> int | None:
        if "logs" not in self._seen:
            return None
        return sum(not contract or contract == where for where, _ in self._events[event])

    def _values(self, field: str, contract: str) -> list[int] | None:
        """Return an argument of every event of a name; None if one of them is no integer."""
        if "logs" not in self._seen:
            return None
        event, _, argument = field.partition(".")
        try:
            return [
                _integer(arguments.get(argument))
                for where, arguments in self._events[event]
                if not contract or contract == where
            ]
        except PoisonRecordError:
            return None

    def _total(self, field: str, contract: str = "") -> int | None:
        values = self._values(field, contract)
        return None if values is None else sum(values)

    def _least(self, field: str, contract: str = "") -> int | None:
        return min(self._values(field, contract) or (), default=None)

    def _most(self, field: str, contract: str = "") -> int | None:
        return max(self._values(field, contract) or (), default=None)

    def written(self, contract: str, slot: str) -> int | None:
        """Return what was written into a storage slot last, None when nothing was."""
        if "writes" not in self._seen:
            return None
        value = self._written_last.get((contract, slot))
        return None if value is None else int(value)

    def _stored(self, contract: str, slot: str, *, before: bool = False) -> int | None:
        kept = self._ledger.get(slot_key(contract, slot))
        if before:
            return kept
        if "writes" not in self._seen:
            return None
        written = self.written(contract, slot)
        return kept if written is None else written

    def _supply(self, token: str, *, before: bool = False) -> int | None:
        return self._tracked(token, None, before=before)

    def _balance(self, token: str, holder: str, *, before: bool = False) -> int | None:
        return self._tracked(token, holder, before=before)

    def _tracked(self, token: str, holder: str | None, *, before: bool) -> int | None:
        known = self._names.known.get((token, holder))
        if known is None or "flows" not in self._seen:
            return None
        now = 0 if before or self._tx.block <= known.block else self.moved.of(token, holder)
        return known.amount + self._ledger.get(balance_key(known), 0) + now

    _LOOKUPS: Mapping[str, Callable[..., int | None]] = {
        "inflow": _inflow,
        "outflow": _outflow,
        "net": _net,
        "minted": _minted,
        "burned": _burned,
        "count": _count,
        "total": _total,
        "least": _least,
        "most": _most,
        "written": written,
        "stored": _stored,
        "supply": _supply,
        "balance": _balance,
    }


def _integer(value: object) -> int:
    if not isinstance(value, str):
        raise PoisonRecordError("no integer")
    return int256(value) if value.startswith("-") else uint(value)
