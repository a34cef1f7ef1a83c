"""Small detectors for tests of the host."""

from typing import Any, ClassVar

from detectors.api import Detector, Explanation, Features, Scope, Spec
from schemas.alerts import Reason
from schemas.chain import Transaction


class GasSize(Detector):
    """Scores a transaction by its gas, over the largest it has learned."""

    spec: ClassVar[Spec] = Spec(
        name="gas-size",
        version="1.0.0",
        summary="gas",
        technique="ADT3012",
        warm_up=0,
        false_positives=("none",),
        blind_spots=("all",),
    )

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self.largest = 0.0
        self.learned: list[tuple[float, float]] = []

    def features(self, tx: Transaction) -> Features:
        return {"gas": float(tx.gas_used or 0)}

    def score_one(self, x: Features) -> float:
        return max(0.0, x.get("gas", 0.0) - self.largest)

    def learn_one(self, x: Features, weight: float) -> None:
        self.learned.append((x["gas"], weight))
        self.largest = max(self.largest, x["gas"] * (weight == 1.0))

    def explain_one(self, x: Features, tx: Transaction) -> Explanation:
        reason = Reason(
            feature="gas",
            observed=x["gas"],
            expected=self.largest,
            distance=1.0,
            unit="gas",
            text="it used much gas",
        )
        return Explanation((reason,))

    def dump(self) -> dict[str, Any]:
        return {"largest": self.largest, "learned": [list(pair) for pair in self.learned]}

    def load(self, state: dict[str, Any]) -> None:
        self.largest = state["largest"]
        self.learned = [(value, weight) for value, weight in state["learned"]]


class Broken(GasSize):
    """Raises whenever it is asked."""

    spec: ClassVar[Spec] = Spec(
        name="broken",
        version="1.0.0",
        summary="broken",
        technique="ADT3012",
        warm_up=0,
        false_positives=("none",),
        blind_spots=("all",),
    )

    def features(self, tx: Transaction) -> Features:
        raise RuntimeError("I do not work")
