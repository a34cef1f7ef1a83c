from pathlib import Path

from responders.concert import (
    MOST_CITED,
    MOST_KEPT,
    MOST_TRANSACTIONS,
    MOST_VOTES,
    Concert,
    together,
)
from responders.evidence import families, rules_broken
from schemas.ids import content_id
from tests.unit.responders.bench import bench
from tests.unit.responders.examples import alert, vote, withdrawal
from tests.unit.responders.fakes import FakeChain

AMOUNTS, EVENTS = vote("asset-outflow"), vote("privilege", made_from=("events",))
CORE, ACTS = alert(1, votes=(AMOUNTS,)), alert(1, set="acts", votes=(EVENTS,))


def test_two_sets_that_alert_on_one_transaction_are_heard_together() -> None:
    concert = Concert()
    assert concert.joined(CORE) == CORE
    both = concert.joined(ACTS)
    assert both.votes == (EVENTS, AMOUNTS)
    assert families(both) == 2
    assert families(concert.joined(CORE)) == 2  # whoever comes again hears the other, too


def test_not_of_another_transaction_block_or_phase() -> None:
    for other in (
        alert(2, set="acts", votes=(EVENTS,)),
        alert(1, set="acts", votes=(EVENTS,), block_hash="0x" + "ee" * 32),
        alert(1, set="acts", votes=(EVENTS,), phase="pending"),
    ):
        concert = Concert()
        concert.joined(CORE)
        assert families(concert.joined(other)) == 1


def test_one_detector_in_two_sets_is_one() -> None:
    concert = Concert()
    concert.joined(CORE)
    assert concert.joined(alert(1, set="acts", votes=(AMOUNTS,))).votes == (AMOUNTS,)


def test_a_repeated_alert_adds_nothing() -> None:
    concert = Concert()
    concert.joined(CORE)
    assert concert.joined(CORE) == CORE


def test_what_is_remembered_and_what_is_joined_is_bounded() -> None:
    concert = Concert()
    many = tuple(vote(f"d{n}") for n in range(MOST_VOTES))
    concert.joined(alert(1, votes=many))
    assert len(concert.joined(ACTS).votes) == MOST_VOTES
    for number in range(2, MOST_TRANSACTIONS + 3):
        concert.joined(alert(number, votes=(AMOUNTS,)))
    assert concert.joined(ACTS).votes == (EVENTS,)


def test_nobody_silences_another_s_witness_by_alerting_often() -> None:
    concert = Concert()
    for number in range(2 * MOST_KEPT):
        made_up, id_ = f"made-up-{number}", content_id("alert", "made-up", number)
        loud = alert(1, id=id_, set=made_up, votes=(vote("price-move"),))
        concert.joined(loud, key="stolen")
    concert.joined(CORE, key="honest")
    heard = concert.joined(ACTS, key="honest")
    assert {one.detector for one in heard.votes} == {"privilege", "asset-outflow", "price-move"}
    assert CORE.id in {one.alert for one in concert.beside(ACTS)}
    assert len(concert.beside(ACTS)) == MOST_CITED


def test_where_keys_are_made_up_what_is_remembered_is_bounded() -> None:
    concert = Concert()
    concert.joined(CORE)
    for number in range(2 * MOST_KEPT):
        id_ = content_id("alert", "made-up", number)
        concert.joined(alert(1, id=id_, set="loud", votes=(EVENTS,)), key=f"key-{number}")
    assert families(concert.recalled(ACTS)) == 2
    assert len(concert.beside(ACTS)) == MOST_CITED


def test_what_speaks_is_what_is_cited_in_that_order() -> None:
    """A decision rests on nothing that it does not name: `audit rederive` has no more than that."""
    rule = vote("invariant", tail="rule", made_from=("storage",))
    said = [
        alert(1, id=content_id("alert", n), set=f"s{n % 4}", votes=votes)
        for n, votes in enumerate([(rule,), (EVENTS, rule), (EVENTS,), *[(AMOUNTS, EVENTS)] * 9])
    ]
    concert = Concert()
    for one in said:
        concert.joined(one)
    by_id = {one.id: one for one in said}
    cited = [by_id[one.alert] for one in concert.beside(CORE)]
    assert len(cited) == MOST_CITED
    assert concert.recalled(CORE) == together(CORE, cited)
    assert rules_broken(concert.recalled(CORE)) == 1


def test_a_set_that_says_less_anew_does_not_take_back_what_it_said() -> None:
    concert = Concert()
    concert.joined(alert(1, set="acts", votes=(EVENTS, vote("price-move"))))
    less = alert(1, id=content_id("alert", "less"), set="acts", votes=(vote("price-move"),))
    concert.joined(less)
    assert families(concert.joined(CORE)) == 3
    more = alert(1, id=content_id("alert", "more"), set="acts", votes=(EVENTS, vote("price-move")))
    concert.joined(more)
    assert [cited.alert for cited in concert.beside(CORE)] == [more.id]


def test_a_quorum_of_two_sets_pulls_the_brake(tmp_path: Path) -> None:
    with bench(tmp_path / "journal.jsonl", FakeChain(102)) as responder:
        responder.receive(CORE)
        assert responder.states()[-1] == "refused"
        responder.receive(ACTS)
        assert responder.states()[-1] == "broadcast"


def test_a_set_whose_alert_was_withdrawn_is_heard_no_more(tmp_path: Path) -> None:
    with bench(tmp_path / "journal.jsonl", FakeChain(102)) as responder:
        responder.receive(CORE)
        responder.receive(withdrawal(CORE))
        responder.receive(ACTS)
        assert responder.states()[-1] == "refused"
