"""Whose code contracts run and who decides it, read again as blocks come by.

Events are the quick way, but some upgrades log nothing, and beacons and admins that no manifest
names are not listened to. So what decides whose code a proxy runs (its slots, what its beacon
answers, who owns it, its admin and its beacon) is read again after blocks, many at once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain as chain_of
from typing import NamedTuple

from assurance.chain import Chain, Trial
from assurance.proxies import ADMIN, BEACON, IMPLEMENTATION, NOBODY, default_slots, resolved
from assurance.selectors import calldata

PATIENCE = 1.0
"""Seconds that a block's own events are given to come first: they name the transaction. Also the
least time between two readings, however fast blocks come."""

AGAIN = 5.0
"""Seconds until a node that did not answer is asked again, and a contract that changed is read
again; twice as long each time that it did."""

LONGEST = 60.0

MOST = 500
"""Questions after one block: contracts beyond that take turns."""

AT_ONCE = 100
"""Questions in two requests, one for storage and one for answers."""

MOST_SLOTS = 8
"""Slots of one contract."""

WORD = 32
"""Bytes of an answer that count, and are kept."""

GAS = 100_000
"""For each answer, so that contracts that burn it all leave some for the others in a request."""

Answer = int | bytes


class Mark(NamedTuple):
    """A question whose answer decides whose code a contract runs, or who may change that."""

    contract: str
    asked: int | bytes
    """A slot of its storage, or the call of a function."""


class Standing:
    """How every proxy stood when it was last looked at, and what is to be read next."""

    def __init__(self) -> None:
        self._noted: dict[str, tuple[int, Mapping[Mark, Answer]]] = {}
        """By contract: the block, and what was answered then."""
        self._restless: dict[str, tuple[float, float]] = {}
        """Contracts that stood otherwise at the last reading: for how long, and until when, they
        are left to events. One whose answers never stay would be looked at each second."""
        self._head = 0
        self._due: tuple[int, float] | None = None
        """The block after which to read next, and when."""

    def heard(self, block: int, now: float) -> None:
        """Note that a block came by."""
        self._head = block
        self._due = self._due or (block, now + PATIENCE)

    def note(
        self, chain: Chain, contracts: Iterable[str], beat: Callable[[], None] = lambda: None
    ) -> None:
        """Note how contracts stand; `beat` is called before each, which takes some requests.

        Raises `TransientError` when no node answers.
        """
        asked: dict[str, list[Mark]] = {}
        for contract in contracts:
            beat()
            self._noted.pop(contract, None)
            asked[contract] = marks(chain, contract)
        answered = read(chain, list(dict.fromkeys(chain_of.from_iterable(asked.values()))))
        for contract, told in asked.items():
            if told:
                answers = {mark: answered[mark] for mark in told}
                self._noted[contract] = chain.place.number, answers

    def changed(self, chain: Chain, now: float) -> set[str]:
        """Return the contracts that stand otherwise after the block that is due, if one is.

        Raises `TransientError` when no node answers; it is asked again later.
        """
        if self._due is None or now < self._due[1]:
            return set()
        block, _ = self._due
        self._due = self._head, now + AGAIN
        turn = self._turn(block, now)
        asked = dict.fromkeys(mark for _, answers in turn.values() for mark in answers)
        answered = read(chain.at(block), list(asked)) if asked else {}
        self._due = None if self._head == block else (self._head, now + PATIENCE)
        found = set()
        for contract, (_, answers) in turn.items():
            self._noted[contract] = self._noted.pop(contract)  # behind those that wait
            pause, _ = self._restless.pop(contract, (0.0, now))
            if any(answered[mark] != answer for mark, answer in answers.items()):
                found.add(contract)
                pause = min(2 * pause or AGAIN, LONGEST)
                self._restless[contract] = pause, now + pause
        return found

    def _turn(self, block: int, now: float) -> dict[str, tuple[int, Mapping[Mark, Answer]]]:
        """Return those whose turn it is, but for what was noted after a later block, and what keeps
        changing."""
        found, left = {}, MOST
        for contract, (noted, answers) in self._noted.items():
            if noted > block or self._restless.get(contract, (0.0, now))[1] > now:
                continue
            left -= len(answers)
            if left < 0:
                break
            found[contract] = noted, answers
        return found


def marks(chain: Chain, contract: str) -> list[Mark]:
    """Return what decides whose code a contract runs; nothing for one that is no proxy."""
    slots = default_slots(chain.code(contract))
    found = resolved(chain, contract)
    if not slots and found.beacon is None:
        return []
    asked = [*sorted(slots)[:MOST_SLOTS], IMPLEMENTATION, ADMIN, BEACON]
    told = [Mark(contract, slot) for slot in dict.fromkeys(asked)]
    told += [
        Mark(one, calldata("owner()"))
        for one in (contract, found.admin, found.beacon)
        if one is not None
    ]
    if found.beacon is not None:
        told.append(Mark(found.beacon, calldata("implementation()")))
    if found.kind in ("other", "none"):
        told.append(Mark(contract, calldata("admin()")))
    return told


def read(chain: Chain, asked: Sequence[Mark]) -> dict[Mark, Answer]:
    """Return the answers; that of a call that fails is empty."""
    found: dict[Mark, Answer] = {}
    for start in range(0, len(asked), AT_ONCE):
        some = asked[start : start + AT_ONCE]
        slots = [(one.contract, one.asked) for one in some if isinstance(one.asked, int)]
        words = chain.storage(slots) if slots else []
        found.update({Mark(*place): word for place, word in zip(slots, words, strict=True)})
        calls = [(one.contract, one.asked) for one in some if isinstance(one.asked, bytes)]
        trials = [Trial(NOBODY, contract, data, gas=GAS) for contract, data in calls]
        outcomes = chain.run(trials) if trials else []
        found.update(
            {
                Mark(*call): outcome.data[:WORD] if outcome.ok else b""
                for call, outcome in zip(calls, outcomes, strict=True)
            }
        )
    return found
