from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from responders.switch import Switch
from runtime.signatures import Signer, generate, load_signer, load_verifier
from schemas.errors import ConfigurationError
from tests.unit.responders.bench import bench
from tests.unit.responders.examples import alert
from tests.unit.responders.fakes import FakeChain


@pytest.fixture
def people(tmp_path: Path) -> list[Signer]:
    return [load_signer(generate(tmp_path / "people", name)) for name in ("ann", "bob")]


def switch(tmp_path: Path) -> Switch:
    return Switch(tmp_path / "journal.jsonl", load_verifier(tmp_path / "people"))


def test_without_people_only_disarm_counts(tmp_path: Path) -> None:
    plain = Switch(tmp_path / "journal.jsonl", None)
    assert plain.on()
    plain.disarm("drill", 1)
    assert not plain.on()
    assert plain.arm(None) == 0
    assert plain.on()


def test_two_different_people_arm_and_one_does_not(tmp_path: Path, people: list[Signer]) -> None:
    ann, bob = people
    asked = switch(tmp_path)
    assert not asked.on()
    assert asked.arm(ann) == 1
    assert asked.arm(ann) == 1
    assert not asked.on()
    assert asked.arm(bob) == 0
    assert asked.on()
    assert switch(tmp_path).on()


def test_after_each_disarming_both_sign_again(tmp_path: Path, people: list[Signer]) -> None:
    asked = switch(tmp_path)
    for now in (1, 2):
        for person in people:
            asked.arm(person)
        assert asked.on()
        asked.disarm("", now)
        assert not asked.on()


def test_an_arming_is_no_other_responder_s(tmp_path: Path, people: list[Signer]) -> None:
    asked = switch(tmp_path)
    for person in people:
        asked.arm(person)
    (tmp_path / "other.jsonl.armed").write_bytes((tmp_path / "journal.jsonl.armed").read_bytes())
    assert not Switch(tmp_path / "other.jsonl", load_verifier(tmp_path / "people")).on()


def test_a_stranger_does_not_arm(tmp_path: Path, people: list[Signer]) -> None:
    stranger = load_signer(generate(tmp_path / "strangers", "eve"))
    with pytest.raises(ConfigurationError, match="not among"):
        switch(tmp_path).arm(stranger)
    with pytest.raises(ConfigurationError, match="--key"):
        switch(tmp_path).arm(None)


@pytest.mark.parametrize("rubbish", [b"", b"{", b'[{"key":"a","signature":"AA=="}]', b"\xff" * 99])
@pytest.mark.usefixtures("people")
def test_what_cannot_be_read_leaves_it_disarmed(tmp_path: Path, rubbish: bytes) -> None:
    (tmp_path / "journal.jsonl.armed").write_bytes(rubbish)
    assert not switch(tmp_path).on()


def test_a_running_responder_stops_at_once_and_goes_on_when_it_is_armed(tmp_path: Path) -> None:
    chain, path = FakeChain(), tmp_path / "journal.jsonl"
    plain = Switch(path, None)
    with bench(path, chain) as responder:
        responder.outlook._switch = plain  # as `firebreak respond` gives it
        plain.disarm("wrong brakes", 1)
        responder.mine()
        responder.receive(alert())
        assert responder.states() == ["proposed", "rehearsed"]
        assert chain.sent == []
        plain.arm(None)
        responder.receive(alert())
        assert responder.states()[-1] == "broadcast"


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBREAK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FIREBREAK_RESPOND__JOURNAL", str(tmp_path / "journal.jsonl"))
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["disarm", "--reason", "drill"]).output == "disarmed\n"
    assert not Switch(tmp_path / "journal.jsonl", None).on()
    for name in ("ann", "bob"):
        generate(tmp_path / "people", name)
    monkeypatch.setenv("FIREBREAK_RESPOND__ARMING_KEYS", str(tmp_path / "people"))
    told = [
        CliRunner().invoke(app, ["arm", "--key", str(tmp_path / "people" / f"{name}.pem")]).output
        for name in ("ann", "bob")
    ]
    assert told == ["1 more people have to sign\n", "armed\n"]
