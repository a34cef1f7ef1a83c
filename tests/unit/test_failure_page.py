"""What docs/failure-of-the-defender.md says is so: every test, rule and number that it names."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from deploy.kubernetes_rules import RULES
from schemas.services import SERVICES
from schemas.topics import TOPICS
from tests.unit.deploy.files import DEPLOY, read_yaml
from tests.unit.deploy.test_rules import seconds

TESTS = Path(__file__).parent.parent
PAGE = (TESTS.parent / "docs" / "failure-of-the-defender.md").read_text()
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
