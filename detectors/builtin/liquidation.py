"""Positions are closed by force, many at once or at a loss; rates and open interest jump."""

import math
from typing import ClassVar

from detectors.api import Features, Scope, Spec, State
from detectors.habits import ActDetector, Kind, number
from schemas.chain import Log, Transaction

_LIQUIDATIONS = (
    "LiquidationCall",
    "LiquidateBorrow",
    "AbsorbDebt",
    "LiquidatePosition",
    "PositionLiquidated",
    "Liquidate",
)
_LOSSES = ("DeficitCreated", "BadDebt", "BadDebtRealized", "DebtSocialized")
_RATES = {"UpdateFundingRate": "fundingRate", "FundingRecomputed": "fundingRate"}
_OPENED = {"IncreasePosition": "sizeDelta", "PositionModified": "tradeSize"}
_PACE, _WHEN = "pace:all", "when"
_HOUR = 3600.0
"""Seconds after which a liquidation counts for 1/e towards the pace of its kind."""


class Liquidation(ActDetector):
    """A cascade of liquidations, debt that nothing covers, or positions of a size never seen."""

    spec: ClassVar[Spec] = Spec(
        name="liquidation",
        version="1.1.0",
        summary="Liquidations at once and within an hour, bad debt, funding, position sizes.",
        technique="ADT3021",
        made_from=("events",),
        warm_up=100,
        false_positives=(
            "a market-wide fall, which liquidates honestly",
            "a liquidator that batches",
        ),
        blind_spots=(
            "single liquidations of a cascade that is over before its first block is final",
            "bad debt that the protocol does not report by an event",
        ),
        rule=True,
    )
    kinds: ClassVar[dict[str, Kind]] = {
        "liquidations": Kind(
            words="{observed} positions were liquidated at once, ordinary are {expected}",
            spread=0.5,
            ordinary=1.0,
            unit="positions",
        ),
        "pace": Kind(
            words="{observed} positions were liquidated within about an hour, one after the other, "
            "ordinary are {expected}",
            spread=0.5,
            ordinary=1.5,
            unit="positions",
        ),
        "own": Kind(
            words="a position that was opened in the same transaction was liquidated", severity=3.0
        ),
        "loss": Kind(words="{member} books debt that nothing covers", severity=1.0),
        "rate": Kind(
            words="the funding rate of {member} is {observed}, ordinary is {expected}", spread=1.0
        ),
        "opened": Kind(
            words="a position of {observed} was opened on {member}, ordinary are {expected}",
            spread=2.0,
        ),
    }

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._recent, self._since = 0.0, 0.0
        """Liquidations that were learned, faded, as of a time."""

    def acts(self, tx: Transaction) -> Features:
        """Return how many positions were closed by force, debt left over, rates and sizes."""
        found: dict[str, float] = {}
        opened: set[object] = set()
        count = 0
        for log in self.own(tx):
            if log.name in _LIQUIDATIONS:
                count += 1
                if _owner(log) in opened:
                    found[f"own:{log.contract}"] = 1.0
            elif log.name in _LOSSES:
                found[f"loss:{log.contract}"] = 1.0
            elif log.name in ("Borrow", *_OPENED):
                opened.add(_owner(log))
            for names, kind in ((_RATES, "rate"), (_OPENED, "opened")):
                value = number(log, names[log.name]) if log.name in names else None
                if value:
                    name = f"{kind}:{log.contract}"
                    found[name] = max(found.get(name, 0.0), abs(float(value)))
        opened.discard(None)
        if count:
            found["liquidations:all"] = float(count)
            found[_PACE] = self._faded(float(tx.timestamp)) + count
            found[_WHEN] = float(tx.timestamp)
        return found

    def _faded(self, now: float) -> float:
        """Return how many of those learned count at a time; all of them at an earlier one."""
        return self._recent * math.exp(min(0.0, self._since - now) / _HOUR)

    def learn_one(self, x: Features, weight: float) -> None:
        """Take these acts for ordinary. What was liquidated was, whatever it weighs."""
        super().learn_one({name: value for name, value in x.items() if name != _PACE}, weight)
        count, when = x.get("liquidations:all", 0.0), x.get(_WHEN)
        if when is None:
            return
        # Those of one hour tell the same: together they count about as much as one.
        pace = self._sizes.pop(_PACE, None) or self._start(self.kinds["pace"], x[_PACE])
        pace.learn(x[_PACE], weight / max(1.0, x[_PACE]))
        self._sizes[_PACE] = pace
        if when >= self._since:
            self._recent, self._since = self._faded(when) + count, when
        else:  # one that waited in quarantine
            self._recent += count * math.exp((when - self._since) / _HOUR)

    def dump(self) -> State:
        """Return everything that was learned."""
        return super().dump() | {"recent": [self._recent, self._since]}

    def load(self, state: State) -> None:
        """Become what `dump` described."""
        super().load(state)
        self._recent, self._since = (float(part) for part in state["recent"])


def _owner(log: Log) -> object:
    """Return whose position an event is about."""
    for name in ("onBehalfOf", "borrower", "user", "account"):
        value = log.arguments.get(name)
        if isinstance(value, str) and value:
            return value
    return ("nobody", log.log)
