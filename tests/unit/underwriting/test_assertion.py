"""What is asserted has to be one state of its case: its time and its evidence together."""

from msgspec.structs import replace

from neighbours.outbound import evidence_root
from schemas.incidents import Incident
from tests.unit.underwriting.worlds import PROTOCOL, START, case
from underwriting.assertion import Account, Assertion, assertion_of
from underwriting.report import protocol_of


def seen(*blocks: int, opened: int) -> Incident:
    """A case that knows an alert of each of these blocks."""
    told = case("respond", "included")
    (first,) = told.sightings
    its = tuple(replace(first, alert=f"{one:064x}", block=one) for one in blocks)
    return replace(told, sightings=its, opened=opened)


FIRST = seen(5, opened=START + 24)
WIDER = seen(3, 5, opened=START)
"""The same once an alert of an older block was heard of: it began earlier."""


def faults(said: Assertion, *states: Incident) -> list[str]:
    account = Account(said.case, evidence_root)
    for one in states:
        account.take(one)
    return account.faults(said, protocol_of(PROTOCOL))


def test_each_state_of_a_case_fits_and_so_does_the_newest_with_fewer_alerts() -> None:
    for one in (FIRST, WIDER):
        assert faults(assertion_of(one, evidence_root, 10_000), FIRST, WIDER) == []
    fewer = assertion_of(seen(3, opened=START), evidence_root, 10_000)
    assert faults(fewer, WIDER) == []


def test_the_time_of_one_state_and_the_evidence_of_another_do_not_fit() -> None:
    first, wider = (assertion_of(one, evidence_root, 10_000) for one in (FIRST, WIDER))
    for said in (
        wider._replace(occurred_at=first.occurred_at),
        first._replace(occurred_at=wider.occurred_at),
    ):
        (told,) = faults(said, FIRST, WIDER)
        assert told == "its time and its evidence root are of different states of the case"


def test_time_and_evidence_of_no_state_are_each_named() -> None:
    said = assertion_of(WIDER, evidence_root, 10_000)
    assert "happened at 7" in faults(said._replace(occurred_at=7), WIDER)[0]
    assert "is that of no state" in faults(said._replace(root="0x" + "ee" * 32), WIDER)[0]
    assert len(faults(said._replace(occurred_at=7, root="0x" + "ee" * 32), WIDER)) == 2
