"""Prometheus watching a deployment on three brokers while an attack is stopped: every target is
scraped, every rule evaluates, every panel of the dashboard has data, and the right people are told.
"""

import json
import shutil
import urllib.parse
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.demo import BENIGN
from runtime.settings import load
from sandbox.demo import stage as staging
from sandbox.demo.play import Play
from sandbox.demo.stage import Plan, Stage
from sandbox.demo.story import Story
from sandbox.kafka import LocalKafka
from sandbox.ports import free_port
from sandbox.process import ChildProcess
from tests.unit.deploy.files import DEPLOY, read_json, read_yaml
from tests.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.node, pytest.mark.slow]

QUIET = {
    "firebreak_endpoint_faults_total",
    "firebreak_withdrawals_total",
    "firebreak_detector_off",
    "firebreak_heartbeat_timestamp_seconds",  # none is due before a third of the gate's time is up
}
"""What has no series as long as nothing of its kind happens, which nothing did here."""


class Prometheus:
    """A real one, scraping these addresses, with our rules."""

    def __init__(self, binary: str, folder: Path, targets: dict[str, str]) -> None:
        folder.mkdir()
        config = read_yaml(DEPLOY / "prometheus" / "prometheus.yml")
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [str(DEPLOY / "prometheus" / "rules.yml")]
        del config["alerting"]
        config["scrape_configs"] = [
            {"job_name": job, "static_configs": [{"targets": [address]}]}
            for job, address in targets.items()
        ]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        self._port = free_port()
        self.process = ChildProcess(
            [
                binary,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self._port}",
            ],
            folder / "prometheus.log",
        )

    def ask(self, page: str, **question: str) -> Any:
        address = f"http://127.0.0.1:{self._port}/api/v1/{page}?{urllib.parse.urlencode(question)}"
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return json.load(answer)["data"]
        except OSError:
            return {}

    def value(self, expression: str) -> list[Any]:
        found: list[Any] = self.ask("query", query=expression).get("result", [])
        return found

    def up(self) -> set[str]:
        return {one["metric"]["job"] for one in self.value("up == 1")}


@pytest.fixture
def binary() -> str:
    found = shutil.which("prometheus")
    if found is None:
        pytest.skip("no prometheus here; Debian has it in the package of that name")
    return found


@pytest.fixture
def deployment(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    """Every service as a process of its own, armed, on three brokers."""
    monkeypatch.setattr(staging, "LocalKafka", partial(LocalKafka, brokers=3))
    monkeypatch.setattr(staging, "SERVICES", {**staging.SERVICES, "vet": ("vet",)})
    folder = tmp_path_factory.mktemp("w")  # short enough for sockets
    plan = Plan(folder=folder, cache=load().cache, scenario="spot-oracle", armed=True)
    with Stage(plan, report=lambda _line: None) as stage:
        stage.start()
        yield stage


def test_what_happens_is_seen_and_told(binary: str, deployment: Stage, tmp_path: Path) -> None:
    assert deployment.broker.brokers() == 3
    targets = {name: f"127.0.0.1:{port}" for name, (_, port) in deployment._services.items()}
    prometheus = Prometheus(binary, tmp_path / "prometheus", targets)
    try:
        until(lambda: prometheus.up() == set(targets))
        outcome = Play(deployment, Story(deployment.plan.scenario, armed=True)).run(BENIGN)
        assert outcome.succeeded, outcome.failures

        firing = ["BrakePulled", "BudgetExhausted"]
        until(lambda: set(firing) <= alerts(prometheus))
        assert not alerts(prometheus) & {"ServiceGone", "BrakeFaults", "DeadLetterStreak"}

        groups = prometheus.ask("rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        assert len(rules) > 20
        assert [rule for rule in rules if rule["health"] != "ok"] == []

        assert [shown for shown in panels() if not prometheus.value(shown[1])] == []
    finally:
        prometheus.process.stop()


def alerts(prometheus: Prometheus) -> set[str]:
    return {
        alert["labels"]["alertname"]
        for alert in prometheus.ask("alerts").get("alerts", [])
        if alert["state"] == "firing"
    }


def panels() -> list[tuple[str, str]]:
    """Title and expression of everything that the dashboard asks for, over the last minute."""
    dashboard = read_json(DEPLOY / "grafana/dashboards/firebreak.json")
    found = []
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            plain = target["expr"].replace("$__rate_interval", "1m")
            expression = plain.replace("$protocol", ".*").replace("$chain", ".*")
            if not any(name in expression for name in QUIET):
                found.append((panel["title"], expression))
    return found
