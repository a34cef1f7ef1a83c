"""One proposes, another answers: whose answer counts."""

from schemas.decisions import Decision, Proposal, Voice, answered, objection, proposed
from schemas.incidents import Incident
from tests.people import NOW, PATIENCE, answer, by_provider, by_wallet, proposal

CASE = Incident(
    id="c" * 64,
    chain="eip155:1",
    protocol="meadow",
    phase="detect",
    severity="high",
    summary="a price moved",
    opened=NOW,
    latest=NOW,
    sightings=(),
)
ASKED = proposal(CASE, by_provider("ana"))


def after(*voices: tuple[Voice, str]) -> Decision:
    decision = proposed(ASKED)
    for voice, verdict in voices:
        decision = answered(
            decision, answer(ASKED, voice, "approve" if verdict == "approve" else "veto")
        )
    return decision


def test_a_second_person_decides() -> None:
    assert proposed(ASKED).state == "open"
    assert after((by_provider("ben"), "approve")).state == "approved"
    assert after((by_provider("ben"), "veto")).state == "vetoed"


def test_who_proposed_it_cannot_answer_it_whatever_they_sign_in_with() -> None:
    assert after((by_provider("ana"), "approve")).state == "open"
    assert after((by_wallet("ana"), "approve")).state == "open"
    assert "second person" in objection(proposed(ASKED), by_wallet("ana"))


def test_nor_from_the_same_account_under_another_name() -> None:
    borrowed = Voice(person="ben", account=ASKED.by.account, time=NOW)
    assert after((borrowed, "approve")).state == "open"


def test_the_first_answer_that_counts_is_the_last() -> None:
    decision = after(
        (by_provider("ana"), "approve"),
        (by_provider("ben"), "veto"),
        (by_provider("cat"), "approve"),
    )
    assert decision.state == "vetoed"
    assert decision.answerer is not None
    assert decision.answerer.person == "ben"


def test_an_answer_that_comes_too_late_counts_for_nothing() -> None:
    late = by_provider("ben", NOW + PATIENCE + 1)
    assert after((late, "approve")).state == "open"
    assert after((by_provider("ben", NOW + PATIENCE), "approve")).state == "approved"


def test_an_answer_to_something_else_changes_nothing() -> None:
    other: Proposal = proposal(CASE, by_provider("ana"), words="Look again.")
    assert answered(proposed(ASKED), answer(other, by_provider("ben"))) == proposed(ASKED)
