import json
from functools import partial
from pathlib import Path

import pytest
from eth_account import Account
from pydantic import SecretStr

from responders.chain import Call
from responders.fees import Fee
from responders.signer import KeySigner, address_of, generate, open_keystore
from responders.transactions import fee_of
from schemas.errors import ConfigurationError

KEY = bytes(31) + b"\x07"
CALL = Call("0x" + "ab" * 20, "0x8456cb59", 100_000)
PASSWORD = SecretStr("correct horse")


@pytest.fixture
def keystore(tmp_path: Path) -> Path:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(Account.encrypt(KEY, "correct horse", iterations=2)))
    path.chmod(0o600)
    return path


def test_the_keystores_account_signs(keystore: Path) -> None:
    signer = open_keystore(keystore, PASSWORD, 31337)
    signed = signer.sign(CALL, 3, Fee(100, 2))
    assert Account.recover_transaction(signed.raw).lower() == signer.address
    assert signer.address == address_of(keystore) == KeySigner(KEY, 31337).address


def test_the_same_brake_gives_the_same_transaction() -> None:
    signer = KeySigner(KEY, 31337)
    assert signer.sign(CALL, 3, Fee(100, 2)) == signer.sign(CALL, 3, Fee(100, 2))
    assert signer.sign(CALL, 3, Fee(100, 2)).tx != signer.sign(CALL, 4, Fee(100, 2)).tx


def test_the_fee_can_be_read_from_the_transaction() -> None:
    assert fee_of(KeySigner(KEY, 31337).sign(CALL, 3, Fee(100, 2)).raw) == Fee(100, 2)


def test_a_wrong_password_opens_nothing_and_is_not_repeated(keystore: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not open") as caught:
        open_keystore(keystore, SecretStr("battery staple"), 31337)
    assert "staple" not in str(caught.value)


def test_a_keystore_that_others_can_read_is_refused(keystore: Path) -> None:
    keystore.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        open_keystore(keystore, PASSWORD, 31337)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"crypto": 1', '{"crypto": {}}'])
def test_what_is_no_keystore_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match=r"key\.json"):
        open_keystore(path, PASSWORD, 31337)
    with pytest.raises(ConfigurationError, match=r"key\.json"):
        address_of(path)


def test_no_keystore_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="firebreak keys"):
        open_keystore(tmp_path / "none.json", PASSWORD, 31337)


def test_a_new_key_is_encrypted_private_and_never_overwrites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = partial(Account.encrypt, iterations=2)
    monkeypatch.setattr(Account, "encrypt", quick)
    path = tmp_path / "keys" / "responder.json"
    address = generate(path, PASSWORD)
    assert path.stat().st_mode & 0o777 == 0o600
    assert open_keystore(path, PASSWORD, 1).address == address
    with pytest.raises(ConfigurationError, match="never overwritten"):
        generate(path, PASSWORD)


def test_a_signer_does_not_show_its_key() -> None:
    assert KEY.hex() not in repr(KeySigner(KEY, 1)) + str(vars(KeySigner(KEY, 1)))
