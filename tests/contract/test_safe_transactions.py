"""Emergency transactions of a real Safe: its nonces, its queue, its files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from eth_utils.address import to_checksum_address

from responders.adapters.base import Adapter, Condition, NotNowError, Outcome
from responders.adapters.safe import Emergency
from runtime.safe_transactions import NOBODY, SafeTransaction
from sandbox.evm import Call, Contract
from schemas.errors import ConfigurationError, TransientError
from schemas.manifest import Brake
from tests.contract import safes
from tests.contract.exhibits import ours
from tests.contract.stage import ACTION, Exhibit, Stage

pytestmark = pytest.mark.node


class Emergencies:
    """A vault that a Safe may pause, and what its owners signed."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage = stage
        self.folder = folder
        self.safe: Contract = safes.new_safe(stage)
        self.shown: Exhibit = ours.pausable(stage, self.safe.address)
        self.brake: Brake = self.shown.brake.model_copy(update={"safe": self.safe.address})
        self.file = folder / f"{self.safe.address}.json"

    def sign(self, count: int) -> Adapter:
        """Let the owners sign for so many nonces; return the adapter that has them."""
        safes.sign(self.stage, self.safe, self.brake, self.folder, count)
        return self.adapter()

    def adapter(self) -> Adapter:
        return self.stage.adapter(self.brake, emergency=self.folder)

    def use_a_nonce(self) -> None:
        """Let the owners do something else."""
        safes.by_owners(self.stage, self.safe, Call(to=self.stage.user.address))


@pytest.fixture
def emergencies(stage: Stage, tmp_path: Path) -> Emergencies:
    return Emergencies(stage, tmp_path)


def transaction(emergencies: Emergencies, nonce: int) -> SafeTransaction:
    plan = emergencies.adapter().plan()
    safe = emergencies.safe.address
    return SafeTransaction(emergencies.stage.hands.id, safe, plan.target, plan.calldata, nonce)


def test_owners_sign_what_the_safe_takes_for_the_transaction(emergencies: Emergencies) -> None:
    emergencies.sign(1)
    made = transaction(emergencies, 7)
    terms = made.terms | {"data": bytes.fromhex(made.data[2:])}
    on_chain = emergencies.stage.hands.read(emergencies.safe, "getTransactionHash", *terms.values())
    assert on_chain[0] == made.digest


def test_a_proposal_is_as_the_transaction_service_takes_it(emergencies: Emergencies) -> None:
    emergencies.sign(1)
    made, owner = transaction(emergencies, 7), safes.OWNERS[0]
    signature = safes.signed_by([owner], made).signatures
    body = made.proposal(owner.address, signature, "Firebreak")
    assert body == {
        "to": to_checksum_address(emergencies.brake.target),
        "value": "0",
        "data": "0x8456cb59",
        "operation": 0,
        "safeTxGas": 0,
        "baseGas": 0,
        "gasPrice": 0,
        "gasToken": "0x" + "00" * 20,
        "refundReceiver": "0x" + "00" * 20,
        "nonce": 7,
        "contractTransactionHash": "0x" + made.digest.hex(),
        "sender": to_checksum_address(owner.address),
        "signature": signature,
        "origin": "Firebreak",
    }


def test_one_that_waits_for_the_same_nonce_blocks_nothing(emergencies: Emergencies) -> None:
    """It has one signature of two: it cannot be carried out, and ours can."""
    adapter, stage = emergencies.sign(1), emergencies.stage
    waiting = SafeTransaction(stage.hands.id, emergencies.safe.address, NOBODY, "0x", 0)
    signed = safes.signed_by(safes.OWNERS[:1], waiting)
    carried_out = bytes.fromhex(waiting.executed(signed.signatures)[2:])
    assert not stage.works(stage.people, Call(to=emergencies.safe.address, data=carried_out))
    assert adapter.verify(stage.pull(adapter)).holds


def test_a_nonce_that_was_used_up_is_passed_over(emergencies: Emergencies) -> None:
    adapter = emergencies.sign(2)
    emergencies.use_a_nonce()
    assert adapter.verify(emergencies.stage.pull(adapter)).holds


def test_when_none_is_left_it_says_so_before_anything_is_sent(emergencies: Emergencies) -> None:
    adapter, stage = emergencies.sign(2), emergencies.stage
    emergencies.use_a_nonce()
    emergencies.use_a_nonce()
    trial = adapter.simulate(ACTION, stage.responder.address, stage.head)
    assert trial.outcome is Outcome.WOULD_FAIL
    assert "the Safe is at nonce 2, and this call is signed for 0, 1: sign it anew" in trial.reason
    with pytest.raises(TransientError, match="sign it anew"):
        adapter.call(ACTION)


