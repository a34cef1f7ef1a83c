"""What is asserted to a `ParametricCover` (contracts/src), and whether the record of its case says
so too. Pure.

A case grows while it is open, and its evidence root with it: an assertion fits if its time and root
are those of one state that the record had, not only of the newest one.
"""

from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from runtime.calldata import called
from schemas.decisions import dismissed
from schemas.errors import ConfigurationError
from schemas.incidents import Incident
from schemas.units import Seconds
from underwriting.report import protocol_of

Root = Callable[[Incident], str]
"""Returns the evidence root of a case, in hexadecimal."""


class Assertion(NamedTuple):
    """That a case happened."""

    case: str
    """Its id on `incidents-v1`, in hexadecimal without 0x."""
    root: str
    occurred_at: Seconds
    share: int
    """Of each cover that it pays, in basis points."""

    @property
    def calldata(self) -> str:
        """The call of the cover contract that asserts it; the bond goes with it as value."""
        return called(
            "assertCase(bytes32,bytes32,uint64,uint16)",
            bytes.fromhex(self.case), bytes.fromhex(self.root[2:]), self.occurred_at, self.share,
        )  # fmt: skip


def assertion_of(case: Incident, root: Root, share: int) -> Assertion:
    """Return what there is to assert of a case as it stands.

    Raises `ConfigurationError` for one that would be disputed with right.
    """
    for fault in _unmade(case):
        raise ConfigurationError(f"case {case.id}: {fault}: asserting it would lose the bond")
    return Assertion(case.id, root(case), case.opened, share)


class Account:
    """The record's account of one case: all states of it that are kept."""

    def __init__(self, case: str, root: Root) -> None:
        self._case, self._root = case, root
        self._told: set[tuple[str, Seconds]] = set()
        self._newest: Incident | None = None

    def take(self, case: Incident) -> None:
        """Take a state of some case, in the order of the topic."""
        if case.id == self._case:
            self._told.add((self._root(case), case.opened))
            self._newest = case

    def faults(self, said: Assertion, protocol: bytes) -> list[str]:
        """Say what of an assertion is not so, sentence by sentence; nothing where it fits.
        `protocol`: of which the contract sells cover, as its feed names it."""
        case = self._newest
        if case is None:
            return [f"no case {said.case} is on the record"]
        found = list(_unmade(case))
        if protocol_of(case.protocol) != protocol:
            found.append(f"the case is of {case.protocol}, the cover of another protocol")
        states = self._told | {(root, case.opened) for root in self._before(case)}
        if (said.root, said.occurred_at) not in states:
            found += self._amiss(said, states, case)
        return found

    def _amiss(
        self, said: Assertion, states: Collection[tuple[str, Seconds]], case: Incident
    ) -> Iterator[str]:
        """Say why time and root are of no one state."""
        timely = said.occurred_at in {at for _, at in states}
        rooted = said.root in {root for root, _ in states}
        if not timely:
            yield f"says that it happened at {said.occurred_at}, the record says {case.opened}"
        if not rooted:
            yield (
                f"evidence root {said.root} is that of no state of the case; it is now "
                f"{self._root(case)}"
            )
        if timely and rooted:
            yield "its time and its evidence root are of different states of the case"

    def _before(self, case: Incident) -> Iterator[str]:
        """Yield the roots that a case had while it knew less, where the topic keeps no more than
        the newest state. They are in the order of blocks, so each had the time of now."""
        for known in range(1, len(case.sightings)):
            yield self._root(replace(case, sightings=case.sightings[:known]))


def _unmade(case: Incident) -> Iterator[str]:
    """Say why nothing stands behind a case (any more)."""
    if all(one.withdrawn for one in case.sightings) and not case.dropped:
        yield "no alert of it stands"
    if dismissed(case.decisions):
        yield "two people agreed that it was a false alarm"
