"""One state per market, bounded: the shape of every detector of prices."""

from abc import abstractmethod
from typing import Any, Generic, Protocol, TypeVar

from detectors.api import Scope, State
from detectors.market.api import PriceDetector
from detectors.market.board import MAX_MARKETS


class Remembered(Protocol):
    """What a detector knows of one market, or of one pair of them."""

    def dump(self) -> Any:
        """Return it as JSON."""
        ...

    def load(self, state: Any) -> None:
        """Become what `dump` described."""
        ...


S = TypeVar("S", bound=Remembered)


class EachMarket(PriceDetector, Generic[S]):
    """A detector of prices that knows each market (or pair of them) by itself."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._known: dict[str, S] = {}

    @abstractmethod
    def start(self) -> S:
        """Return what is believed of a market before anything was learned."""

    def known(self, name: str) -> S:
        """Return what is known of a market, or believed; remembers nothing."""
        return self._known.get(name) or self.start()

    def touch(self, name: str) -> S:
        """Return what is known of a market in order to change it; the market that was not touched
        for longest gives way when there are too many."""
        state = self._known.pop(name, None) or self.start()
        self._known[name] = state
        while len(self._known) > MAX_MARKETS:
            del self._known[next(iter(self._known))]
        return state

    def dump(self) -> State:
        """Return every market's state, the least recently touched first."""
        return {"markets": {name: state.dump() for name, state in self._known.items()}}

    def load(self, state: State) -> None:
        """Become what `dump` described."""
        self._known = {}
        for name, saved in state["markets"].items():
            self._known[name] = self.start()
            self._known[name].load(saved)
