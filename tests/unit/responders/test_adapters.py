from collections.abc import Mapping

import pytest
from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

import contracts
from responders.adapters import gate, pausable, registry
from responders.adapters.base import Adapter, Condition, Outcome
from responders.adapters.calls import called
from responders.chain import Answer, Call, Receipt
from responders.levers import within_reach
from responders.reverts import ERROR, selector
from schemas.activities import EVERYTHING, Activity
from schemas.errors import ConfigurationError
from schemas.manifest import Brake
from tests.unit.responders.examples import GATE, POOL, brake, manifest
from tests.unit.responders.fakes import FakeChain

TRUE, FALSE = "0x" + f"{1:064x}", "0x" + f"{0:064x}"
ACTION = "ab" * 32
OLD_PAUSED = ERROR + encode(["string"], ["Pausable: paused"]).hex()


class Answers(FakeChain):
    """A chain that answers each selector as it is told."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        super().__init__()
        self.answers = answers
        self.asked: list[tuple[Call, str | None, int | None]] = []

    def call(self, call: Call, *, sender: str | None, block: int | None = None) -> Answer:
        self.asked.append((call, sender, block))
        return self.answers[call.data[:10]]


PAUSED = selector("paused()")
FREEZE = {"function": "freeze(address)", "arguments": ["0x" + "Cc" * 20]}


@pytest.fixture(params=["gate", "pausable"])
def made(request: pytest.FixtureRequest) -> Brake:
    return brake(adapter=request.param, gate=GATE if request.param == "gate" else None)


def adapter(made: Brake, **answers: Answer) -> tuple[Adapter, Answers]:
    known = {PAUSED: answers.get("paused"), gate.BRAKE: answers.get("sent")}
    known[pausable.PAUSE] = answers.get("sent")
    chain = Answers({key: value for key, value in known.items() if value is not None})
    return registry.build(manifest(made), chain, 3)[made.name], chain


@pytest.mark.parametrize(
    ("answer", "condition"),
    [
        (Answer(ok=True, data=TRUE), Condition.BRAKED),
        (Answer(ok=True, data=FALSE), Condition.OPEN),
        (Answer(ok=True, data="0x"), Condition.UNKNOWN),
        (Answer(ok=False, data="0x"), Condition.UNKNOWN),
    ],
)
def test_a_probe_asks_the_target(made: Brake, answer: Answer, condition: Condition) -> None:
    probed, chain = adapter(made, paused=answer)
    assert probed.probe(7) is condition
    assert [(call.to, block) for call, _, block in chain.asked] == [(POOL, 7)]


def test_a_plan_says_what_it_calls_and_what_else_it_stops(made: Brake) -> None:
    plan = adapter(made)[0].plan()
    assert (plan.target, plan.calldata, plan.scope) == (POOL, "0x8456cb59", "T2")
    assert "every user" in plan.also_stops.words
    assert plan.also_stops.activities == EVERYTHING


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        (Answer(ok=True, data="0x"), Outcome.WOULD_BRAKE, "simulated at block 7"),
        (
            Answer(ok=False, data=selector("EnforcedPause()")),
            Outcome.BRAKED_ALREADY,
            "braked already",
        ),
        (Answer(ok=False, data=OLD_PAUSED), Outcome.BRAKED_ALREADY, "braked already"),
        (Answer(ok=False, data="0x"), Outcome.WOULD_FAIL, "no reason given"),
    ],
)
def test_a_simulation_is_pinned_and_knows_already_paused(
    made: Brake, answer: Answer, outcome: Outcome, reason: str
) -> None:
    simulated, chain = adapter(made, sent=answer, paused=Answer(ok=True, data=FALSE))
    trial = simulated.simulate(ACTION, "0x" + "11" * 20, 7)
    assert trial.outcome is outcome
    assert reason in trial.reason
    assert {(sender, block) for _, sender, block in chain.asked} <= {
        ("0x" + "11" * 20, 7),
        (None, 7),
    }


def test_a_revert_without_a_reason_is_judged_by_what_the_target_is(made: Brake) -> None:
    refused, paused = Answer(ok=False, data="0x"), Answer(ok=True, data=TRUE)
    trial = adapter(made, sent=refused, paused=paused)[0].simulate(ACTION, "0x" + "11" * 20, 7)
    assert trial.outcome is Outcome.BRAKED_ALREADY


def test_a_refusal_of_the_gate_is_said_in_its_words() -> None:
    refused = Answer(ok=False, data=selector("AuthorityLapsed()"))
    simulated, _ = adapter(brake(), sent=refused, paused=Answer(ok=True, data=FALSE))
    trial = simulated.simulate(ACTION, "0x" + "11" * 20, 7)
    assert trial.reason == "through the gate at block 7 it would revert: AuthorityLapsed"


@pytest.mark.parametrize(
    ("mined", "seen", "holds"),
    [
        (True, TRUE, True),
        (True, FALSE, False),
        (False, TRUE, True),
        (False, FALSE, False),
        (True, "0x", True),
        (False, "0x", False),
    ],
)
def test_what_counts_after_mining_is_the_target(
    made: Brake, seen: str, *, mined: bool, holds: bool
) -> None:
    verified, _ = adapter(made, paused=Answer(ok=True, data=seen))
    check = verified.verify(Receipt("0x1", 9, "0x2", mined))
    assert check.holds is holds
    assert "block 9" in check.reason
    assert ("reverted" in check.reason) is not mined


def test_the_gate_is_called_as_its_abi_says() -> None:
    call = adapter(brake())[0].call(ACTION)
    (entry,) = [one for one in contracts.load("BrakeGate").abi if one.get("name") == "brake"]
    types = [argument["type"] for argument in entry["inputs"]]
    assert call.data[:10] == "0x" + keccak(text=f"brake({','.join(types)})")[:4].hex()
    assert decode(types, bytes.fromhex(call.data[10:])) == (
        bytes.fromhex(ACTION),
        3,
        POOL,
        bytes.fromhex("8456cb59"),
    )
    assert call.to == GATE


def test_a_brake_of_its_own_reaches_the_gate_as_it_stands() -> None:
    freeze = "0x" + "12" * 40
    plan = adapter(brake(calldata=freeze))[0].plan()
    assert plan.calldata == freeze


def test_a_call_is_spelled_out_by_its_function_and_seen_by_a_question() -> None:
    question = {"function": "isFrozen(address)", "arguments": ["0x" + "CC" * 20]}
    spelled = brake(
        adapter="generic",
        gate=None,
        parameters={
            "call": FREEZE,
            "probe": question | {"target": GATE, "braked": FALSE},
            "also_stops": ["deposit", "borrowing"],
            "released_by": "the council",
        },
    )
    chain = Answers({selector("isFrozen(address)"): Answer(ok=True, data=FALSE)})
    made = registry.build(manifest(spelled), chain, 1)[spelled.name]
    plan = made.plan()
    assert plan.calldata == called("freeze(address)", "0x" + "cc" * 20)
    assert plan.also_stops.activities == {Activity.DEPOSIT, Activity.BORROWING}
    assert made.call(ACTION) == Call(POOL, plan.calldata, plan.gas)
    assert made.probe(7) is Condition.BRAKED
    assert chain.asked[0][0].to == GATE
    assert "the council" in made.describe_release()


def test_without_a_question_only_the_receipt_is_known() -> None:
    made = registry.build(
        manifest(brake(adapter="generic", parameters={"call": FREEZE})), Answers({}), 1
    )["pause-pool"]
    assert made.probe(7) is Condition.UNKNOWN
    assert made.verify(Receipt("0x1", 9, "0x2", ok=True)).holds
    assert not made.verify(Receipt("0x1", 9, "0x2", ok=False)).holds


def test_every_family_is_pulled_through_a_gate_as_well() -> None:
    gated = brake(adapter="pausable", gate=GATE)
    assert adapter(gated)[0].call(ACTION).to == GATE
    assert adapter(gated)[0].plan().target == POOL


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (brake(adapter="lever"), "no adapter 'lever'; there are aave-v3, "),
        (brake(gate=None), "needs the gate's address"),
        (brake(calldata="0x3f4ba83a"), "releases"),
        (brake(adapter="pausable", calldata="0x12345678"), "calls pause\\(\\) and nothing else"),
        (brake(adapter="generic"), "needs parameters.call"),
        (brake(calldata="0x12345678", parameters={"call": FREEZE}), "remove one"),
        (brake(parameters={"call": {"function": "unpause()"}}), "releases"),
        (brake(parameters={"cap": 1}), "parameters.cap: there is no such field"),
        (
            brake(parameters={"call": FREEZE | {"arguments": [1]}}),
            "parameters.call: .*freeze\\(address\\)",
        ),
        (
            brake(parameters={"also_stops": ["sleeping"]}),
            "parameters.also_stops.0: Input should be 'liquidation'",
        ),
    ],
)
def test_a_brake_that_cannot_be_pulled_is_named(wrong: Brake, message: str) -> None:
    with pytest.raises(ConfigurationError, match=f"meadow: brake pause-pool: .*{message}"):
        adapter(wrong)


def test_the_same_brake_twice_is_refused() -> None:
    given = manifest(brake(), brake(name="again"))
    with pytest.raises(ConfigurationError, match="pause-pool and again are the same"):
        within_reach([given], FakeChain(), 1)


def test_brakes_on_other_chains_are_out_of_reach() -> None:
    elsewhere = manifest().model_copy(update={"chain": "eip155:1"})
    assert within_reach([elsewhere], FakeChain(), 1) == {}


def test_who_releases_is_somebody_else(made: Brake) -> None:
    assert POOL in adapter(made)[0].describe_release()


def test_the_latest_epoch_is_that_of_all_gates_of_the_chain() -> None:
    other = "0x" + "dd" * 20
    given = manifest(brake(), brake(name="second", gate=other), brake(name="direct", gate=None))
    epochs = {GATE: 7, other: 2**64 - 1}

    class Gates(FakeChain):
        def call(self, call: Call, *, sender: str | None, block: int | None = None) -> Answer:
            return Answer(ok=True, data=f"0x{epochs[call.to]:064x}")

    assert gate.latest_epoch(Gates(), [given]) == 7  # who made the other jump has stolen a key
    epochs[other] = 41
    assert gate.latest_epoch(Gates(), [given]) == 41
    elsewhere = given.model_copy(update={"chain": "eip155:1"})
    assert gate.latest_epoch(Gates(), [elsewhere]) == 0
