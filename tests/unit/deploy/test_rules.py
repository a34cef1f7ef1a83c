"""Every alert rule parses, rests on metrics that exist, and says what to do."""

import re
import shutil
import subprocess
from typing import Any

import pytest

from assurance import slither
from tests.unit.deploy.files import DEPLOY, ROOT, mistakes, parsed, read_yaml

RULES = DEPLOY / "prometheus" / "rules.yml"


def rules() -> list[Any]:
    return [rule for group in read_yaml(RULES)["groups"] for rule in group["rules"]]


ALL = rules()
each = pytest.mark.parametrize("rule", ALL, ids=[rule["alert"] for rule in ALL])


@each
def test_its_expression_names_only_what_exists(rule: Any) -> None:
    assert mistakes(rule["expr"]) == []


@each
def test_it_says_how_bad_it_is_and_what_to_do(rule: Any) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"]
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert anchor == rule["alert"].lower()
    headings = re.findall(r"^### (\w+)$", (ROOT / page).read_text(), re.MULTILINE)
    assert rule["alert"] in headings


@each
def test_its_words_use_only_labels_that_its_result_has(rule: Any) -> None:
    used = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    grouped = re.findall(r"\bby \(([^)]*)\)", rule["expr"])
    if grouped:
        result = set.union(*({name.strip() for name in names.split(",")} for names in grouped))
        assert used <= result


def test_the_runbook_has_no_steps_for_alerts_that_are_gone() -> None:
    headings = re.findall(r"^### (\w+)$", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE)
    assert sorted(headings) == sorted(rule["alert"] for rule in ALL)


def test_memory_is_told_of_before_a_service_reaches_its_limit() -> None:
    (expression,) = [rule["expr"] for rule in ALL if rule["alert"] == "MemoryNearLimit"]
    told_at = {
        job: float(limit)
        for jobs, limit in re.findall(r'job=~"([^"]+)"} > ([\d.e]+)', expression)
        for job in jobs.split("|")
    }
    units = {"m": 2**20, "g": 2**30}
    for job, told in told_at.items():
        service = read_yaml(ROOT / "docker-compose.yml")["services"][job]
        limit = service["deploy"]["resources"]["limits"]["memory"]
        beside = slither.BOUNDS.memory if job == "assure" else 0
        assert told < int(limit[:-1]) * units[limit[-1]] - beside, job


def test_a_rule_with_a_metric_or_label_that_does_not_exist_would_be_seen() -> None:
    assert mistakes('rate(firebreak_scored_total{chain="x"}[5m])') == [
        "firebreak_scored_total has no label 'chain'"
    ]
    assert mistakes("sum by (chain) (firebreak_ready)") == [
        "nothing has a label 'chain' to group by"
    ]
    assert mistakes("firebreak_head > 1") == ["no metric 'firebreak_head'"]
    with pytest.raises(ValueError, match="unclosed left parenthesis"):
        parsed("sum(")


def test_alerts_that_hide_others_exist() -> None:
    names = {rule["alert"] for rule in ALL}
    config = read_yaml(DEPLOY / "prometheus" / "alertmanager.yml")
    for rule in config["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            assert matcher.partition("=")[2].strip() in names


TESTS = "rules.test.yml", "rules.hours.test.yml"
FIRED = [one for name in TESTS for one in read_yaml(DEPLOY / "prometheus" / name)["tests"]]


@each
def test_made_up_series_have_it_fire_and_others_do_not(rule: Any) -> None:
    """Said here, shown by promtool below."""
    cases = [case for test in FIRED for case in test["alert_rule_test"]]
    shown = {bool(case["exp_alerts"]) for case in cases if case["alertname"] == rule["alert"]}
    assert shown == {True, False}


def test_made_up_series_are_of_metrics_that_exist() -> None:
    for series in (given["series"] for test in FIRED for given in test["input_series"]):
        assert mistakes(series) == []


def test_promtool_agrees_and_the_rules_fire_when_they_should() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool here; Debian has it in the package prometheus")
    for command in (["check", "config", "prometheus.yml"], ["test", "rules", *TESTS]):
        done = subprocess.run(
            [promtool, *command],
            cwd=RULES.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def seconds(text: str) -> int:
    """Read a duration as Prometheus writes it: `10s`, `1m`."""
    return int(text[:-1]) * {"s": 1, "m": 60}[text[-1]]


def test_when_all_instances_of_a_service_are_dead_somebody_is_paged_within_a_minute() -> None:
    """The worst case: they die just after a scrape, and it is seen just after an evaluation."""
    scrape = read_yaml(DEPLOY / "prometheus" / "prometheus.yml")["global"]
    route = read_yaml(DEPLOY / "prometheus" / "alertmanager.yml")["route"]
    (gone,) = (rule for rule in ALL if rule["alert"] == "ServiceGone")
    waits = (
        scrape["scrape_interval"],
        scrape["evaluation_interval"],
        gone["for"],
        route["group_wait"],
    )
    assert sum(map(seconds, waits)) <= 60
