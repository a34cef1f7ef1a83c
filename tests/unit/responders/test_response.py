"""Dry-run, refusals, several brakes: what an alert leads to before anything is sent."""

from pathlib import Path

from schemas.headers import hop_headers
from schemas.ids import incident_id
from schemas.manifest import Limits
from tests.unit.responders.bench import FINAL, bench
from tests.unit.responders.examples import CHAIN, POOL, alert, brake, manifest, vote, withdrawal
from tests.unit.responders.fakes import FakeChain, State

VAULT = "0x" + "cc" * 20


def test_dry_run_does_everything_but_sign_and_send(journal: Path) -> None:
    chain = FakeChain(101)
    with bench(journal, chain, armed=False) as responder:
        responder.receive(alert())
        responder.mine(1 + FINAL)
        assert responder.states() == ["proposed", "rehearsed"]
        (_, rehearsed) = responder.published()
    assert "nothing was sent: simulated at block 101" in rehearsed.reason
    assert {term.name for term in rehearsed.terms} >= {"probability", "brakes_left"}
    assert chain.sent == []


def test_dry_run_tells_what_stands_against_it(journal: Path) -> None:
    chain = FakeChain(101)
    chain.gate_refuses = "NotResponder()"
    with bench(journal, chain, armed=False) as responder:
        responder.receive(alert())
        assert responder.states() == ["proposed", "failed"]
        assert "NotResponder" in responder.published()[-1].reason


def test_dry_run_sees_a_target_that_is_braked(journal: Path) -> None:
    chain = FakeChain(101)
    chain.blocks[-1].state = State(paused=True)
    with bench(journal, chain, armed=False) as responder:
        responder.receive(alert())
        assert responder.states() == ["proposed", "satisfied"]


def test_a_rehearsal_is_not_repeated_but_becomes_real_once_armed(journal: Path) -> None:
    chain = FakeChain(102)
    with bench(journal, chain, armed=False) as responder:
        responder.receive(alert(1), alert(2))
        assert responder.states() == ["proposed", "rehearsed"]
    with bench(journal, chain) as responder:
        assert chain.sent == []
        responder.receive(alert(2))
        assert responder.states()[-1] == "broadcast"


def test_what_was_authorised_before_it_was_disarmed_is_refused(journal: Path) -> None:
    chain = FakeChain(101)
    with bench(journal, chain) as responder:
        chain.down = True
        responder.receive(alert())
        assert responder.states() == ["proposed", "authorised"]
    chain.down = False
    with bench(journal, chain, armed=False) as responder:
        responder.mine()
        assert responder.states()[-1] == "refused"
        assert "disarmed" in responder.published()[-1].reason
    assert chain.sent == []


def test_a_refusal_is_told_once_and_a_stronger_alert_is_heard(journal: Path) -> None:
    chain = FakeChain(103)
    lonely = (vote("asset-outflow"), vote("price-move", alerted=False))
    with bench(journal, chain) as responder:
        responder.receive(alert(1, votes=lonely), alert(2, votes=lonely))
        assert responder.states() == ["proposed", "refused"]
        responder.receive(alert(3))
        assert responder.states()[2:4] == ["proposed", "authorised"]
        assert responder.states()[-1] == "broadcast"


def test_an_alert_withdrawn_in_the_same_batch_is_not_acted_on(journal: Path) -> None:
    chain = FakeChain(101)
    with bench(journal, chain) as responder:
        responder.receive(alert(), withdrawal(alert()))
        assert responder.states() == ["proposed", "refused"]
        responder.receive(withdrawal(alert()), alert())
        assert responder.states()[-1] == "broadcast"


def test_every_brake_of_the_protocol_is_judged_and_the_budget_is_shared(journal: Path) -> None:
    chain = FakeChain(101)
    given = manifest(brake(), brake(name="pause-vault", target=VAULT))
    with bench(journal, chain, given=given) as responder:
        responder.receive(alert())
        steps = responder.published()
    by_target = {step.target: step for step in steps}
    assert by_target[f"{CHAIN}:{POOL}"].state == "broadcast"
    assert by_target[f"{CHAIN}:{VAULT}"].state == "refused"
    assert "the budget is spent" in by_target[f"{CHAIN}:{VAULT}"].reason
    assert len({step.incident for step in steps}) == 1


def test_two_brakes_take_two_nonces(journal: Path) -> None:
    chain = FakeChain(101)
    given = manifest(
        brake(),
        brake(name="pause-vault", target=VAULT),
        limits=Limits(brakes_per_window=2),
    )
    with bench(journal, chain, given=given) as responder:
        responder.receive(alert())
        nonces = [step.nonce for step in responder.published() if step.state == "nonce-reserved"]
    assert nonces == [0, 1]


def test_the_incident_is_named_by_the_first_alert(journal: Path) -> None:
    with bench(journal, FakeChain(101)) as responder:
        responder.receive(alert())
        assert responder.published()[0].incident == incident_id(CHAIN, "meadow", alert().tx)


def test_another_protocol_or_chain_is_not_ours(journal: Path) -> None:
    with bench(journal, FakeChain(101)) as responder:
        responder.receive(alert(protocol="cellar"), alert(2, chain="eip155:1"))
        assert responder.states() == []


def test_hops_are_carried_on_and_our_own_are_added(journal: Path) -> None:
    chain = FakeChain(101)
    with bench(journal, chain) as responder:
        responder.receive(alert(), headers=hop_headers({"received": 10, "scored": 30}))
        responder.mine()
        responder.book.publish()
        (course,) = responder.ledger.courses.values()
        assert course.step.hops.keys() == {"received", "scored", "decided", "sent", "mined"}
        assert course.step.hops["received"] == 10
        counted = responder.metrics.registry.get_sample_value(
            "firebreak_hop_seconds_count", {"hop": "sent"}
        )
        assert counted == 1.0


def test_the_budget_left_is_shown_from_the_start_and_comes_back(journal: Path) -> None:
    chain = FakeChain(101)
    limits = Limits(window_seconds=600)
    with bench(journal, chain, given=manifest(limits=limits)) as responder:

        def left() -> float | None:
            return responder.metrics.registry.get_sample_value(
                "firebreak_budget_left", {"protocol": "meadow"}
            )

        assert left() == 1.0
        responder.receive(alert())
        assert left() == 0.0
        chain.mine(600 // 12 + 1, include=False)
        responder.look()
        assert left() == 1.0
