"""The watch over one protocol's prices: puts bars before the detectors and raises alerts.

The most surprising detector speaks for all, corrected for how many were asked (Bonferroni). Unlike
for transactions, agreement says nothing here: the detectors look at one and the same number.

The budget counts time, not bars: a market that reports every second would otherwise be allowed
nine hundred times the false alerts of one that reports every quarter of an hour.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from detectors import alerts
from detectors.alerts import Opinion, View
from detectors.api import Explanation, Scope
from detectors.guarded import MAX_FAULTS
from detectors.market.api import PriceDetector
from detectors.market.board import Board, Quote
from detectors.rules import Rules
from detectors.tail import SMALLEST, Rarity
from schemas.alerts import Alert
from schemas.chain import Price, Transaction

SUSPECT_WEIGHT = 0.02
"""What a bar that alerted counts for. Bars of an incident come by the hundred."""

ORDINARY = Opinion(0.0, 1.0, (), 1.0)


@dataclass(slots=True)
class _Asked:
    """A detector, and how much it has learned."""

    detector: PriceDetector
    learned: float = 0.0


class PriceWatch:
    """Judges bars, each before it is learned from."""

    def __init__(
        self, scope: Scope, rules: Rules, detectors: Iterable[type[PriceDetector]]
    ) -> None:
        self._scope = scope
        self._rules = rules
        self._board = Board(scope)
        self._asked = [_Asked(make(scope)) for make in detectors]
        self._faults: list[tuple[str, str]] = []

    def take(self, price: Price, block: int) -> tuple[Opinion, Alert | None]:
        """Judge one bar; an alert says that `block` was the protocol's last when it came.

        A bar that is not later than what its market told before is ordinary and teaches nothing:
        it came twice, or too late to matter.
        """
        quote = self._board.quote(price)
        if quote is None or not self._asked or not self._board.is_news(quote):
            return ORDINARY, None
        p_values = [self._judged(asked, quote) for asked in self._asked]
        known = [found for found in p_values if found is not None]
        p_value = _corrected(min(known, default=1.0), len(known))
        budget = min(self._rules.budget, quote.seconds / self._rules.market_seconds)
        alert = None
        opinion = ORDINARY if p_value == 1.0 else Opinion(-math.log(p_value), p_value, (), p_value)
        if p_value <= budget:
            opinion = opinion._replace(views=self._views(p_values, budget, quote))
            alert = self._raised(price, block, opinion, budget)
        for asked in self._asked:
            self._learned(asked, quote, SUSPECT_WEIGHT if alert else 1.0)
        self._board.put(quote)
        return opinion, alert

    def _judged(self, asked: _Asked, quote: Quote) -> float | None:
        try:
            p_value = asked.detector.judge(quote, self._board)
        except Exception as error:  # noqa: BLE001 - a fault of one bar; recorded and counted, and the others go on
            self._failed(asked, "judge", error)
            return None
        if p_value is not None and not 0.0 <= p_value <= 1.0:
            self._failed(asked, "judge", ValueError(f"p-value {p_value} is not in [0, 1]"))
            return None
        return p_value

    def _learned(self, asked: _Asked, quote: Quote, weight: float) -> None:
        try:
            asked.detector.learn(quote, self._board, weight)
        except Exception as error:  # noqa: BLE001 - a fault of one bar; recorded and counted, and the others go on
            self._failed(asked, "learn", error)
        asked.learned += weight

    def _views(self, p_values: list[float | None], budget: float, quote: Quote) -> tuple[View, ...]:
        views, asked_for = [], len(p_values) - p_values.count(None)
        for asked, p_value in zip(self._asked, p_values, strict=True):
            corrected = 1.0 if p_value is None else _corrected(p_value, asked_for)
            views.append(
                View(
                    spec=asked.detector.spec,
                    score=-math.log(corrected),
                    rarity=Rarity(corrected, "fitted" if asked.learned else "prior"),
                    learned=int(asked.learned),
                    explanation=self._told(asked, quote) if corrected <= budget else Explanation(),
                )
            )
        return tuple(views)

    def _told(self, asked: _Asked, quote: Quote) -> Explanation:
        try:
            return asked.detector.tell(quote, self._board)
        except Exception as error:  # noqa: BLE001 - a fault of one bar; recorded and counted, and the others go on
            self._failed(asked, "tell", error)
            return Explanation()

    def _failed(self, asked: _Asked, step: str, error: Exception) -> None:
        name = asked.detector.spec.name
        if len(self._faults) < MAX_FAULTS:
            self._faults.append((name, f"{step}: {type(error).__name__}: {error}"[:300]))

    def _raised(self, price: Price, block: int, opinion: Opinion, budget: float) -> Alert | None:
        """Return the alert about a bar; where an alert names a transaction, it names the bar."""
        subject = Transaction(
            id=price.id,
            chain=self._scope.chain,
            protocol=self._scope.protocol,
            block=block,
            block_hash="",
            timestamp=price.timestamp,
            index=0,
            tx=price.id,
            seen=(),
        )
        rules = replace(self._rules, budget=budget)
        return alerts.raise_alert(subject, opinion, rules, unit="bars")

    def take_faults(self) -> list[tuple[str, str]]:
        """Return (detector, what happened) for failures since the last call."""
        faults, self._faults = self._faults, []
        return faults

    def dump(self) -> dict[str, Any]:
        """Return everything as JSON."""
        return {
            "board": self._board.dump(),
            "detectors": {
                asked.detector.spec.name: {
                    "version": asked.detector.spec.version,
                    "learned": asked.learned,
                    "state": asked.detector.dump(),
                }
                for asked in self._asked
            },
        }

    def load(self, state: dict[str, Any]) -> None:
        """Become what `dump` described. A detector whose version changed starts anew."""
        self._board.load(state["board"])
        for asked in self._asked:
            saved = state["detectors"].get(asked.detector.spec.name)
            if saved is not None and saved["version"] == asked.detector.spec.version:
                asked.learned = float(saved["learned"])
                asked.detector.load(saved["state"])


def _corrected(p_value: float, tests: int) -> float:
    return min(1.0, max(SMALLEST, p_value * max(1, tests)))
