from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from responders.switch import Switch
from runtime.signatures import Signer, Verifier, generate, load_signer, load_verifier
from sandbox.ports import free_port
from schemas.errors import ConfigurationError, TransientError
from tests.unit.responders.bench import bench
from tests.unit.responders.examples import alert
from tests.unit.responders.fakes import FakeChain


@pytest.fixture
def people(tmp_path: Path) -> list[Signer]:
    return [load_signer(generate(tmp_path / "people", name)) for name in ("ann", "bob")]


def switch(tmp_path: Path) -> Switch:
    return Switch(tmp_path / "state" / "journal.jsonl", load_verifier(tmp_path / "people"))


def arm(asked: Switch, person: Signer) -> int:
    return asked.arm(asked.word(person))


def test_where_nobody_may_arm_it_is_never_armed(tmp_path: Path, people: list[Signer]) -> None:
    nobodys = Switch(tmp_path / "journal.jsonl", Verifier({}))
    for person in people:
        with pytest.raises(ConfigurationError, match="not among"):
            arm(nobodys, person)
    assert not nobodys.on()
    nobodys.disarm("drill", 1)
    assert not nobodys.on()


def test_two_different_people_arm_and_one_does_not(tmp_path: Path, people: list[Signer]) -> None:
    ann, bob = people
    asked = switch(tmp_path)
    assert not asked.on()
    assert arm(asked, ann) == 1
    assert arm(asked, ann) == 1
    assert not asked.on()
    assert arm(asked, bob) == 0
    assert asked.on()
    assert switch(tmp_path).on()


def test_it_starts_once_two_armed_and_after_a_disarming_only_to_follow(
    tmp_path: Path, people: list[Signer]
) -> None:
    asked = switch(tmp_path)
    for person in people:
        with pytest.raises(ConfigurationError, match="firebreak arm --key"):
            asked.require_armed()
        arm(asked, person)
    asked.require_armed()
    asked.disarm("drill", 1)
    asked.require_armed()
    assert not asked.on()


def test_one_person_s_key_under_two_names_is_one_key(tmp_path: Path, people: list[Signer]) -> None:
    folder = tmp_path / "people"
    (folder / "bob.pub.pem").write_bytes((folder / "ann.pub.pem").read_bytes())
    ann, bob = people
    assert arm(switch(tmp_path), ann) == 1
    with pytest.raises(ConfigurationError, match="not among"):
        arm(switch(tmp_path), bob)
    assert arm(switch(tmp_path), ann) == 1


def test_after_each_disarming_both_sign_again(tmp_path: Path, people: list[Signer]) -> None:
    asked = switch(tmp_path)
    for now in (1, 2):
        for person in people:
            arm(asked, person)
        assert asked.on()
        asked.disarm("", now)
        assert not asked.on()


def test_an_arming_is_no_other_responder_s(tmp_path: Path, people: list[Signer]) -> None:
    asked = switch(tmp_path)
    for person in people:
        arm(asked, person)
    given = (tmp_path / "state" / "journal.jsonl.armed").read_bytes()
    (tmp_path / "other.jsonl.armed").write_bytes(given)
    assert not Switch(tmp_path / "other.jsonl", load_verifier(tmp_path / "people")).on()


def test_a_stranger_does_not_arm(tmp_path: Path, people: list[Signer]) -> None:
    stranger = load_signer(generate(tmp_path / "strangers", "eve"))
    with pytest.raises(ConfigurationError, match="not among"):
        arm(switch(tmp_path), stranger)


@pytest.mark.parametrize("rubbish", [b"", b"{", b'[{"key":"a","signature":"AA=="}]', b"\xff" * 99])
def test_what_cannot_be_read_leaves_it_disarmed_until_people_arm_it(
    tmp_path: Path, people: list[Signer], rubbish: bytes
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "journal.jsonl.armed").write_bytes(rubbish)
    asked = switch(tmp_path)
    assert not asked.on()
    assert [arm(asked, person) for person in people] == [1, 0]


def test_a_running_responder_stops_at_once_and_goes_on_when_it_is_armed(
    tmp_path: Path, people: list[Signer]
) -> None:
    chain, path = FakeChain(), tmp_path / "journal.jsonl"
    kept = Switch(path, load_verifier(tmp_path / "people"))
    with bench(path, chain) as responder:
        responder.outlook._switch = kept  # as `firebreak respond` gives it
        kept.disarm("wrong brakes", 1)
        responder.mine()
        responder.receive(alert())
        assert responder.states() == ["proposed", "rehearsed"]
        assert chain.sent == []
        for person in people:
            arm(kept, person)
        responder.receive(alert())
        assert responder.states()[-1] == "broadcast"


def test_who_disarms_while_an_arming_is_told_makes_it_void(
    tmp_path: Path, people: list[Signer]
) -> None:
    asked, (ann, bob) = switch(tmp_path), people
    words = asked.word(ann), asked.word(bob)
    assert asked.arm(words[0]) == 1
    asked.disarm("wrong brakes", 1)
    with pytest.raises(ConfigurationError, match="disarmed while this was told"):
        asked.arm(words[1])
    assert not asked.on()


@pytest.mark.parametrize("trouble", [KeyboardInterrupt, RuntimeError])
def test_disarming_disarms_whatever_becomes_of_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: type[BaseException]
) -> None:
    def start(_: object) -> None:
        raise trouble

    monkeypatch.setenv("FIREBREAK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FIREBREAK_RESPOND__JOURNAL", str(tmp_path / "journal.jsonl"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("threading.Thread.start", start)
    said = CliRunner().invoke(app, ["disarm"])
    assert said.stdout.startswith("disarmed\n")
    assert (tmp_path / "journal.jsonl.disarmed").exists()


def test_disarming_waits_for_no_broker_and_arming_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREBREAK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FIREBREAK_RESPOND__JOURNAL", str(tmp_path / "journal.jsonl"))
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", f"127.0.0.1:{free_port()}")
    monkeypatch.setattr("runtime.kafka.REQUEST_TIMEOUT", 0.5)
    monkeypatch.setattr("cli.arming.DISARM_SECONDS", 0.2)
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(app, ["disarm", "--reason", "drill"])
    assert said.stdout == "disarmed\n"
    assert "before anyone was told" in said.stderr
    assert (tmp_path / "journal.jsonl.disarmed").exists()
    generate(tmp_path / "people", "ann")
    generate(tmp_path / "others", "eve")
    monkeypatch.setenv("FIREBREAK_RESPOND__ARMING_KEYS", str(tmp_path / "people"))
    strange = CliRunner().invoke(app, ["arm", "--key", str(tmp_path / "others" / "eve.pem")])
    assert "not among respond.arming_keys" in str(strange.exception), "nobody is told of that"
    refused = CliRunner().invoke(app, ["arm", "--key", str(tmp_path / "people" / "ann.pem")])
    assert isinstance(refused.exception, TransientError)
    assert not (tmp_path / "journal.jsonl.armed").exists()
