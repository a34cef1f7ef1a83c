import json
from pathlib import Path

import pytest
from eth_account import Account as Accounts
from pydantic import SecretStr

from responders import equipment
from responders.ledger import fold
from responders.levers import within_reach
from responders.outlook import Account
from runtime.settings import RespondSettings
from schemas.errors import ConfigurationError
from tests.unit.responders.examples import brake, manifest
from tests.unit.responders.fakes import SIGNER, FakeChain
from tests.unit.responders.test_ledger import step

KEY = bytes(31) + b"\x07"


@pytest.fixture
def keystore(tmp_path: Path) -> Path:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(Accounts.encrypt(KEY, "secret", iterations=2)))
    path.chmod(0o600)
    return path


@pytest.fixture
def password(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text("secret\n")
    path.chmod(0o600)
    return path


def test_disarmed_is_the_default_and_needs_nothing() -> None:
    assert not RespondSettings().armed
    equipment.require_all(RespondSettings())


def test_arming_names_everything_that_is_missing() -> None:
    with pytest.raises(ConfigurationError) as caught:
        equipment.require_all(RespondSettings(armed=True))
    for name in ("keystore", "keystore_password_file", "trusted_keys", "journal", "arming_keys"):
        assert f"respond.{name}" in str(caught.value)


def test_arming_with_everything_is_possible(tmp_path: Path) -> None:
    equipment.require_all(
        RespondSettings(
            armed=True,
            keystore=tmp_path,
            keystore_password=SecretStr("x"),
            trusted_keys=tmp_path,
            journal=tmp_path,
            arming_keys=tmp_path,
        )
    )


def test_a_dry_run_knows_the_account_but_not_its_key(keystore: Path) -> None:
    account = equipment.account_of(RespondSettings(keystore=keystore), 31337)
    assert account == Account(SIGNER.address, None)
    assert equipment.account_of(RespondSettings(), 31337) == Account(None, None)


def test_armed_the_key_is_opened_with_the_password_of_the_file(
    keystore: Path, password: Path
) -> None:
    settings = RespondSettings(armed=True, keystore=keystore, keystore_password_file=password)
    account = equipment.account_of(settings, 31337)
    assert account.signer is not None
    assert account.address == SIGNER.address


def test_what_is_given_both_ways_is_refused(keystore: Path, password: Path) -> None:
    both = RespondSettings(
        armed=True,
        keystore=keystore,
        keystore_password=SecretStr("x"),
        keystore_password_file=password,
        heartbeat_keystore=keystore,
        heartbeat_socket=keystore,
    )
    with pytest.raises(ConfigurationError, match="keystore_password_file are both set"):
        equipment.account_of(both, 31337)
    with pytest.raises(ConfigurationError, match="heartbeat_keystore are both set"):
        equipment.heartbeat_of(both, 31337)


def test_heartbeats_are_sent_only_when_armed(keystore: Path, password: Path) -> None:
    settings = RespondSettings(heartbeat_keystore=keystore, heartbeat_password_file=password)
    assert equipment.heartbeat_of(settings, 1) is None
    armed = settings.model_copy(update={"armed": True})
    signer = equipment.heartbeat_of(armed, 1)
    assert signer is not None
    assert signer.address == SIGNER.address
    assert equipment.heartbeat_of(RespondSettings(armed=True), 1) is None


def test_a_password_file_is_private(password: Path) -> None:
    password.chmod(0o640)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        equipment.password_in(password)
    with pytest.raises(ConfigurationError, match="no password file"):
        equipment.password_in(password.with_name("none"))
    with pytest.raises(ConfigurationError, match="needs the file"):
        equipment.password_in(None)


def test_brakes_of_another_account_have_to_be_settled_first() -> None:
    ledger = fold([step("broadcast", nonce=1, sender="0xaa")])
    equipment.require_own(ledger, Account("0xaa", SIGNER))
    equipment.require_own(ledger, Account("0xbb", None))
    with pytest.raises(ConfigurationError, match="from 0xaa"):
        equipment.require_own(ledger, Account("0xbb", SIGNER))
    settled = fold([step("final", nonce=1, sender="0xaa")])
    equipment.require_own(settled, Account("0xbb", SIGNER))


@pytest.mark.parametrize("armed", [True, False])
def test_a_way_through_a_safe_needs_who_is_asked(*, armed: bool) -> None:
    asked = brake(adapter="pausable", gate=None, safe="0x" + "5a" * 20)
    levers = within_reach([manifest(asked)], FakeChain(), 1)
    settings = RespondSettings(armed=armed, safe_service="https://safe.example")
    if armed:
        with pytest.raises(ConfigurationError, match=r"respond\.proposer_socket"):
            equipment.notices_of(settings, 1, levers)
    else:
        assert equipment.notices_of(settings, 1, levers) is None
    assert equipment.notices_of(settings, 1, {}) is None
