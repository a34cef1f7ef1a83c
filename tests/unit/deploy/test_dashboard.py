"""The dashboard shows what exists, on the data source that is provisioned, without overlaps."""

from itertools import combinations
from typing import Any

import pytest

from tests.unit.deploy.files import DEPLOY, mistakes, read_json, read_yaml

GRAFANA = DEPLOY / "grafana"
DASHBOARD = read_json(GRAFANA / "dashboards" / "firebreak.json")
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
WIDTH = 24

each = pytest.mark.parametrize("panel", PANELS, ids=[panel["title"] for panel in PANELS])


@each
def test_a_panel_names_only_what_exists(panel: Any) -> None:
    assert panel["description"]
    assert panel["targets"]
    assert [mistakes(target["expr"]) for target in panel["targets"]] == [[]] * len(panel["targets"])
    references = [target["refId"] for target in panel["targets"]]
    assert len(set(references)) == len(references)


def test_annotations_and_variables_name_only_what_exists() -> None:
    for annotation in DASHBOARD["annotations"]["list"]:
        assert mistakes(annotation["expr"]) == []
    variables = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    assert variables == {"chain", "protocol"}
    for variable in DASHBOARD["templating"]["list"]:
        metric, label = variable["definition"][len("label_values(") : -1].split(", ")
        assert mistakes(f"sum by ({label}) ({metric})") == []


def test_everything_is_asked_of_the_data_source_that_is_provisioned() -> None:
    (source,) = read_yaml(GRAFANA / "provisioning/datasources/prometheus.yml")["datasources"]
    asked = [DASHBOARD["annotations"]["list"], DASHBOARD["templating"]["list"], PANELS]
    named = [item["datasource"] for items in asked for item in items]
    named += [target["datasource"] for panel in PANELS for target in panel["targets"]]
    assert {(one["type"], one["uid"]) for one in named} == {(source["type"], source["uid"])}


def test_panels_have_numbers_of_their_own_and_do_not_overlap() -> None:
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(numbers)) == len(numbers)
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    assert all(place["x"] + place["w"] <= WIDTH for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above


def test_it_shows_what_a_watch_needs() -> None:
    shown = " ".join(target["expr"] for panel in PANELS for target in panel["targets"])
    for metric in (
        "consumer_lag",
        "scored_total",
        "alerts_total",
        "hop_seconds_bucket",
        "reorg_depth",
        "budget_left",
        "heartbeat_timestamp_seconds",
        "authority_until_timestamp_seconds",
        "ready",
        "armed",
    ):
        assert f"firebreak_{metric}" in shown
