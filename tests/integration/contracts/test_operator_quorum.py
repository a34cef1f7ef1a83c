"""k of n operators before a broad brake, on a real node: who can brake, and who cannot."""

from itertools import combinations
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import contracts
from responders.consents import VALID_FOR, braking, consent, enough
from responders.questions import Question
from responders.signer import KeySigner
from sandbox.abi import Interface
from sandbox.evm import Account, Call, Contract
from sandbox.world import PAUSE
from schemas.consents import Consent

if TYPE_CHECKING:
    from tests.integration.contracts.conftest import Bench

pytestmark = pytest.mark.node

OPERATORS = [Account.named(f"operator-{n}") for n in range(4)]
ADDRESSES = {operator.address for operator in OPERATORS}
NEEDED = 3
STRANGER = Account.named("stranger")


class Quorum:
    """The gate behind a quorum, which is its only responder."""

    def __init__(self, bench: "Bench") -> None:
        self.bench = bench
        names = [operator.address for operator in OPERATORS]
        safe, gate = bench.world.safe.address, bench.gate.address
        self.contract = bench.create("OperatorQuorum", safe, gate, names, NEEDED)
        bench.set("setResponder", self.contract.address, True)  # noqa: FBT003 - the contract's
        bench.set("setResponder", bench.responder.address, False)  # noqa: FBT003 - the contract's

    def question(self, round_: int = 0, **changes: Any) -> Question:
        asked: dict[str, Any] = {
            "chain_id": self.bench.chain.id,
            "quorum": self.contract.address,
            "target": self.bench.world.pool.address,
            "calldata": PAUSE,
            "round": round_,
        }
        return Question(**asked | changes)

    def words(self, signers: list[Account], question: Question | None = None) -> list[Consent]:
        now, asked = self.bench.chain.timestamp(), question or self.question()
        ordered = sorted(signers, key=lambda one: one.address)
        return [self.word(one, asked, now) for one in ordered]

    def word(self, signer: Account, asked: Question, now: int) -> Consent:
        key = KeySigner(bytes(signer.signer.key), self.bench.chain.id)
        return consent(asked, "meadow", key, now)

    def sent(self, words: list[Consent]) -> Any:
        """Let somebody who has no say send these words; return the receipt."""
        return self.bench.act(self.bench.stranger, self.call(words))

    def refusal(self, words: list[Consent]) -> str:
        """Return why these words do not brake."""
        call = self.call(words)
        abi = [*self.contract.interface.abi, *self.bench.gate.interface.abi]
        errors = {entry["name"]: entry for entry in abi if entry["type"] == "error"}
        known = Contract(self.contract.address, Interface(list(errors.values())))
        before, self.bench.gate = self.bench.gate, known
        try:
            return self.bench.reason(self.bench.stranger.address, call)
        finally:
            self.bench.gate = before

    def call(self, words: list[Consent]) -> Call:
        message = braking(self.question(), words)
        return Call(to=message.to, data=bytes.fromhex(message.data[2:]), gas=message.gas)


@pytest.fixture
def quorum(bench: "Bench") -> Quorum:
    return Quorum(bench)


@pytest.mark.parametrize("absent", OPERATORS, ids=lambda one: one.name)
def test_without_any_single_operator_the_others_brake(quorum: Quorum, absent: Account) -> None:
    heard = quorum.words([one for one in OPERATORS if one != absent])
    now = quorum.bench.chain.timestamp()
    chosen = list(enough(quorum.question(), heard, ADDRESSES, NEEDED, now))
    assert quorum.sent(chosen)["status"] == "0x1"
    assert quorum.bench.is_paused()


