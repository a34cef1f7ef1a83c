"""What the protocol holds, as far as it was seen coming and going. Pure."""

from collections.abc import Iterable, Mapping

from schemas.chain import Flow

MAX_TOKENS = 256


def crossing(flows: Iterable[Flow], own: frozenset[str]) -> dict[str, tuple[float, float]]:
    """Return per token what crossed the border of `own` inwards and outwards."""
    found: dict[str, tuple[float, float]] = {}
    for flow in flows:
        inwards = flow.to in own
        if inwards != (flow.sender in own):
            came, went = found.get(flow.token, (0.0, 0.0))
            amount = float(int(flow.amount))
            found[flow.token] = (came + amount, went) if inwards else (came, went + amount)
    return found


class Holdings:
    """Running balances per token; never below nought, because what was there before the watch began
    was not seen."""

    def __init__(self) -> None:
        self._held: dict[str, float] = {}

    def share(self, token: str, loss: float) -> float | None:
        """Return which share of the seen balance a loss is; None where it exceeds it, so that the
        balance cannot be known."""
        held = self._held.get(token, 0.0)
        return loss / held if held > 0.0 and loss <= held * 1.01 else None

    def move(self, token: str, change: float) -> None:
        """Count what came in or, negative, went out."""
        held = max(0.0, self._held.pop(token, 0.0) + change)
        self._held[token] = held
        if len(self._held) > MAX_TOKENS:
            del self._held[min(self._held, key=self._held.__getitem__)]

    def dump(self) -> dict[str, float]:
        """Return the balances, as JSON."""
        return dict(self._held)

    def load(self, state: Mapping[str, float]) -> None:
        """Become what `dump` described."""
        self._held = {token: float(held) for token, held in state.items()}
