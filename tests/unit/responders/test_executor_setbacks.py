"""What comes between a brake and its finality: nodes, withdrawals, releases, disarming, people."""

from collections.abc import Callable
from pathlib import Path

import pytest

from responders.chain import Call, Receipt
from responders.fees import Fee
from responders.journal import Journal
from responders.outlook import Account
from responders.questions import Question
from responders.signer import SignerRefusalError
from responders.transactions import Signed
from schemas.manifest import Limits
from tests.unit.responders.bench import FINAL, WHOLE_WAY, Assembly, bench
from tests.unit.responders.examples import alert, manifest, withdrawal
from tests.unit.responders.fakes import GWEI, SIGNER, FakeChain, chain_at


def test_nodes_that_contradict_each_other_do_not_trap_it(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        responder.receive(alert())
        chain.mine()
        honest, answers = chain.receipt, iter(range(10**6))

        def fickle(tx: str) -> Receipt | None:
            return honest(tx) if next(answers) % 2 == 0 else None

        monkeypatch.setattr(chain, "receipt", fickle)
        responder.look()
        assert len(responder.states()) < 30


def test_a_node_that_refuses_is_asked_again_at_the_next_block(journal: Path) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        chain.deaf = True
        responder.receive(alert())
        assert responder.states()[-1] == "signed"
        chain.deaf = False
        responder.mine(1, include=False)
        assert responder.states()[-1] == "broadcast"


def test_while_no_node_answers_no_alert_is_taken(journal: Path) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        assert responder.responder.ready()
        chain.down = True
        responder.look()
        assert not responder.responder.ready()
        assert responder.responder.obstacle == "a node that answers"
        chain.down = False
        responder.look()
        assert responder.responder.ready()


def test_a_brake_whose_node_went_down_goes_on_as_soon_as_it_answers(journal: Path) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        chain.down = True
        responder.receive(alert())
        assert responder.states() == ["proposed", "authorised"]
        chain.down = False
        responder.look()
        assert responder.states()[-1] == "broadcast"


def test_an_alert_withdrawn_before_the_nonce_ends_its_brake(journal: Path) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        chain.down = True
        responder.receive(alert())
        responder.receive(withdrawal(alert()))
        chain.down = False
        responder.look()
        assert responder.states() == ["proposed", "authorised", "refused"]
    assert not chain.sent


def test_an_alert_withdrawn_after_the_nonce_changes_nothing(journal: Path) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        responder.receive(alert())
        responder.receive(withdrawal(alert()))
        responder.mine(1 + FINAL)
        assert responder.states() == WHOLE_WAY


class Unwilling:
    """Refuses to sign until it is told otherwise."""

    address = SIGNER.address
    willing = False

    def __init__(self) -> None:
        self.asked = 0

    def sign(self, call: Call, nonce: int, fee: Fee) -> Signed:
        self.asked += 1
        if not self.willing:
            raise SignerRefusalError("not on its list")
        return SIGNER.sign(call, nonce, fee)

    def attest(self, question: Question, expires: int) -> str:
        return SIGNER.attest(question, expires)


def test_a_signer_that_refuses_is_asked_at_each_of_the_first_blocks_and_then_ever_later(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain, signer = chain_at(), Unwilling()
    with Journal(journal) as opened:
        account = Account(SIGNER.address, signer)
        responder = Assembly(opened, chain, account, manifest(limits=Limits(alert_blocks=100)))
        responder.receive(alert())
        asked = [signer.asked]
        for _ in range(20):
            chain.mine()
            for _ in range(5):
                responder.look()
            asked.append(signer.asked)
        assert asked[:5] == [1, 2, 3, 4, 5], "at each block, whatever looks there are in between"
        assert asked[-1] == 8
        assert responder.states()[-1] == "authorised", "no nonce is held for it"
        assert capsys.readouterr().out.count("not on its list") > 20, "people are told at each look"
        signer.willing = True
        for _ in range(20):
            chain.mine()
            responder.look()
        assert "broadcast" in responder.states()


def test_a_brake_that_waited_too_long_for_its_node_is_refused(journal: Path) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        chain.down = True
        responder.receive(alert())
        chain.down = False
        chain.mine(26)
        responder.look()
        assert responder.states()[-1] == "refused"
    assert not chain.sent


def test_after_a_release_on_chain_the_incident_has_a_new_episode(journal: Path) -> None:
    chain = chain_at()
    limits = Limits(brakes_per_window=2, cooldown_seconds=0)
    with bench(journal, chain, given=manifest(limits=limits)) as responder:
        responder.receive(alert())
        responder.mine(1 + FINAL)
        responder.receive(alert(8))
        assert len(chain.sent) == 1
        chain.release()
        responder.look()
        responder.receive(alert(8))
        responder.mine(1 + FINAL)
        assert responder.states() == WHOLE_WAY * 2
        names = {step.action for step in responder.published()}
        assert len(names) == 2
        assert len({step.incident for step in responder.published()}) == 1
    assert len(chain.brakes) == 2


def test_a_brake_that_no_manifest_has_any_more_is_still_followed(journal: Path) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        responder.receive(alert())
    other = manifest().model_copy(update={"protocol": "elsewhere"})
    with bench(journal, chain, given=other) as responder:
        responder.mine(1 + FINAL)
        assert responder.states()[-2:] == ["included", "final"]


def test_disarmed_nothing_more_is_sent_but_what_was_sent_is_followed(journal: Path) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        chain.deaf = True
        responder.receive(alert())
    chain.deaf = False
    with bench(journal, chain, armed=False) as responder:
        responder.mine(3)
        assert not chain.sent
        assert responder.states()[-1] == "signed"
    with bench(journal, chain) as responder:
        responder.mine(2)
        assert responder.states()[-1] == "included"


def at_the_cap(chain: FakeChain) -> None:
    chain.base_fee = 1000 * GWEI


def refused_by_the_gate(chain: FakeChain) -> None:
    chain.gate_refuses = "BudgetSpent()"


def overtaken(chain: FakeChain) -> None:
    chain.overtake(0)


@pytest.mark.parametrize(
    ("trouble", "fault"),
    [
        (at_the_cap, "brake_at_fee_cap"),
        (refused_by_the_gate, "brake_does_not_hold"),
        (overtaken, "brake_overtaken"),
    ],
)
def test_a_brake_that_people_have_to_look_at_is_counted(
    journal: Path, trouble: Callable[[FakeChain], None], fault: str
) -> None:
    chain = chain_at()
    with bench(journal, chain) as responder:
        responder.receive(alert())
        trouble(chain)
        responder.mine(40 if fault == "brake_at_fee_cap" else 1)
        counted = responder.metrics.registry.get_sample_value(
            "firebreak_brake_faults_total", {"protocol": "meadow", "fault": fault}
        )
        assert counted is not None
        assert counted >= 1
