"""What docs/failure-of-the-defender.md says is so: every test, rule and number that it names."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pydantic import BaseModel

from deploy.kubernetes_rules import RULES
from runtime.settings import Settings
from schemas.services import SERVICES
from schemas.topics import TOPICS
from tests.unit.deploy.files import DEPLOY, read_yaml
from tests.unit.deploy.test_rules import seconds

TESTS = Path(__file__).parent.parent
ROOT = TESTS.parent
PAGE = (ROOT / "docs" / "failure-of-the-defender.md").read_text()
STATES = ["down", "slow", "wrong", "taken over", "overloaded"]
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)))
ALL = {rule["alert"]: rule for group in read_yaml(RULES)["groups"] for rule in group["rules"]}


@cache
def functions(path: Path) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    }


def section(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def parts() -> Iterator[tuple[str, list[list[str]]]]:
    for piece in section("Part by part").split("\n### ")[1:]:
        title, _, text = piece.partition("\n")
        yield title, [row for row in rows(text) if row[0] != "when it is"]


PARTS = dict(parts())


@pytest.mark.parametrize(("file", "test"), NAMED, ids=[test for _, test in NAMED])
def test_every_test_that_is_named_exists(file: str, test: str) -> None:
    assert test in functions(TESTS / file)


def test_many_are_named() -> None:
    assert len(NAMED) > 50


@pytest.mark.parametrize("part", PARTS)
def test_each_part_has_a_line_for_each_way_to_fail(part: str) -> None:
    assert [row[0] for row in PARTS[part]] == STATES
    for state, happens, holds, told, shown in PARTS[part]:
        if happens == "-":
            assert (holds, told, shown) == ("", "", ""), state
            continue
        assert holds, state
        assert told, state
        assert re.search(r"\.py::test_\w+`", shown), state


def test_every_service_is_a_part() -> None:
    of_people = {"case", "recover", "verdict"}
    assert {name for name in SERVICES if name not in of_people} <= set(PARTS)


def settings_of(group: type[BaseModel], path: str = "") -> Iterator[tuple[str, str]]:
    """Every setting there is, with its type in words."""
    for name, field in group.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from settings_of(kind, f"{path}{name}.")
        else:
            yield path + name, str(kind)


HOLD_SECRETS = re.compile(
    r"(^|_)(signing_key|tls_key|kms_key|ssl_key_location|keystore|emergency|sessions_file)$"
    r"|(^|_)(socket|endpoints|relay|safe_service|timestamp_authority|channels)$"
)
"""Names of settings that hold a key or something that opens a door, or say where it is, beside
those that are secrets by their type. Who adds one of another kind adds it here."""

OPEN_ANOTHER = re.compile(r"(password|_file)$")
"""Opens what another setting names, or is another way to give it."""

NOT_A_KEY = {"signer.socket": "the server's side of the sockets that have a row"}

KEYS = section("Every key in a thief's hands")
SECRET_SETTINGS = sorted(
    name
    for name, kind in settings_of(Settings)
    if (HOLD_SECRETS.search(name.rpartition(".")[2]) or "SecretStr" in kind)
    and (not OPEN_ANOTHER.search(name) or name.endswith("sessions_file"))
    and name not in NOT_A_KEY
)


@pytest.mark.parametrize("name", SECRET_SETTINGS)
def test_every_key_in_the_settings_has_a_line(name: str) -> None:
    assert f"`{name}`" in KEYS


def test_there_are_keys_in_the_settings() -> None:
    assert len(SECRET_SETTINGS) > 25


def test_every_line_of_a_key_says_what_bounds_it_and_what_shows_it() -> None:
    for key, worst, bound, shown in rows(KEYS)[1:]:
        assert worst, key
        assert bound, key
        assert re.search(r"\.py::test_\w+`", shown), key


NEIGHBOURS = {
    "kafka.bootstrap_servers": "the broker",
    "evm.endpoints": "the node",
    "respond.relay": "the relay",
    "respond.safe_service": "the Safe transaction service",
    "respond.signer_socket": "signer",
    "respond.kms_key": "KMS",
    "consents.peers": "consents",
    "forensics.database": "PostgreSQL",
    "forensics.witnesses": "a witness",
    "forensics.anchor_contract": "`RecordAnchor`",
    "signals.registry": "`SignalRegistry`",
    "signals.subscribers": "signals",
    "console.oidc_issuer": "the identity provider",
    "console.log_url": "forensics",
    "evidence.timestamp_authority": "the time-stamping authority",
    "paging.channels": "page",
    "paging.outward_url": "page",
    "assure.sourcify": "assure",
    "assure.slither": "assure",
}
"""What the settings let somebody else be asked at, and where the page says what if they fail."""

ADDRESS = re.compile(
    r"(^|_)(servers|endpoints|relay|service|socket|kms_key|peers|database|witnesses|contract|registry"
    r"|subscribers|issuer|url|authority|channels|sourcify|slither)$"
)
SAME = {
    "endpoints": "evm.endpoints",
    "socket": "respond.signer_socket",
    "kms_key": "respond.kms_key",
}
"""By how a setting's name ends: one that stands for them all."""


