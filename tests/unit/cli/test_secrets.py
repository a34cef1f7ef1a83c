"""Canaries in every place where a secret can be set: none may come out of any command."""

import json
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
import typer
from eth_account import Account
from pydantic import BaseModel, SecretStr

from cli import main
from runtime import logs
from runtime.kafka import KafkaBroker
from runtime.settings import Settings
from runtime.signatures import generate
from sandbox.arming import armed_by_two
from schemas.errors import PipelineError

NOT_RUN = {"demo", "scenarios", "fetch", "kafka up", "kafka down", "kafka status", "doctor"}
"""Of this machine alone: they start or look at programs, and are handed no secret."""

ARGUMENTS = {
    "case collect": ["0" * 64, "--out", "evidence", "--by", "Ada", "--why", "practice"],
    "case report": ["0" * 64, "--out", "report", "--by", "Ada", "--why", "practice"],
    "acknowledge": ["some-case"],
    "archive query": ["SELECT 1"],
    "detectors check": ["asset-outflow"],
    "detectors show": ["asset-outflow"],
    "detectors new": ["some-detector"],
    "ingest files": ["."],
    "keys retire": ["0" * 32, "--chain", "eip155:1", "--after", "1"],
    "plugins show": ["asset-outflow"],
    "respond": ["--armed"],
    "signals confirm": ["0", "--protocol", "meadow"],
    "signals export": ["0"],
    "signals import": ["bundle.json"],
    "signals refute": ["0", "--protocol", "meadow"],
    "signals simulate": ["--campaigns", "2"],
}


def _commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(_commands(typer.main.get_command(main.app)))


def _secret_settings(group: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every setting that pydantic was told to be a secret, as its variable."""
    for name, field in group.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _secret_settings(kind, (*path, name))
        elif "SecretStr" in str(kind):
            yield "FIREBREAK_" + "__".join((*path, name)).upper()


SECRETS = sorted(_secret_settings(Settings))


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leaves no logging to the tests that follow."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def canaries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Plants a secret in every setting, variable, file and address that can hold one."""
    planted = {name: f"canary{secrets.token_hex(8)}" for name in SECRETS}
    planted |= {
        name: f"canary{secrets.token_hex(8)}" for name in ("rpc key", "rpc password", "option")
    }
    for name in SECRETS:
        monkeypatch.setenv(name, planted[name])
    node = f"http://user:{planted['rpc password']}@127.0.0.1:1/v3/{planted['rpc key']}"
    key = bytes(range(32))
    planted["account key"] = key.hex()
    keystore = tmp_path / "keystore.json"
    password = planted["FIREBREAK_RESPOND__KEYSTORE_PASSWORD"]
    keystore.write_text(json.dumps(Account.encrypt(key, password, iterations=2)))
    keystore.chmod(0o600)
    signing = generate(tmp_path / "keys", "detector")
    planted["signing key"] = signing.read_text().splitlines()[1]
    for name, value in {
        "FIREBREAK_HOME": tmp_path / "home",
        "FIREBREAK_PAGING__URLS": json.dumps(
            {"chat": f"json://127.0.0.1:1/{planted['FIREBREAK_PAGING__URLS']}"}
        ),
        "FIREBREAK_PAGING__LADDERS": '{"critical": [{"tell": ["chat"]}]}',
        "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "FIREBREAK_KAFKA__OPTIONS": json.dumps({"sasl.oauthbearer.config": planted["option"]}),
        "FIREBREAK_KAFKA__SECURITY_PROTOCOL": "sasl_ssl",
        "FIREBREAK_KAFKA__SASL_MECHANISM": "SCRAM-SHA-512",
        "FIREBREAK_KAFKA__SASL_USERNAME": "somebody",
        "FIREBREAK_EVIDENCE__ENDPOINTS": node,
        "FIREBREAK_EVM__ENDPOINTS": node,
        "FIREBREAK_RESPOND__ENDPOINTS": node,
        "FIREBREAK_RESPOND__KEYSTORE": keystore,
        "FIREBREAK_RESPOND__TRUSTED_KEYS": tmp_path / "keys",
        "FIREBREAK_RESPOND__JOURNAL": tmp_path / "journal.jsonl",
        "FIREBREAK_RESPOND__ARMING_KEYS": armed_by_two(
            tmp_path / "journal.jsonl", tmp_path / "people"
        ),
        "FIREBREAK_DETECT__SIGNING_KEY": signing,
    }.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("runtime.kafka.REQUEST_TIMEOUT", 0.2)
    monkeypatch.setattr("runtime.kafka._TURN", 0.1)
    monkeypatch.setattr("runtime.kafka_access._PATIENCE", 0.5)
    return planted


Say = Callable[..., str]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Say:
    """Runs a command as the shell would; returns all that it wrote."""

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["firebreak", *arguments])
        with pytest.raises(SystemExit):
            main.main()
        out, err = capfd.readouterr()
        return out + err

    return run


