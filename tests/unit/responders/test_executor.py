"""From an authorised brake to finality, on a chain in memory."""

from pathlib import Path

from schemas.manifest import Limits
from tests.unit.responders.bench import FINAL, WHOLE_WAY, bench
from tests.unit.responders.examples import alert, manifest
from tests.unit.responders.fakes import GWEI, State, chain_at


def test_an_alert_brakes_the_target_and_the_brake_becomes_final(journal: Path) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        responder.receive(alert())
        responder.mine(1 + FINAL)
        assert responder.states() == WHOLE_WAY
        assert len(chain.brakes) == 1
        assert chain.blocks[-1].state.paused


def test_a_brake_is_final_so_many_blocks_after_its_own(journal: Path) -> None:
    with bench(journal, chain_at()) as responder:
        responder.receive(alert())
        responder.mine(FINAL)
        assert responder.states()[-1] == "included"
        responder.mine(1)
        assert responder.states()[-1] == "final"


def test_the_steps_of_a_brake_name_it_and_number_themselves(journal: Path) -> None:
    with bench(journal, chain_at()) as responder:
        responder.receive(alert())
        responder.mine(1 + FINAL)
        steps = responder.published()
    assert [step.step for step in steps] == list(range(len(WHOLE_WAY)))
    assert len({step.action for step in steps}) == 1
    assert len({step.id for step in steps}) == len(steps)
    assert steps[-1].tx == steps[3].tx != ""


def test_more_alerts_of_the_incident_brake_nothing_more(journal: Path) -> None:
    chain = chain_at(3)
    with bench(journal, chain) as responder:
        responder.receive(alert(1), alert(2))
        responder.mine()
        responder.receive(alert(3))
        responder.mine(FINAL)
        responder.receive(alert(2), alert(3))
        assert responder.states() == WHOLE_WAY
    assert len(chain.brakes) == 1


def test_a_target_that_is_braked_already_satisfies_the_brake(journal: Path) -> None:
    chain = chain_at()
    chain.blocks[-1].state = State(paused=True)
    with bench(journal, chain) as responder:
        responder.receive(alert())
        assert responder.states() == ["proposed", "authorised", "satisfied"]
        responder.receive(alert())
        assert len(responder.states()) == 3
    assert not chain.sent


def test_a_brake_that_would_fail_is_not_sent(journal: Path) -> None:
    chain = chain_at()
    chain.gate_refuses = "AuthorityLapsed()"
    with bench(journal, chain) as responder:
        responder.receive(alert())
        assert responder.states() == ["proposed", "authorised", "failed"]
        assert "AuthorityLapsed" in responder.published()[-1].reason
        chain.gate_refuses = ""
        responder.receive(alert(2, block=101))
        assert responder.states()[3:] == WHOLE_WAY[:5]
    assert len(chain.sent) == 1


def test_a_transaction_that_is_not_mined_is_replaced_at_ten_percent_more(journal: Path) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        responder.receive(alert())
        first = chain.pool[0]
        responder.mine(3, include=False)
        second = chain.pool[0]
        assert second.tx != first.tx
        assert 10 * second.ceiling >= 11 * first.ceiling
        assert 10 * second.tip >= 11 * first.tip
        assert second.data == first.data
        responder.mine(1 + FINAL)
        assert responder.states()[-1] == "final"
    assert chain.nonces == [0]


def test_the_first_transaction_may_still_be_mined_after_it_was_replaced(journal: Path) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        responder.receive(alert())
        first = chain.pool[0]
        responder.mine(3, include=False)
        chain.pool[0] = first
        responder.mine(1 + FINAL)
        assert responder.states()[-1] == "final"
        assert responder.published()[-1].tx == first.tx


def test_a_jump_of_the_base_fee_is_followed_up_to_the_cap(journal: Path) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        responder.receive(alert())
        chain.base_fee = 100 * GWEI
        responder.mine(5)
        assert responder.states()[-2:] == ["broadcast", "included"]
        assert all(int(step.fee or 0) <= 500 * GWEI for step in responder.published())