def test_whoever_the_settings_let_be_asked_is_a_part() -> None:
    named = {name for name, _ in settings_of(Settings) if ADDRESS.search(name.rpartition(".")[2])}
    for name in named - {"console.url"}:  # our own address
        ending = name.rpartition(".")[2].rpartition("_")[2]
        alike = SAME.get("kms_key" if name.endswith("kms_key") else ending, name)
        assert NEIGHBOURS[alike] in PARTS, name


def test_every_contract_of_ours_is_a_part() -> None:
    """Those that protocols deploy; what only the sandbox and tests deploy is in other folders."""
    sources = (ROOT / "contracts" / "src").glob("*.sol")
    deployed = {
        path.stem
        for path in sources
        if re.search(rf"^contract {path.stem}\b", path.read_text(), re.MULTILINE)
    }
    titles = {name for title in PARTS for name in re.findall(r"`(\w+)`", title)}
    assert deployed == titles
    assert len(deployed) > 12


def test_of_every_service_it_is_said_whether_rubbish_stops_it() -> None:
    of_people = {"case", "recover", "verdict"}
    found = rows(section("What cannot be read"))[1:]
    named = [name for row in found for name in re.findall(r"`(\w+)`", row[0])]
    assert sorted(named) == sorted(SERVICES.keys() - of_people)
    assert all(re.search(r"\.py::test_\w+`", row[3]) for row in found)


def test_everyone_who_is_told_is_told_by_a_rule_that_exists() -> None:
    told = {
        name for part in PARTS.values() for row in part for name in re.findall(r"`(\w+)`", row[3])
    }
    timed = {row[0].strip("`") for row in rows(section("How soon people are told"))} - {"rule"}
    assert told <= set(ALL)
    assert told == timed


@pytest.mark.parametrize(
    "row",
    [row for row in rows(section("How soon people are told")) if row[0] != "rule"],
    ids=lambda row: row[0].strip("`"),
)
def test_how_soon_is_what_the_rules_add_up_to(row: list[str]) -> None:
    rule = ALL[row[0].strip("`")]
    scrape = read_yaml(DEPLOY / "prometheus" / "prometheus.yml")["global"]
    route = read_yaml(DEPLOY / "prometheus" / "alertmanager.yml")["route"]
    waits = (
        scrape["scrape_interval"],
        scrape["evaluation_interval"],
        rule.get("for", "0s"),
        route["group_wait"],
    )
    assert row[1] == rule["labels"]["severity"]
    assert int(row[2]) == sum(map(seconds, waits))


def test_every_topic_has_a_line() -> None:
    named = re.findall(r"`([\w-]+-v\d+)`", section("Every topic in a stranger's hands"))
    assert set(named) == set(TOPICS)