def _require_silence(said: str, canaries: dict[str, str]) -> None:
    assert [name for name, secret in canaries.items() if secret in said] == []


def test_there_are_secrets_to_plant() -> None:
    assert "FIREBREAK_KAFKA__SASL_PASSWORD" in SECRETS
    assert "FIREBREAK_RESPOND__KEYSTORE_PASSWORD" in SECRETS


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - NOT_RUN))
def test_no_command_tells_a_secret(name: str, canaries: dict[str, str], say: Say) -> None:
    _require_silence(say(*name.split(), *ARGUMENTS.get(name, [])), canaries)


@pytest.mark.parametrize("group", ["kafka", "respond", "signer"])
def test_a_wrong_setting_is_named_without_its_value(
    group: str, canaries: dict[str, str], say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All variables of the group become wrong at once: where there is one secret, there is one."""
    for variable in SECRETS:
        if f"_{group.upper()}__" in variable:
            monkeypatch.setenv(f"{variable}X", canaries[variable])
    said = say("config", "show")
    assert "is no such setting" in said
    _require_silence(said, canaries)


def test_a_settings_file_with_a_mistake_is_not_repeated(
    canaries: dict[str, str], say: Say, tmp_path: Path
) -> None:
    password = canaries["FIREBREAK_KAFKA__SASL_PASSWORD"]
    for text in (
        f'[kafka]\nsasl_password = "{password}',
        f"[kafka]\nsasl_password = {password}\n",
        f'[kafka]\nsasl_password = ["{password}"]\n',
        f'[kafka]\nsasl_passwort = "{password}"\n',
    ):
        (tmp_path / "firebreak.toml").write_text(text)
        said = say("config", "show")
        _require_silence(said, canaries)


@pytest.mark.parametrize("command", ["topics check", "detect", "respond", "incidents"])
def test_an_error_that_nobody_foresaw_does_not_tell_either(
    command: str, canaries: dict[str, str], say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worst case: it prints what it was given, whole, and what it was caused by."""

    def tell(options: dict[str, object]) -> None:
        raise ValueError(str(sorted(options.values(), key=str)))

    def fail(_self: KafkaBroker, options: dict[str, object], **_: object) -> None:
        try:
            tell(options)
        except ValueError as error:
            raise RuntimeError(f"unforeseen: {options}") from error

    monkeypatch.setattr(KafkaBroker, "__init__", fail)
    said = say(*command.split())
    assert "unforeseen" in said
    _require_silence(said, canaries)


def test_a_secret_of_a_file_is_kept_as_well(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kafka.password"
    path.write_text("canary-of-a-file\n")
    path.chmod(0o600)
    monkeypatch.setenv("FIREBREAK_KAFKA__SASL_PASSWORD_FILE", str(path))

    def fail(_self: KafkaBroker, options: dict[str, object], **_: object) -> None:
        raise PipelineError(" ".join(map(str, options.values())))

    monkeypatch.setattr(KafkaBroker, "__init__", fail)
    said = say("topics", "check")
    assert logs.MASK in said
    assert "canary-of-a-file" not in said


def test_no_command_takes_a_secret_as_an_argument() -> None:
    """It would stand in the list of processes for every user of the machine to read."""
    options = {
        f"{name} {parameter.name}"
        for name, command in COMMANDS.items()
        for parameter in command.params
        if logs.looks_secret(parameter.name or "")
    }
    assert {option for option in options if not option.endswith("_file")} == set()


def test_a_secret_is_not_shown_by_its_settings(canaries: dict[str, str]) -> None:
    settings = Settings()
    _require_silence(
        f"{settings!r} {settings} {settings.model_dump()}",
        {name: value for name, value in canaries.items() if name in SECRETS},
    )
    assert isinstance(settings.kafka.sasl_password, SecretStr)
