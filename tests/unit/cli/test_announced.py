"""Every service tells with what configuration it began: none can be forgotten."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

import cli
from runtime.announcement import beginning
from runtime.settings import Settings, load
from schemas.codec import encode
from schemas.services import SERVICES
from schemas.topics import CHANGES

RUN = sorted(name for name, service in SERVICES.items() if not service.by_hand)
WITHOUT_KAFKA = {"signer", "witness"}
"""They hold a key each and reach nothing: `docs/audit.md` says who tells what of them."""


def called(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Give every call of a plain name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id, node


def begun() -> dict[str, bool]:
    """Return every service that some command starts, and whether that command announces it."""
    found = {}
    for path in Path(cli.__file__).parent.glob("*.py"):
        calls = list(called(ast.parse(path.read_text())))
        announced = any(name == "announce" for name, _ in calls)
        for name, call in calls:
            if name == "running" and call.args and isinstance(call.args[0], ast.Constant):
                found[str(call.args[0].value)] = announced
    return found


BEGUN = begun()


def test_every_service_there_is_is_started_by_a_command_and_no_other() -> None:
    assert set(BEGUN) == {*RUN, *WITHOUT_KAFKA}


@pytest.mark.parametrize("name", RUN)
def test_a_service_announces_itself_and_may(name: str) -> None:
    assert BEGUN[name], f"the command that starts {name} calls no announce(broker, service, ...)"
    assert CHANGES in SERVICES[name].writes, f"schemas/services.py: {name} may not write changes-v1"


@pytest.mark.parametrize("name", ["respond", "signals"])
def test_who_asks_a_signer_tells_with_what_that_began(name: str) -> None:
    tree = ast.parse((Path(cli.__file__).parent / f"{name}.py").read_text())
    assert "tell_aside" in [called_ for called_, _ in called(tree)]


def secrets(group: type[BaseModel], *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Give every setting that holds a secret: where, and of which type."""
    for name, field in group.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from secrets(kind, *path, name)
        elif "SecretStr" in str(kind):
            yield (*path, name), kind


def test_no_secret_is_ever_announced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FIREBREAK_HOME", str(tmp_path))
    settings = load()
    planted: set[str] = set()
    for path, kind in secrets(Settings):
        group: Any = settings
        for name in path[:-1]:
            group = getattr(group, name)
        word = f"swordfish-{len(planted)}"
        planted.add(word)
        value: Any = SecretStr(f"https://{word}@chat.example/{word}?token={word}")
        held = {"on-call": value} if "dict" in str(kind) else value
        object.__setattr__(group, path[-1], held)
    assert len(planted) >= 9, "there are that many today"
    said = encode(beginning("page", settings, 1)[0]).decode()
    assert [word for word in planted if word in said] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EVM__ENDPOINTS", '["https://node.example/v3/swordfish"]'),
        ("EVM__ENDPOINTS", '["wss://user:swordfish@node.example"]'),
        ("RESPOND__RELAY", "https://relay.example/swordfish"),
        ("KAFKA__OPTIONS", '{"ssl.key.password": "swordfish"}'),
        ("KAFKA__OPTIONS", '{"sasl.oauthbearer.client.secret": "swordfish"}'),
        ("CONSENTS__PEERS", '["https://swordfish@other.example/"]'),
    ],
)
def test_what_may_be_a_secret_in_an_address_is_not_either(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FIREBREAK_HOME", str(tmp_path))
    monkeypatch.setenv(f"FIREBREAK_{name}", value)
    said = encode(beginning("ingest", load(), 1)[0])
    assert b"swordfish" not in said
