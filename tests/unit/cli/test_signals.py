"""What `firebreak signals` asks for before it says anything."""

import json
from pathlib import Path

import pytest
from eth_account import Account
from typer.testing import CliRunner

from cli.main import app
from cli.signals import issuing_of
from runtime.settings import load
from schemas.errors import ConfigurationError
from tests.unit.neighbours.examples import address, key

MANIFEST = """
protocol = "meadow"
chain = "eip155:1"

[[contracts]]
address = "0x1111111111111111111111111111111111111111"
role = "oracle"
holds_value = false

[[contracts]]
address = "0x2222222222222222222222222222222222222222"
role = "pool"
"""


@pytest.fixture
def flags(tmp_path: Path) -> dict[str, object]:
    """Settings that issue signals."""
    keystore = json.dumps(Account.encrypt(key(9), "s", iterations=2))
    for name, text in (("k.json", keystore), ("p", "s")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    (tmp_path / "meadow.toml").write_text(MANIFEST)
    own = {
        "publish": True,
        "keystore": tmp_path / "k.json",
        "keystore_password_file": tmp_path / "p",
    }
    return {"signals": own, "protocols": tmp_path, "home": tmp_path / "home"}


def test_nothing_is_issued_by_itself() -> None:
    assert issuing_of(load()) is None


def test_it_issues_with_the_key_it_is_given(flags: dict[str, object]) -> None:
    issuing = issuing_of(load(flags))
    assert issuing is not None
    assert issuing.issuer == address(9)
    assert issuing._homes == {
        "meadow": tuple(f"eip155:1:0x{byte * 20}" for byte in ("22", "11")),
    }, "who holds value first"


def test_a_key_is_needed(flags: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="firebreak keys issuer"):
        issuing_of(load(flags | {"signals": {"publish": True}}))


@pytest.mark.parametrize("name", ["keystore", "heartbeat_keystore"])
def test_a_brakes_key_signs_no_signals(flags: dict[str, object], name: str) -> None:
    braking = {name: flags["signals"]["keystore"]}  # type: ignore[index]
    with pytest.raises(ConfigurationError, match="a key of their own"):
        issuing_of(load(flags | {"respond": braking}))


def test_there_has_to_be_something_to_tell_of(flags: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nothing to tell of"):
        issuing_of(load(flags | {"protocols": tmp_path / "home"}))


def test_the_game_says_what_it_found() -> None:
    done = CliRunner().invoke(app, ["signals", "simulate", "--campaigns", "4", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["false_brakes_by_liars"] == 0
    assert (
        "false brakes by liars: 0"
        in CliRunner().invoke(app, ["signals", "simulate", "--campaigns", "4"]).stdout
    )
