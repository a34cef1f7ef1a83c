"""Who may come in, as the settings say it."""

import json

import pytest
from pydantic import ValidationError

from runtime.settings import load
from runtime.settings_console import ConsoleSettings
from runtime.settings_shown import shown
from schemas.errors import ConfigurationError

ANA = {"name": "ana", "role": "approver", "wallets": ["0x" + "AB" * 20], "subjects": ["a"]}


def made(**given: object) -> ConsoleSettings:
    return ConsoleSettings.model_validate(given)


def test_people_come_from_a_variable_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBREAK_CONSOLE__PEOPLE", json.dumps([ANA]))
    settings = load()
    (person,) = settings.console.people
    assert person.wallets == ("0x" + "ab" * 20,)
    assert any("ana" in row.value for row in shown(settings, {}) if row.name == "console.people")


@pytest.mark.parametrize(
    "url",
    ["https://console.example.org/", "http://127.0.0.1:8088", "http://localhost", "http://[::1]:1"],
)
def test_an_address_is_https_or_this_machine(url: str) -> None:
    assert made(url=url).url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    ["http://console.example.org", "console.example.org", "ftp://127.0.0.1", "https://",
     "https://user@host", "https://host/?a=b", "https://host/#x", "http://127.0.0.1.evil.org"],
)  # fmt: skip
def test_any_other_is_refused(url: str) -> None:
    for name in ("url", "oidc_issuer", "log_url"):
        with pytest.raises(ValidationError):
            made(**{name: url})


@pytest.mark.parametrize(
    "people",
    [
        [ANA, ANA],
        [ANA, {"name": "ben", "role": "viewer", "wallets": ["0x" + "ab" * 20]}],
        [ANA, {"name": "ben", "role": "viewer", "subjects": ["a"]}],
        [{"name": "ben", "role": "owner"}],
        [{"name": "ben", "role": "viewer", "wallets": ["0x12"]}],
        [{"name": "ben\n", "role": "viewer"}],
    ],
)
def test_two_people_share_nothing(people: list[object]) -> None:
    with pytest.raises(ValidationError):
        made(people=people)


def test_a_secret_is_given_once() -> None:
    with pytest.raises(ConfigurationError):
        made(oidc_secret="x", oidc_secret_file="/nowhere").secret()
    assert made().secret() is None


def test_without_an_address_it_is_host_and_port() -> None:
    assert made().address(8088) == "http://127.0.0.1:8088"
    assert made(host="::1").address(1) == "http://[::1]:1"