def test_at_the_cap_the_fee_rises_no_further(journal: Path) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        responder.receive(alert())
        chain.base_fee = 1000 * GWEI
        responder.mine(40)
        fees = [int(step.fee or 0) for step in responder.published()]
        assert max(fees) <= 500 * GWEI
        assert responder.states()[-1] == "broadcast"
        chain.base_fee = GWEI
        responder.mine(1)
        assert responder.states()[-1] == "included"


def test_at_the_cap_a_transaction_that_the_node_dropped_is_sent_again(journal: Path) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        responder.receive(alert())
        chain.base_fee = 1000 * GWEI
        responder.mine(40)
        chain.pool.clear()
        responder.mine(1)
        assert list(chain.pool) == [0]


def test_a_retracted_brake_is_sent_again_with_its_nonce(journal: Path) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        responder.receive(alert())
        responder.mine(2)
        chain.reorg(2, forget=True)
        responder.look()
        assert responder.states()[-2:] == ["reorged", "broadcast"]
        responder.mine(1 + FINAL)
        assert responder.states()[-1] == "final"
    assert chain.nonces == [0]
    assert len(chain.brakes) == 1


def test_a_brake_that_a_reorg_moves_to_another_block_is_followed_there(journal: Path) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        responder.receive(alert())
        responder.mine(2)
        chain.reorg(2)
        chain.mine()
        responder.look()
        assert responder.states()[-3:] == ["reorged", "broadcast", "included"]
        assert responder.published()[-1].block == len(chain.blocks) - 1


def test_a_nonce_that_a_stranger_used_is_given_up_only_at_finality(journal: Path) -> None:
    chain = chain_at()
    limits = Limits(alert_blocks=100)
    with bench(journal, chain, given=manifest(limits=limits)) as responder:
        responder.receive(alert())
        chain.overtake(0)
        responder.mine(FINAL)
        assert responder.states()[-1] == "broadcast"
        responder.mine(1)
        assert responder.states()[-4:] == ["authorised", "nonce-reserved", "signed", "broadcast"]
        assert responder.published()[-1].nonce == 1
        responder.mine(1 + FINAL)
        assert responder.states()[-1] == "final"
    assert len(chain.brakes) == 1


def test_a_brake_that_reverts_because_somebody_was_faster_is_satisfied(journal: Path) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        responder.receive(alert())
        chain.blocks[-1].state = State(paused=True)
        responder.mine(1 + FINAL)
        assert responder.states()[-2:] == ["included", "satisfied"]


def test_a_brake_that_is_mined_but_reverts_fails_at_finality(journal: Path) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        responder.receive(alert())
        chain.gate_refuses = "BudgetSpent()"
        responder.mine(1)
        assert responder.states()[-1] == "included"
        assert "reverted" in responder.published()[-1].reason
        responder.mine(FINAL)
        assert responder.states()[-1] == "failed"


def test_an_account_without_funds_signs_nothing(journal: Path) -> None:
    chain = chain_at()
    chain.funds = 10**14
    with bench(journal, chain) as responder:
        responder.receive(alert())
        assert responder.states() == ["proposed", "authorised", "failed"]
        assert "the account holds 100000000000000 wei" in responder.published()[-1].reason
        chain.funds = 10**18
        responder.mine()
        assert not chain.sent


def test_a_target_braked_before_in_another_incident_has_to_cool_down(journal: Path) -> None:
    chain = chain_at()
    limits = Limits(brakes_per_window=9, cooldown_seconds=9000)
    later = alert(2, block=108, timestamp=alert().timestamp + 7200)
    with bench(journal, chain, given=manifest(limits=limits)) as responder:
        responder.receive(alert())
        responder.mine(1 + FINAL)
        chain.release()
        responder.look()
        responder.receive(later)
        assert responder.states() == [*WHOLE_WAY, "proposed", "refused"]
        assert "cooldown" in responder.published()[-1].reason
