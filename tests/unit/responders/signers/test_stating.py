"""A signer process that warns neighbours: what it refuses, and that it signs nothing else."""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from responders.signer import KeySigner, SignerRefusalError
from responders.signers import policy
from responders.signers.client import SocketSigner, SocketStater
from responders.signers.desks import SignerDesk, StatementDesk
from responders.signers.policy import Allowed, SignerPolicy, StatementPolicy
from responders.signers.wire import Attest, Refusal, Sign, State
from runtime.statement import signer_of
from schemas.errors import ConfigurationError, TransientError
from schemas.signals import Signal
from tests.unit.responders.signers.conftest import Serve

ME = os.geteuid()
KEY = KeySigner(bytes(31) + b"\x09", 0)
OURS = "eip155:1:0x" + "ab" * 20
NOW = 1_700_000_000
POLICY = StatementPolicy(targets=frozenset({OURS}), lifetime_seconds=3_600, signatures_per_hour=3)


def signal(**changes: Any) -> Signal:
    made = Signal(
        id="11" * 32,
        issuer=KEY.address,
        seq=1,
        expiry=NOW + 3_000,
        target=OURS,
        technique="ADT3012",
        severity="high",
        confidence=7_000,
        evidence_root="0x" + "00" * 32,
        signature="0x" + "00" * 65,
    )
    return msgspec.structs.replace(made, **changes)


def desk() -> StatementDesk:
    return StatementDesk(KEY, POLICY, monotonic=lambda: 0.0, now=lambda: float(NOW))


def test_what_it_signs_is_what_was_asked(serving: Serve) -> None:
    stater = SocketStater(serving(desk()))
    assert stater.address == KEY.address
    signed = msgspec.structs.replace(signal(), signature=stater.sign_statement(signal()))
    assert signer_of(signed) == KEY.address


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"target": "eip155:1:0x" + "cd" * 20}, "not on the signer's list"),
        ({"issuer": "0x" + "cd" * 20}, "not the account"),
        ({"expiry": NOW + 3_601}, "lifetime_seconds"),
        ({"technique": "pay me"}, "technique"),
    ],
)
def test_its_policy_bounds_what_it_says(
    serving: Serve, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(SignerRefusalError, match=reason):
        SocketStater(serving(desk())).sign_statement(signal(**changes))


def test_no_sequence_is_signed_twice_and_not_too_many() -> None:
    asked = desk()
    for seq in (1, 2):
        assert not isinstance(asked.answer(State(signal(seq=seq))), Refusal)
    for seq in (1, 2):
        again = asked.answer(State(signal(seq=seq, confidence=0)))
        assert isinstance(again, Refusal)
        assert "signed already" in again.reason
    assert not isinstance(asked.answer(State(signal(seq=3))), Refusal)
    beyond = asked.answer(State(signal(seq=4)))
    assert isinstance(beyond, Refusal)
    assert "within an hour" in beyond.reason


def test_it_signs_no_transaction_and_no_yes() -> None:
    for question in (
        Sign("0x" + "ab" * 20, "0x8456cb59", 1, 0, 1, 1),
        Attest("0x" + "ab" * 20, "0x" + "ab" * 20, "0x8456cb59", 1, NOW),
    ):
        assert isinstance(desk().answer(question), Refusal)


def test_a_key_that_brakes_does_not_warn_and_the_other_way_round(serving: Serve) -> None:
    brakes = SignerPolicy(
        chain="eip155:1",
        fee_cap_gwei=1,
        gas_cap=1,
        signatures_per_hour=1,
        allow=(Allowed(to="0x" + "ab" * 20, call="pause()"),),
    )
    braking = SignerDesk(KEY, brakes)
    assert isinstance(braking.answer(State(signal())), Refusal)
    with pytest.raises(ConfigurationError, match="brakes"):
        SocketStater(serving(braking))


def test_nobody_brakes_by_the_socket_of_a_key_that_warns(serving: Serve) -> None:
    with pytest.raises(ConfigurationError, match="not of eip155:1"):
        SocketSigner(serving(desk()), 1, 1)


def test_another_signature_is_not_passed_on(serving: Serve) -> None:
    class Bent(KeySigner):
        def sign_statement(self, signal: Signal) -> str:
            return super().sign_statement(msgspec.structs.replace(signal, confidence=1))

    bent = StatementDesk(Bent(bytes(31) + b"\x09", 0), POLICY, now=lambda: float(NOW))
    with pytest.raises(TransientError, match="something else"):
        SocketStater(serving(bent)).sign_statement(signal())


def test_a_policy_file_says_which_of_both_a_key_is(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    own = f'[signals]\ntargets = ["{OURS}"]\nlifetime_seconds = 3_600\nsignatures_per_hour = 3\n'
    path.write_text(own)
    path.chmod(0o600)
    assert policy.load(path) == POLICY
    path.write_text('chain = "eip155:1"\n' + own)
    with pytest.raises(ConfigurationError, match="signals"):
        policy.load(path)
