"""Contracts that take a whole state at once, and what one call too early may let loose on them.

The real families make the calls and judge what came of them. Here is what stands behind them: a
contract of a few numbers that executes the bytes which reach it. What is let loose is told from the
numbers before and after; nothing of the families counts.
"""

from abc import ABC, abstractmethod
from copy import copy
from typing import Any, ClassVar, cast

from eth_utils.crypto import keccak

from responders.adapters import registry
from responders.adapters.adapter import RoutedAdapter
from responders.adapters.base import Plan
from responders.adapters.route import Direct
from responders.answers import Receipt
from responders.chain import Answer, Call
from tests.unit.responders.examples import CHAIN, brake

State = tuple[int, ...]

MARKET = "0x" + "dd" * 20
UNLIMITED = 0, 0, 0


class Absolute(ABC):
    """One contract on a chain of its own; a block for each change."""

    name = CHAIN

    adapter_name: ClassVar[str]
    parameters: ClassVar[dict[str, Any]]
    settings: ClassVar[tuple[State, ...]]
    """What people may make of it; the first is how it begins."""

    _made: ClassVar[Any]

    def __init_subclass__(cls) -> None:
        cls._made = registry.family_of(cls.brake("0x" + "cc" * 20), cast("Any", None))

    @classmethod
    def brake(cls, target: str) -> Any:
        """Return what a manifest says of it."""
        return brake(
            name="tighten",
            scope="T1",
            target=target,
            gate=None,
            adapter=cls.adapter_name,
            parameters=cls.parameters,
        )

    def __init__(self) -> None:
        self.states = [self.settings[0]]
        self.asked_at: int | None = None
        family = copy(self._made)
        family.chain = self
        self.adapter = RoutedAdapter(family, Direct(), "T1")

    # ------------------------------------------------------------------ what the families ask

    def has_code(self, _address: str, _block: int) -> bool:
        return True

    def call(self, call: Call, *, sender: str | None, block: int | None = None) -> Answer:
        last = len(self.states) - 1
        state = self.states[last if block is None else min(block, last)]
        found = self.answer(state, call.data)
        return Answer(ok=True, data="0x" + "".join(f"{word:064x}" for word in found))

    # ------------------------------------------------------------------ what happens to it

    def plan(self) -> Plan:
        return self.adapter.plan()

    def braked(self, _now: int) -> bool:
        return self.holds(self.states[-1])

    def people(self, choice: int) -> None:
        """Let people set it to something."""
        self.states.append(self.settings[choice % len(self.settings)])

    def signed(self, action: str) -> str:
        """Return what is signed now."""
        return self.adapter.call(action).data

    def would_loosen(self, calldata: str) -> bool:
        """Say whether it would let something loose, mined now."""
        return self.loosened(self.states[-1], self.taken(calldata))

    def mined(self, calldata: str) -> bool:
        """Execute what was signed; say whether it is told to hold."""
        self.states.append(self.taken(calldata))
        block = len(self.states) - 1
        return self.adapter.verify(Receipt("0x", block, "0x", ok=True)).holds

    def let_loose(self) -> bool:
        """Say whether the newest change let something loose."""
        return self.loosened(*self.states[-2:])

    # ------------------------------------------------------------------ what it is

    @abstractmethod
    def answer(self, state: State, question: str) -> State:
        """Return the words of an answer."""

    @abstractmethod
    def taken(self, calldata: str) -> State:
        """Return the state that a call sets."""

    @abstractmethod
    def holds(self, state: State) -> bool:
        """Say whether what the brake is for is stopped."""

    @abstractmethod
    def loosened(self, before: State, after: State) -> bool:
        """Say whether anything is allowed that was not."""


class Bitmap(Absolute):
    """Five flags, as Comet has them; the brake sets two."""

    adapter_name = "compound-v3"
    parameters: ClassVar = {"flags": ["supply", "withdraw"]}
    settings = ((0,), (1,), (2,), (4,), (5,), (8,), (24,), (31,))

    def answer(self, state: State, question: str) -> State:
        return (0,) * 7 + state

    def taken(self, calldata: str) -> State:
        return (sum(bit << place for place, bit in enumerate(_words(calldata))),)

    def holds(self, state: State) -> bool:
        return state[0] & 0b101 == 0b101

    def loosened(self, before: State, after: State) -> bool:
        return bool(before[0] & ~after[0])


class Cap(Absolute):
    """A borrow cap, as Compound V2 has it: 0 is none."""

    adapter_name = "compound-v2"
    parameters: ClassVar = {"does": "borrow-cap", "market": MARKET, "cap": 100}
    settings = ((0,), (1000,), (101,), (100,), (99,), (1,))

    def answer(self, state: State, question: str) -> State:
        return state

    def taken(self, calldata: str) -> State:
        return (_words(calldata)[-1],)

    def holds(self, state: State) -> bool:
        return 0 < state[0] <= 100

    def loosened(self, before: State, after: State) -> bool:
        return before != (0,) and (after == (0,) or after > before)


class Rates(Absolute):
    """Two limits of a token pool, as CCIP has them: on, capacity, rate, each way."""

    adapter_name = "ccip"
    parameters: ClassVar = {"does": "rate-limit", "chain_selector": 7, "capacity": 100, "rate": 10}
    settings = (
        UNLIMITED + UNLIMITED,
        (1, 1000, 100, *UNLIMITED),
        (1, 50, 20, 1, 500, 5),
        (1, 100, 10, 1, 99, 9),
        (1, 7, 1, 1, 7, 1),
        (0, 7, 1, 1, 100, 10),
    )
    _OUT = "0x" + keccak(text="getCurrentOutboundRateLimiterState(uint64)")[:4].hex()

    def answer(self, state: State, question: str) -> State:
        way = state[:3] if question.startswith(self._OUT) else state[3:]
        return 0, 0, *way

    def taken(self, calldata: str) -> State:
        return _words(calldata)[1:]

    def holds(self, state: State) -> bool:
        return all(on and most <= 100 and rate <= 10 for on, most, rate in _ways(state))

    def loosened(self, before: State, after: State) -> bool:
        return any(
            was[0] and (not now[0] or now[1] > was[1] or now[2] > was[2])
            for was, now in zip(_ways(before), _ways(after), strict=True)
        )


KINDS: tuple[type[Absolute], ...] = (Bitmap, Cap, Rates)


def _ways(state: State) -> tuple[State, State]:
    return state[:3], state[3:]


def _words(calldata: str) -> State:
    body = calldata[10:]
    return tuple(int(body[at : at + 64], 16) for at in range(0, len(body), 64))
