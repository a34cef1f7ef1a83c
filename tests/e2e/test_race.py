"""`firebreak race` as a person runs it: what can be won is won, what cannot is said to be lost."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.process import ChildProcess

pytestmark = [pytest.mark.kafka, pytest.mark.node, pytest.mark.slow]

LONGEST = 240.0
"""Seconds; three windows take half a minute on a quiet machine."""
LONGEST_OF_ALL = 1_200.0
"""Likewise, of all the recorded ones."""
LEAST = 22
"""Of the 26 recorded windows; three cannot be won."""


def raced(folder: Path, windows: Path, least: int, longest: float) -> tuple[int, dict[str, Any]]:
    """Run the race; return its exit status and its report."""
    firebreak = str(Path(sys.executable).with_name("firebreak"))
    command = [firebreak, "race", "--windows", str(windows), "--least", str(least)]
    process = ChildProcess(
        [*command, "--report", str(folder / "race.json")],
        folder / "race.log",
        environment={"FIREBREAK_HOME": str(folder / "home"), "TMPDIR": str(folder)},
    )
    try:
        status = process.wait(longest)
        assert (folder / "race.json").exists(), process.tail()
    finally:
        process.stop()
    return status, json.loads((folder / "race.json").read_text())


def test_a_window_of_one_block_is_won_and_none_at_all_is_lost(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder: Path = tmp_path_factory.mktemp("r")
    (folder / "windows.csv").write_text("contract,time window\na,0\nb,12\nc,3600\n")
    status, found = raced(folder, folder / "windows.csv", 3, LONGEST)
    assert status == 1, "fewer are won than asked for"
    at_once, next_block, hour = found["heats"]
    assert [heat["won"] for heat in found["heats"]] == [False, True, True]
    assert at_once["taken"] > 0
    assert all(heat["alerted"] for heat in found["heats"]), "by the shipped model alone"
    assert next_block["brake"] < next_block["drain"]
    assert hour["brake"][0] == 1
    assert found["won_by_a_person"] == 1
    assert found["bystanders"]["braked"] == 0


@pytest.mark.timeout(LONGEST_OF_ALL + 300)  # with the world that is built before
def test_the_recorded_windows_are_won(data: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    windows = data / "incidents" / "lookahead_deploy_to_attack.csv.gz"
    if not windows.is_file():
        pytest.skip(f"no recorded windows at {windows}")
    status, found = raced(tmp_path_factory.mktemp("r"), windows, LEAST, LONGEST_OF_ALL)
    assert status == 0, found["won"]
    assert found["windows"] == 26
    assert found["bystanders"]["braked"] == 0
