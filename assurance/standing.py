"""Whose code contracts run and who decides it, read again as blocks come by.

Events are the quick way, but some upgrades log nothing, and beacons and admins that no manifest
names are not listened to. So what decides whose code a proxy runs (its slots, what its beacon
answers, who owns it, its admin and its beacon) is read again after blocks, many at once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain as chain_of
from typing import NamedTuple

from eth_utils.crypto import keccak

from assurance.chain import NOBODY, Chain, Trial
from assurance.facets import LOUPE
from assurance.proxies import ADMIN, BEACON, IMPLEMENTATION, default_slots, resolved
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
"""Bytes of an answer that are kept; of a longer one, its hash."""

GAS = 100_000
"""For each answer, so that contracts that burn it all leave some for the others in a request."""

LOUPES = 20
"""How many other questions one to a diamond's loupe stands for, which reads much storage."""

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
            left -= sum(map(_weight, answers))
            if left < 0:
                break
            found[contract] = noted, answers
        return found


def marks(chain: Chain, contract: str) -> list[Mark]:
    """Return what decides whose code a contract runs; nothing for one that is no proxy."""
    slots = default_slots(chain.code(contract))
    found = resolved(chain, contract)
    if not slots and found.beacon is None and not found.facets:
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
    if found.facets:
        told.append(Mark(contract, LOUPE))
    if found.kind in ("other", "none"):
        told.append(Mark(contract, calldata("admin()")))
    return told


def read(chain: Chain, asked: Sequence[Mark]) -> dict[Mark, Answer]:
    """Return the answers; that of a call that fails is empty."""
    found: dict[Mark, Answer] = {}
    slots = [(one.contract, one.asked) for one in asked if isinstance(one.asked, int)]
    for start in range(0, len(slots), AT_ONCE):
        some = slots[start : start + AT_ONCE]
        words = chain.storage(some)
        found.update({Mark(*place): word for place, word in zip(some, words, strict=True)})
    for marks_of_one in _requests(asked):
        outcomes = chain.run(
            [
                Trial(NOBODY, one.contract, data, gas=GAS * _weight(one))
                for one, data in marks_of_one
            ]
        )
        for (one, _), outcome in zip(marks_of_one, outcomes, strict=True):
            found[one] = _kept(outcome.data) if outcome.ok else b""
    return found


def _weight(mark: Mark) -> int:
    return LOUPES if mark.asked == LOUPE else 1


def _requests(asked: Sequence[Mark]) -> Iterator[list[tuple[Mark, bytes]]]:
    """Return the calls, as many together as a request has gas for."""
    some, weight = list[tuple[Mark, bytes]](), 0
    for one in asked:
        if not isinstance(one.asked, bytes):
            continue
        if weight + _weight(one) > AT_ONCE:
            yield some
            some, weight = [], 0
        some.append((one, one.asked))
        weight += _weight(one)
    if some:
        yield some


def _kept(answer: bytes) -> bytes:
    return answer if len(answer) <= WORD else keccak(answer)
