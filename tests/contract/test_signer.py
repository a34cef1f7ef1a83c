"""What every signer promises, whoever keeps the key: one suite over all of them."""

import os
import pickle
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]  # ships no types
import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from eth_account import Account
from hexbytes import HexBytes
from moto import mock_aws
from moto.kms.utils import ECDSAPrivateKey

from neighbours.issuing import StatementSigner
from responders.chain import Call
from responders.fees import Fee
from responders.questions import Question, signed_by
from responders.signer import KeySigner, Signer, SignerRefusalError
from responders.signers.client import SocketSigner
from responders.signers.desks import SignerDesk
from responders.signers.kms import SPEC, KmsSigner
from responders.signers.policy import Agreed, Allowed, SignerPolicy
from responders.signers.server import listening, serve
from responders.transactions import ORDER, fields, fields_of, says
from runtime.admission import Admission
from tests.unit.neighbours.examples import NOW, unsigned

KEY = bytes(31) + b"\x07"
CHAIN_ID = 31337
TARGET = "0x" + "ab" * 20
PAUSE = "0x8456cb59"
QUORUM = "0x" + "cd" * 20
POLICY = SignerPolicy(
    chain=f"eip155:{CHAIN_ID}",
    fee_cap_gwei=500,
    gas_cap=1_000_000,
    signatures_per_hour=1000,
    allow=(Allowed(to=TARGET, call="pause()"),),
    agree=(Agreed(quorum=QUORUM, target=TARGET, data=PAUSE),),
)


def _prehashed(self: Any, message: bytes, signing_algorithm: str) -> bytes:
    """Sign a digest as KMS does; moto hashes it once more, and says so."""
    assert (len(message), signing_algorithm) == (32, "ECDSA_SHA_256")
    signature: bytes = self.private_key.sign(message, ec.ECDSA(Prehashed(hashes.SHA256())))
    return signature


@pytest.fixture
def kms(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A KMS of this test's own."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr(ECDSAPrivateKey, "sign", _prehashed)
    with mock_aws():
        yield boto3.client("kms", region_name="eu-central-1")


def kms_signer(kms: Any) -> KmsSigner:
    made = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec=SPEC)
    return KmsSigner(kms, made["KeyMetadata"]["KeyId"], CHAIN_ID)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[SocketSigner]:
    """A signer behind its real socket."""
    path, stop = tmp_path / "signer.sock", threading.Event()
    desk = SignerDesk(KeySigner(KEY, CHAIN_ID), POLICY)
    with listening(path, os.geteuid()) as listener:
        thread = threading.Thread(target=serve, args=(listener, desk, os.geteuid(), stop))
        thread.start()
        try:
            yield SocketSigner(path, CHAIN_ID, POLICY.fee_cap)
        finally:
            stop.set()
            thread.join()


@pytest.fixture(params=["keystore", "kms", "process"])
def signer(request: pytest.FixtureRequest) -> Signer:
    """Each signer there is."""
    if request.param == "kms":
        return kms_signer(request.getfixturevalue("kms"))
    if request.param == "process":
        found: Signer = request.getfixturevalue("process")
        return found
    return KeySigner(KEY, CHAIN_ID)


def test_the_account_is_an_address_in_lower_case(signer: Signer) -> None:
    assert len(signer.address) == 42
    assert signer.address == signer.address.lower()


def test_what_is_signed_is_what_was_asked_for_and_nothing_more(signer: Signer) -> None:
    """Forty transactions: both parities, and r and s of every length, occur."""
    dice = random.Random(5)
    seen = set()
    for _ in range(40):
        data = PAUSE + dice.randbytes(dice.choice([0, 32, 260])).hex()
        call = Call(TARGET, data, dice.randint(21_000, 1_000_000))
        nonce, fee = dice.randint(0, 2**40), Fee(dice.randint(0, 5 * 10**11), 0)
        signed = signer.sign(call, nonce, fee)

        assert says(signed, signer.address, fields(CHAIN_ID, call, nonce, fee))
        assert str(Account.recover_transaction(signed.raw)).lower() == signer.address
        found = fields_of(signed.raw)
        assert found["chainId"] == CHAIN_ID
        assert (found["nonce"], found["gas"], found["value"]) == (nonce, call.gas, 0)
        assert (HexBytes(found["data"]), HexBytes(found["to"])) == (
            HexBytes(data),
            HexBytes(TARGET),
        )
        assert found["s"] <= ORDER // 2, "EIP-2: nodes refuse a high s"
        seen.add(found["v"])
    assert seen == {0, 1}


def test_a_yes_is_what_operators_were_asked_and_as_the_contract_takes_it(signer: Signer) -> None:
    soon = int(time.time()) + 600
    for round_ in range(40):
        question = Question(CHAIN_ID, QUORUM, TARGET, PAUSE, round_)
        signature = signer.attest(question, soon)
        assert signed_by(question, soon, signature) == signer.address
        assert signed_by(question, soon + 1, signature) != signer.address


def test_a_signer_process_says_yes_to_what_is_on_its_list_and_not_for_long(
    process: SocketSigner,
) -> None:
    soon = int(time.time()) + 600
    asked = Question(CHAIN_ID, QUORUM, TARGET, PAUSE, 0)
    others = (
        Question(CHAIN_ID, QUORUM, TARGET, "0x3f4ba83a", 0),
        Question(CHAIN_ID, QUORUM, QUORUM, PAUSE, 0),
        Question(CHAIN_ID, TARGET, TARGET, PAUSE, 0),
    )
    for question in others:
        with pytest.raises(SignerRefusalError, match="list"):
            process.attest(question, soon)
    with pytest.raises(SignerRefusalError, match="an hour ahead"):
        process.attest(asked, soon + 7200)


@pytest.mark.parametrize("kept", ["keystore", "kms"])
def test_a_signal_is_signed_in_the_way_that_every_reader_takes(
    request: pytest.FixtureRequest, kept: str
) -> None:
    """Twenty signals: both parities occur, and s of either half before it is lowered."""
    issuer: StatementSigner = (
        KeySigner(KEY, 0) if kept == "keystore" else kms_signer(request.getfixturevalue("kms"))
    )
    admission, parities = Admission([issuer.address]), set()
    for seq in range(20):
        told = unsigned(issuer=issuer.address, seq=seq)
        signed = msgspec.structs.replace(told, signature=issuer.sign_statement(told))
        admission.admit(signed, NOW)
        parities.add(signed.signature[-2:])
    assert parities == {"1b", "1c"}


def test_two_transactions_are_two(signer: Signer) -> None:
    call, fee = Call(TARGET, PAUSE, 100_000), Fee(100, 2)
    assert signer.sign(call, 3, fee).tx != signer.sign(call, 4, fee).tx


def test_it_does_not_give_its_key_away(signer: Signer) -> None:
    shown = f"{signer!r} {signer!s} {signer.address}"
    assert KEY.hex() not in shown
    if isinstance(signer, KeySigner):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(signer)
