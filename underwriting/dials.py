"""Which dials want a turn (`RiskDial`, `AaveDial`; contracts/src), by what they say themselves.

A dial steps by its own rule, whoever turns it and however often. So this decides about money alone:
what it may cost is bounded here, and a dial that is left alone is turned by whoever uses it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runtime.calldata import called
from runtime.clock import Clock
from runtime.evm import Endpoints, NodeRefusalError
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.units import Seconds

_log = logger(__name__)

GAS = 1_000_000
"""For a turn, and for the question whether one is due: two sources that burn all they get take
300,000, eight reserves of Aave the rest."""

TURN, _DUE = called("turn()"), called("due()")
_ANSWERS = {f"0x{0:064x}": False, f"0x{1:064x}": True}

LOOK_EVERY = 12
"""Seconds of the chain between two questions to a dial."""

REST = 60
"""Seconds of the chain before a dial is asked again that was turned, or is amiss: none steps more
often."""

BURST, REFILL = 40, 300
"""Turns of a dial at once, and seconds of our own clock for one more: the chain's time comes from a
topic, and a lie about it must neither earn turns nor withhold them. An incident takes 4 up and 20
down with the rule of the tests; a source that flaps to use turns up leaves one in five minutes."""


@dataclass(slots=True)
class _Dial:
    protocol: str
    address: str
    again: Seconds = 0
    left: float = BURST
    counted: float = 0

    def rests(self, now: Seconds) -> bool:
        """Say whether it is too early to ask it again. A rest that is longer than any began by a
        time that was not the chain's, and is over."""
        return now < self.again <= now + REST

    def take(self, now: float) -> bool:
        """Use up a turn, if one is left; `now` is a clock that never runs backwards."""
        gained = (now - self.counted) / REFILL
        self.left, self.counted = min(BURST, self.left + gained), now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Dials:
    """The dials of all protocols of one chain."""

    def __init__(
        self,
        nodes: Endpoints,
        dials: Mapping[str, Sequence[str]],
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        """`dials`: addresses by protocol."""
        self._nodes = nodes
        self._clock = clock
        self._metrics = metrics
        self._dials = [
            _Dial(protocol, address) for protocol, own in dials.items() for address in own
        ]

    def next(self, now: Seconds) -> tuple[str, str] | None:
        """Return protocol and address of a dial to turn, None where no turn is due. `now`: the time
        of the newest block. What a dial answers amiss is counted, and others go on.

        Raises `TransientError` when no node answers.
        """
        for dial in self._dials:
            if not dial.rests(now) and self._due(dial, now):
                return dial.protocol, dial.address
        return None

    def turned(self, protocol: str) -> None:
        """Count a turn that is on chain."""
        self._metrics.dial_turns.labels(protocol).inc()

    def failed(self, protocol: str, address: str, why: str) -> None:
        """Count a turn that was due and is not on chain."""
        self._metrics.dial_faults.labels(protocol).inc()
        _log.error("dial_not_turned", protocol=protocol, dial=address, reason=why)

    def _due(self, dial: _Dial, now: Seconds) -> bool:
        dial.again = now + LOOK_EVERY
        try:
            answer: object = self._nodes.ask(
                "eth_call", {"to": dial.address, "data": _DUE, "gas": hex(GAS)}, "latest"
            )
        except NodeRefusalError as error:
            return self._amiss(dial, now, f"it does not say whether a turn is due: {error}")
        due = _ANSWERS.get(answer) if isinstance(answer, str) else None
        if due is None:
            return self._amiss(dial, now, "it does not say whether a turn is due: is it a dial?")
        if not due:
            return False
        dial.again = now + REST
        if not dial.take(self._clock.monotonic()):
            return self._amiss(dial, now, f"{BURST} turns and one in {REFILL} s are used up")
        return True

    def _amiss(self, dial: _Dial, now: Seconds, why: str) -> bool:
        dial.again = now + REST
        self.failed(dial.protocol, dial.address, why)
        return False