def test_fewer_than_k_never_brake_whoever_they_are(quorum: Quorum) -> None:
    for count in range(NEEDED):
        for signers in combinations(OPERATORS, count):
            words = quorum.words(list(signers))
            now = quorum.bench.chain.timestamp()
            assert enough(quorum.question(), words, ADDRESSES, NEEDED, now) == ()
            assert quorum.refusal(words) == "TooFewOperators"


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_mixture_of_bad_words_makes_up_for_a_missing_operator(
    quorum: Quorum, data: st.DataObject
) -> None:
    """Two operators are honest; the rest is doubled, stolen from elsewhere, or noise."""
    good = quorum.words(OPERATORS[: NEEDED - 1])
    elsewhere = [
        quorum.question(round_=1),
        quorum.question(target=quorum.bench.world.vault.address),
        quorum.question(chain_id=1),
        quorum.question(quorum=quorum.bench.gate.address),
        quorum.question(calldata="0x3f4ba83a"),
    ]
    bad = [
        *good,
        *quorum.words([STRANGER]),
        *(quorum.words([OPERATORS[3]], asked)[0] for asked in elsewhere),
        msgspec.structs.replace(quorum.words([OPERATORS[3]])[0], expires=good[0].expires + 1),
        msgspec.structs.replace(
            good[0], signature="0x" + data.draw(st.binary(min_size=65, max_size=65)).hex()
        ),
    ]
    added = data.draw(st.lists(st.sampled_from(bad), min_size=1, max_size=5))
    mixture = data.draw(st.permutations([*good, *added]))
    now = quorum.bench.chain.timestamp()
    assert enough(quorum.question(), mixture, ADDRESSES, NEEDED, now) == ()
    assert quorum.refusal(mixture) != ""
    assert not quorum.bench.is_paused()


def test_words_are_used_up_by_their_brake(quorum: Quorum) -> None:
    words = quorum.words(OPERATORS[:NEEDED])
    quorum.sent(words)
    quorum.bench.by_safe(quorum.bench.world.pool.call("unpause"))
    assert quorum.refusal(words) == "NotAnOperator"
    again = quorum.words(OPERATORS[:NEEDED], quorum.question(round_=1))
    assert quorum.sent(again)["status"] == "0x1"
    assert quorum.bench.is_paused()


def test_a_brake_that_reverts_uses_up_nothing(quorum: Quorum) -> None:
    words = quorum.words(OPERATORS[:NEEDED])
    quorum.bench.by_safe(quorum.bench.gate.call("kill"))
    assert quorum.refusal(words) == "Disarmed"
    quorum.sent(words)
    quorum.bench.by_safe(quorum.bench.gate.call("arm"))
    assert quorum.sent(words)["status"] == "0x1"


def test_words_expire_and_none_is_valid_for_long(quorum: Quorum) -> None:
    words = quorum.words(OPERATORS[:NEEDED])
    quorum.bench.chain.mine(VALID_FOR + 1)
    assert quorum.refusal(words) == "OutOfTime"
    ahead = quorum.bench.chain.timestamp() + 3600
    early = [quorum.word(one, quorum.question(), ahead) for one in OPERATORS]
    assert quorum.refusal(early) == "OutOfTime"


def test_only_the_safe_names_operators_and_the_replaced_have_no_say(quorum: Quorum) -> None:
    words = quorum.words(OPERATORS[:NEEDED])
    others = [OPERATORS[1].address, OPERATORS[2].address, STRANGER.address]
    change = quorum.contract.call("setOperators", others, 2)
    assert quorum.bench.act(quorum.bench.stranger, change)["status"] == "0x0"
    assert quorum.bench.by_safe(change)["status"] == "0x1"
    assert quorum.refusal(words) == "NotAnOperator"


@pytest.mark.parametrize("threshold", [0, 1, 4, 5])
def test_one_is_never_enough_and_all_are_never_needed(quorum: Quorum, threshold: int) -> None:
    names = [operator.address for operator in OPERATORS]
    change = quorum.contract.call("setOperators", names, threshold)
    assert quorum.bench.by_safe(change)["status"] == "0x0"


def test_an_operator_cannot_be_named_twice(quorum: Quorum) -> None:
    twice = [OPERATORS[0].address, OPERATORS[0].address, OPERATORS[1].address]
    assert quorum.bench.by_safe(quorum.contract.call("setOperators", twice, 2))["status"] == "0x0"


def test_the_artefact_is_there() -> None:
    names = {entry.get("name") for entry in contracts.load("OperatorQuorum").abi}
    assert {"brake", "rounds", "operators", "threshold"} <= names
