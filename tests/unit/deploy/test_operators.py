"""The exchange between operators: an addition to either deployment, hardened as the rest."""

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.unit.deploy.commands import complaint, unheeded
from tests.unit.deploy.files import DEPLOY, read_yaml

COMPOSE: Any = read_yaml(DEPLOY / "compose" / "operators.yml")
KUBERNETES = DEPLOY / "kubernetes" / "components" / "operators" / "consents.yaml"
PODS = [one for one in yaml.safe_load_all(KUBERNETES.read_text()) if one["kind"] == "Deployment"]
SERVICE = COMPOSE["services"]["consents"]
CONTAINER = PODS[0]["spec"]["template"]["spec"]["containers"][0]


def test_it_is_what_the_specification_of_compose_allows() -> None:
    spec = importlib.util.find_spec("check_jsonschema")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    package = Path(spec.submodule_search_locations[0])
    schema = json.loads((package / "builtin_schemas/vendor/compose-spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(COMPOSE)


@pytest.mark.parametrize(
    ("command", "given"),
    [
        (SERVICE["command"], SERVICE["environment"]),
        (CONTAINER["args"], {one["name"]: one["value"] for one in CONTAINER["env"]}),
    ],
    ids=["compose", "kubernetes"],
)
def test_command_line_and_settings_take_what_it_is_given(
    monkeypatch: pytest.MonkeyPatch, command: list[str], given: dict[str, str]
) -> None:
    for variable in [one for one in os.environ if one.startswith("FIREBREAK_")]:
        monkeypatch.delenv(variable)
    environment = {name: v.partition(":?")[0] for name, v in given.items()}
    environment["FIREBREAK_CONSENTS__PEERS"] = "https://a.example,https://b.example"
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    assert complaint(command) == ""
    assert unheeded(environment) == set()


def test_prometheus_scrapes_it_where_it_is() -> None:
    config = read_yaml(DEPLOY / "prometheus" / "prometheus.yml")
    (found,) = (one for one in config["scrape_configs"] if one["job_name"] == "consents")
    (asked,) = found["dns_sd_configs"]
    assert (asked["names"], str(asked["port"])) == (["consents"], *SERVICE["expose"])
    assert "metrics" in SERVICE["networks"]


def test_when_it_is_dead_somebody_is_paged() -> None:
    groups = read_yaml(DEPLOY / "prometheus" / "rules.yml")["groups"]
    (gone,) = (one for group in groups for one in group["rules"] if one["alert"] == "ServiceGone")
    assert "|consents" in gone["expr"].partition("== 0")[0]
    assert gone["labels"] == {"severity": "page"}


def test_it_is_hardened_holds_no_secret_and_is_published_to_this_machine_alone() -> None:
    assert SERVICE["read_only"]
    assert SERVICE["cap_drop"] == ["ALL"]
    assert "secrets" not in SERVICE
    assert [port.startswith("127.0.0.1:") for port in SERVICE["ports"]] == [True]
    assert CONTAINER["securityContext"]["readOnlyRootFilesystem"] is True
    mounted = {one["name"] for one in CONTAINER["volumeMounts"]}
    assert mounted == {"tmp", "protocols"}
