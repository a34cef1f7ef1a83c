"""What an account holds of one token, told apart into stolen and honest units: first in, first out.

The rule is that of Clayton's case (Devaynes v Noble, 1816), proposed for tracing coins by Anderson,
Shumailov and Ahmed ("Making Bitcoin Legal", 2018). Unlike a proportional ("haircut") or a
poisoning rule (both: Möser, Böhme, Breuker, "Towards Risk Scoring of Bitcoin Transactions", 2014)
it needs no fractions and neither spreads nor multiplies what was stolen: every unit is at one place
at a time, so both sides of the account are equal to the unit.
"""

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple


class Lot(NamedTuple):
    """Units that arrived together."""

    amount: int
    stolen: bool


class Purse:
    """The lots of one account and token, in the order in which they arrived.

    What was there at the beginning counts as honest. Taking more than there is means that an
    arrival was not seen; what is missing is honest, and counted in `unseen`.
    """

    def __init__(self, opening: int = 0) -> None:
        self._lots: deque[Lot] = deque()
        self.unseen = 0
        self.put([Lot(opening, stolen=False)])

    @property
    def total(self) -> int:
        """All units."""
        return sum(lot.amount for lot in self._lots)

    @property
    def stolen(self) -> int:
        """The stolen ones among them."""
        return sum(lot.amount for lot in self._lots if lot.stolen)

    def put(self, lots: Iterable[Lot]) -> None:
        """Let lots arrive, in this order."""
        for lot in lots:
            if not lot.amount:
                continue
            if self._lots and self._lots[-1].stolen == lot.stolen:
                last = self._lots.pop()
                self._lots.append(Lot(last.amount + lot.amount, lot.stolen))
            else:
                self._lots.append(lot)

    def take(self, amount: int) -> list[Lot]:
        """Let units leave; return them as lots whose amounts add up to `amount`."""
        taken: list[Lot] = []
        while amount and self._lots:
            lot = self._lots.popleft()
            part = min(lot.amount, amount)
            taken.append(Lot(part, lot.stolen))
            amount -= part
            if part < lot.amount:
                self._lots.appendleft(Lot(lot.amount - part, lot.stolen))
        if amount:
            self.unseen += amount
            taken.append(Lot(amount, stolen=False))
        return taken


def stolen_in(lots: Iterable[Lot]) -> int:
    """Return how many units of these lots are stolen."""
    return sum(lot.amount for lot in lots if lot.stolen)