def test_what_is_left_over_brakes_again_until_its_nonce_is_used(emergencies: Emergencies) -> None:
    adapter, stage = emergencies.sign(2), emergencies.stage
    stage.pull(adapter)
    stage.do(stage.people, *emergencies.shown.release)
    trial = adapter.simulate(ACTION, stage.stranger.address, stage.head)
    assert trial.outcome is Outcome.WOULD_BRAKE
    emergencies.use_a_nonce()
    trial = adapter.simulate(ACTION, stage.stranger.address, stage.head)
    assert trial.outcome is Outcome.WOULD_FAIL


def test_a_signature_that_is_no_owners_is_named(emergencies: Emergencies) -> None:
    emergencies.sign(1)
    stage, made = emergencies.stage, transaction(emergencies, 0)
    forged = safes.signed_by([stage.stranger, stage.user], made)
    write(emergencies, (forged,))
    trial = emergencies.adapter().simulate(ACTION, stage.responder.address, stage.head)
    assert trial.outcome is Outcome.WOULD_FAIL
    assert "through the Safe" in trial.reason
    assert "a signature is not by an owner" in trial.reason


def test_a_safe_that_braked_already_is_success(emergencies: Emergencies) -> None:
    adapter, stage = emergencies.sign(3), emergencies.stage
    stage.pull(adapter)
    assert adapter.probe(stage.head) is Condition.BRAKED
    second = stage.pull(adapter)
    assert not second.ok
    assert adapter.verify(second).holds


def write(emergencies: Emergencies, signed: tuple[object, ...], **changes: str) -> None:
    whole = {"chain": emergencies.stage.chain.name, "safe": emergencies.safe.address} | changes
    emergencies.file.write_bytes(msgspec.json.encode(whole | {"transactions": signed}))
    emergencies.file.chmod(0o600)


def readable_by_all(emergencies: Emergencies) -> None:
    write(emergencies, ())
    emergencies.file.chmod(0o644)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda it: None, "No such file"),
        (readable_by_all, "can be read by others: chmod 600"),
        (lambda it: write(it, (), chain="eip155:1"), "on eip155:1"),
        (lambda it: write(it, ({"to": "0x"},)), "transactions"),
        (lambda it: write(it, (), more="x"), "more"),
    ],
    ids=["absent", "public", "another chain", "no transaction", "unknown field"],
)
def test_a_file_that_is_not_as_it_must_be_is_named(
    emergencies: Emergencies, spoil: Callable[[Emergencies], None], message: str
) -> None:
    spoil(emergencies)
    with pytest.raises(ConfigurationError, match=f"meadow: brake pause-vault: .*{message}"):
        emergencies.adapter()


def test_without_a_folder_the_owners_are_asked(emergencies: Emergencies) -> None:
    asked = emergencies.stage.adapter(emergencies.brake)
    proposal = asked.proposal()
    assert proposal is not None
    assert (proposal.safe, proposal.to) == (emergencies.brake.safe, emergencies.brake.target)
    with pytest.raises(NotNowError, match="before the Safe's owners"):
        asked.call("0" * 64)


def test_the_file_is_what_was_written(emergencies: Emergencies) -> None:
    emergencies.sign(4)
    kept = msgspec.json.decode(emergencies.file.read_bytes(), type=Emergency)
    assert [one.nonce for one in kept.transactions] == [0, 1, 2, 3]


def carried_out(emergencies: Emergencies, made: SafeTransaction, signatures: str) -> Call:
    return Call(to=emergencies.safe.address, data=bytes.fromhex(made.executed(signatures)[2:]))


def test_whoever_has_the_file_brakes_until_its_nonces_are_used_and_can_bend_nothing(
    emergencies: Emergencies,
) -> None:
    """A stolen folder of what owners signed beforehand: the worst is the brake that it was for."""
    adapter, stage = emergencies.sign(2), emergencies.stage
    kept = msgspec.json.decode(emergencies.file.read_bytes(), type=Emergency).transactions
    for bent in (
        replace(transaction(emergencies, 0), data="0x3f4ba83a"),
        replace(transaction(emergencies, 0), to=stage.stranger.address),
    ):
        stolen = carried_out(emergencies, bent, kept[0].signatures)
        assert not stage.works(stage.stranger, stolen)
    for one in kept:
        call = carried_out(emergencies, transaction(emergencies, one.nonce), one.signatures)
        assert stage.works(stage.stranger, call)
        stage.do(stage.stranger, call)
        assert adapter.probe(stage.head) is Condition.BRAKED
        assert not stage.works(stage.stranger, call), "each once"
        stage.do(stage.people, *emergencies.shown.release)
    assert adapter.probe(stage.head) is Condition.OPEN


def test_the_signature_of_who_only_proposes_carries_nothing_out(emergencies: Emergencies) -> None:
    """A stolen proposer's key: whatever it signs, alone or beside one owner, the Safe refuses."""
    emergencies.sign(1)
    stage, made = emergencies.stage, transaction(emergencies, 0)
    for signers in ([stage.stranger], [stage.stranger, safes.OWNERS[0]]):
        signed = safes.signed_by(signers, made)
        assert not stage.works(stage.stranger, carried_out(emergencies, made, signed.signatures))
