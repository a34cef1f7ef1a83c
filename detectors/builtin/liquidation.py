"""Positions are closed by force, many at once or at a loss; rates and open interest jump."""

from typing import ClassVar

from detectors.api import Features, Spec
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


class Liquidation(ActDetector):
    """A cascade of liquidations, debt that nothing covers, or positions of a size never seen."""

    spec: ClassVar[Spec] = Spec(
        name="liquidation",
        version="1.0.0",
        summary="Liquidations at once, bad debt, funding rates and position sizes against habit.",
        technique="ADT3021",
        made_from=("events",),
        warm_up=100,
        false_positives=(
            "a market-wide fall, which liquidates honestly",
            "a liquidator that batches",
        ),
        blind_spots=(
            "a cascade of single liquidations that is over before its first block is final",
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
        return found


def _owner(log: Log) -> object:
    """Return whose position an event is about."""
    for name in ("onBehalfOf", "borrower", "user", "account"):
        value = log.arguments.get(name)
        if isinstance(value, str) and value:
            return value
    return ("nobody", log.log)
