"""What scores are compared with: the distributions of a set's scores and of its evidence.

Transactions are compared with those of which as much was seen. A source that sees storage gives
more detectors something to say than one that does not, so that the same evidence is rarer there.
"""

from collections.abc import Sequence
from typing import Any

from detectors import alerts, priors
from detectors.guarded import Guard
from detectors.tail import OnlineTail
from schemas.chain import Transaction


def view_of(tx: Transaction) -> str:
    """Name what the source saw, as far as it decides how much detectors can say."""
    return "storage" if "writes" in tx.seen else "calls" if "calls" in tx.seen else "logs"


class Scales:
    """The distributions among transactions of one view, each detector's in the set's order."""

    def __init__(self, members: Sequence[Guard], view: str) -> None:
        self._view = view
        self.scores = [OnlineTail(priors.scores(member.name, view)) for member in members]
        fused = [m.name for m in members if m.ours and not m.spec.rule]
        self.evidence = OnlineTail(priors.evidence(fused, view) or alerts.reference(len(fused)))

    def anew(self, place: int, name: str) -> None:
        """Forget the scores of one detector, which forgot what they came from."""
        self.scores[place] = OnlineTail(priors.scores(name, self._view))

    def dump(self) -> dict[str, Any]:
        """Return what was learned, as JSON."""
        return {
            "scores": [tail.dump() for tail in self.scores],
            "evidence": self.evidence.dump(),
        }

    def load(self, state: dict[str, Any], kept: Sequence[int | None], *, same_set: bool) -> None:
        """Become what `dump` described; `kept`: where among the saved detectors each one is, None
        for one that starts anew. The evidence of another set of detectors means nothing here."""
        if same_set:
            self.evidence.load(state["evidence"])
        for tail, place in zip(self.scores, kept, strict=True):
            if place is not None:
                tail.load(state["scores"][place])
