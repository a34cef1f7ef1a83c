"""`firebreak netbenefit`: rows in, a report out, nothing guessed in silence."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from cli.incident_files import read_incidents, read_windows
from cli.netbenefit import assumptions, netbenefit, weighed
from cli.netbenefit_table import RANGES, markdown
from responders.benefit import Assumptions
from schemas.errors import ConfigurationError


def incident(name: str, loss: float, *, on_chain: bool = True) -> dict[str, Any]:
    return {"id": name, "loss_usd": loss, "is_lif_relevant": on_chain}


def intervention(name: str, minutes: float | None) -> dict[str, Any]:
    return {"id": name, "time_to_contain_min": minutes}


def write(folder: Path, name: str, rows: Any) -> None:
    (folder / name).write_bytes(gzip.compress(json.dumps(rows).encode(), mtime=0))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    held = [incident("a", 1e6), incident("b", 2e6), incident("c", 3e6), incident("d", 9e9)]
    held[3]["is_lif_relevant"] = False
    write(tmp_path, "x_incidents.json.gz", held)
    acted = [intervention("a", 90.0), intervention("b", 720.0), intervention("c", None)]
    write(tmp_path, "x_interventions.json.gz", acted)
    return tmp_path


def test_imputed_minutes_are_marked_and_never_used(folder: Path) -> None:
    found = {item.name: item for item in read_incidents(folder)}
    assert [found[name].source for name in "abcd"] == ["recorded", "imputed", "none", "none"]
    assert [found[name].incident.minutes for name in "abcd"] == [90.0, None, None, None]
    assert not found["d"].incident.on_chain


def test_the_report_counts_every_row_and_turns_every_assumption(folder: Path) -> None:
    found = weighed(read_incidents(folder), Assumptions(), 0)
    assert sum(row[0] for row in found["sources"].values()) == found["incidents"] == 4
    assert [row["minutes_are"] for row in found["rows"]].count("imputed") == 1
    assert {item["name"] for item in found["sensitivity"]} == set(RANGES) == set(found["assumed"])
    assert all(low <= found["assumed"][name] <= high for name, (low, high, _) in RANGES.items())


def test_the_command_writes_the_same_report_again(folder: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        netbenefit(folder, tmp_path / name, tmp_path / f"{name}.md", None, 3)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    text = (tmp_path / "one.md").read_text()
    assert text == markdown(json.loads((tmp_path / "one").read_text()))
    assert "imputed (720 exactly): not used | 1 | 1 | $2M" in text


def test_assumptions_can_be_replaced_by_name() -> None:
    assert assumptions(["recall=0.5", "halt_hours=1"]).recall == 0.5


@pytest.mark.parametrize("wrong", ["recall", "recall=x", "recall=1.5", "halt_hours=-1", "luck=1"])
def test_a_wrong_assumption_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="--assume"):
        assumptions([wrong])


@pytest.mark.parametrize(
    "rows",
    [
        {"id": "a"},
        ["a"],
        [{"id": "a"}],
        [incident("a", -1.0)],
        [incident("a", True)],  # noqa: FBT003 - what a file may hold
        [{"id": "a", "loss_usd": "1"}],
    ],
)
def test_a_file_of_another_shape_is_refused(folder: Path, rows: Any) -> None:
    write(folder, "x_incidents.json.gz", rows)
    with pytest.raises(ConfigurationError):
        read_incidents(folder)


def test_files_that_are_missing_or_damaged_are_refused(folder: Path) -> None:
    (folder / "x_incidents.json.gz").write_bytes(gzip.compress(b"[]")[:-6])
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_incidents(folder)
    (folder / "x_incidents.json.gz").unlink()
    with pytest.raises(ConfigurationError, match="has 0"):
        read_incidents(folder)


def test_without_any_recorded_minutes_nothing_is_weighed(folder: Path) -> None:
    write(folder, "x_interventions.json.gz", [intervention("a", 720.0)])
    with pytest.raises(ConfigurationError, match="no incident has recorded minutes"):
        weighed(read_incidents(folder), Assumptions(), 0)


def test_windows_are_whole_seconds(tmp_path: Path) -> None:
    path = tmp_path / "windows.csv"
    path.write_text("\ufeffcontract,time window\n0xa,12\n0xb,0\n")
    assert read_windows(path) == (12, 0)
    for text in ("contract,gap\n0xa,12\n", "contract,time window\n0xa,-1\n", "contract\n"):
        path.write_text(text)
        with pytest.raises(ConfigurationError):
            read_windows(path)


def test_over_the_recorded_incidents(data: Path) -> None:
    found = weighed(read_incidents(data / "incidents"), Assumptions(), 0)
    assert sum(row[0] for row in found["sources"].values()) == found["incidents"]
    assert found["sources"]["imputed"][0] > 0
    net = {item["answer"]: item["net"]["value"] for item in found["worth"]}
    assert net["never paused"] == 0.0 > net["always paused"]
