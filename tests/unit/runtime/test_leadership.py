"""One of several leads, each in a higher term than the one before."""

from collections.abc import Iterator

import pytest

from runtime.broker import Offsets
from runtime.leadership import TRUSTED_SECONDS, Leadership
from runtime.memory import MemoryBroker, MemoryConsumer
from schemas.errors import TransientError
from schemas.topics import ACTIONS
from tests.clock import ManualClock

GROUP = "firebreak-respond-lead-eip155-1"


class Coordinator(MemoryBroker):
    """A broker whose coordinator may be silent."""

    silent = False

    def consumer(self, group: str | None = None) -> "Member":
        return Member(self, group)


class Member(MemoryConsumer):
    _broker: Coordinator

    def commit(self, offsets: Offsets) -> None:
        if self._broker.silent:
            raise TransientError("no coordinator")
        super().commit(offsets)


class Group:
    def __init__(self) -> None:
        self.broker = Coordinator()
        self.broker.create([ACTIONS])
        self.clock = ManualClock()
        self.members: list[Leadership] = []

    def join(self) -> Leadership:
        member = Leadership(self.broker, GROUP, ACTIONS.name, self.clock)
        self.members.append(member)
        member.join()
        return member

    def leader(self) -> Leadership:
        member = self.join()
        assert member.leads.wait(10)
        return member


@pytest.fixture
def group() -> Iterator[Group]:
    group = Group()
    yield group
    for member in reversed(group.members):
        member.leave()


def test_every_leader_has_a_higher_term_than_the_one_before(group: Group) -> None:
    first = group.leader()
    second = group.join()
    assert not second.leads.wait(0.3)
    first.leave()
    assert second.leads.wait(10)
    assert (first.term, second.term) == (1, 2)
    assert first.over.is_set()
    second.leave()
    assert group.leader().term == 3


def test_a_term_that_was_raised_stays_below_those_that_follow(group: Group) -> None:
    first = group.leader()
    first.raise_to(41)
    first.raise_to(7)
    assert first.term == 41
    first.leave()
    assert group.leader().term == 42


def test_who_cannot_begin_a_term_does_not_lead_until_it_can(group: Group) -> None:
    group.broker.silent = True
    member = group.join()
    assert not member.leads.wait(0.5)
    group.broker.silent = False
    assert member.leads.wait(10)
    assert member.term == 1


def test_an_old_confirmation_is_none_and_a_new_one_is(group: Group) -> None:
    leader = group.leader()
    group.broker.silent = True
    leader.hold()
    group.clock.seconds += TRUSTED_SECONDS + 0.1
    assert not leader.confirmed
    with pytest.raises(TransientError, match="another replica may lead"):
        leader.hold()
    group.broker.silent = False
    leader.hold()


def test_who_has_left_holds_nothing(group: Group) -> None:
    leader = group.leader()
    leader.hold()
    leader.leave()
    with pytest.raises(TransientError, match="another replica may lead"):
        leader.hold()
    with pytest.raises(TransientError, match="another replica may lead"):
        leader.require()
