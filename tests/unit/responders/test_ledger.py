import msgspec

from responders.entries import Mark, Step, passed
from responders.ledger import Attempt, Ledger, fold
from schemas.ids import content_id, incident_id
from tests.unit.responders.examples import CHAIN, START
from tests.unit.responders.test_guard import action


def step(state: str, name: str = "one", **changes: object) -> Step:
    record = {
        key: changes.pop(key) for key in ("nonce", "tx", "incident", "protocol") if key in changes
    }
    made = msgspec.structs.replace(action(state), action=content_id(name), **record)
    values = {"block": 100, "time": START}
    return Step(action=made, **values | changes)  # type: ignore[arg-type]  # of these types


def test_an_empty_ledger_knows_nothing() -> None:
    ledger = Ledger()
    assert ledger.open() == []
    assert ledger.next_nonce("0xaa", 7) == 7
    assert ledger.incident(CHAIN, "meadow", "0x1", START) == incident_id(CHAIN, "meadow", "0x1")


def test_open_brakes_come_in_the_order_of_their_nonces() -> None:
    entries = [
        step("broadcast", "late", nonce=9),
        step("signed", "early", nonce=8),
        step("refused", "over"),
    ]
    assert [course.action.nonce for course in fold(entries).open()] == [8, 9]


def test_every_signed_transaction_of_a_nonce_may_still_be_mined() -> None:
    entries = [
        step("signed", tx="0x1", raw="0xa1"),
        step("broadcast", tx="0x1"),
        step("signed", tx="0x2", raw="0xa2"),
    ]
    (course,) = fold(entries).courses.values()
    assert course.attempts == (Attempt("0x1", "0xa1"), Attempt("0x2", "0xa2"))


def test_with_a_new_nonce_the_old_transactions_are_void() -> None:
    entries = [step("signed", tx="0x1", raw="0xa1"), step("authorised", tx="0x1")]
    (course,) = fold(entries).courses.values()
    assert course.attempts == ()


def test_nonces_are_counted_by_account() -> None:
    entries = [
        step("signed", "a", nonce=5, sender="0xaa"),
        step("final", "b", nonce=6, sender="0xaa"),
    ]
    ledger = fold(entries)
    assert ledger.next_nonce("0xaa", 3) == 7
    assert ledger.next_nonce("0xaa", 9) == 9
    assert ledger.next_nonce("0xbb", 3) == 3


def test_an_alert_joins_the_incident_of_its_hour() -> None:
    ledger = fold([step("proposed", incident="1" * 64)])
    assert ledger.incident(CHAIN, "meadow", "0x2", START + 3600) == "1" * 64
    assert ledger.incident(CHAIN, "meadow", "0x2", START - 3600) == "1" * 64
    assert ledger.incident(CHAIN, "meadow", "0x2", START + 3601) != "1" * 64
    assert ledger.incident(CHAIN, "cellar", "0x2", START) != "1" * 64


def test_of_two_incidents_an_alert_joins_the_newer() -> None:
    entries = [
        step("proposed", "a", incident="1" * 64),
        step("proposed", "b", incident="2" * 64, time=START + 5000),
    ]
    assert fold(entries).incident(CHAIN, "meadow", "0x3", START + 2500) == "2" * 64


def test_what_was_noted_is_marked_once_and_folded_back() -> None:
    entries = [step("proposed", incident="1" * 64)]
    ledger = fold(entries)
    ledger.note("meadow", "1" * 64, START + 3000)
    ahead = ledger.unmarked()
    assert ahead == {"1" * 64: START + 3000}
    assert ledger.unmarked() == {}
    again = fold([*entries, Mark(published=1, latest=ahead)])
    assert again.incident(CHAIN, "meadow", "0x2", START + 6000) == "1" * 64


def test_a_hop_is_passed_once() -> None:
    first = passed(step("broadcast"), "sent", 5)
    assert passed(first, "sent", 9).hops == {"sent": 5}
