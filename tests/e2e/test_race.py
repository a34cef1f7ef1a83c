"""`firebreak race` as a person runs it: what can be won is won, what cannot is said to be lost."""

import json
import sys
from pathlib import Path

import pytest

from sandbox.process import ChildProcess

pytestmark = [pytest.mark.kafka, pytest.mark.node, pytest.mark.slow]

LONGEST = 240.0
"""Seconds; three windows take half a minute on a quiet machine."""


def test_a_window_of_one_block_is_won_and_none_at_all_is_lost(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder: Path = tmp_path_factory.mktemp("r")
    (folder / "windows.csv").write_text("contract,time window\na,0\nb,12\nc,3600\n")
    firebreak = str(Path(sys.executable).with_name("firebreak"))
    command = [firebreak, "race", "--windows", str(folder / "windows.csv")]
    process = ChildProcess(
        [*command, "--report", str(folder / "race.json")],
        folder / "race.log",
        environment={"FIREBREAK_HOME": str(folder / "home"), "TMPDIR": str(folder)},
    )
    try:
        assert process.wait(LONGEST) == 0, process.tail()
    finally:
        process.stop()
    found = json.loads((folder / "race.json").read_text())
    at_once, next_block, hour = found["heats"]
    assert [heat["won"] for heat in found["heats"]] == [False, True, True]
    assert at_once["taken"] > 0
    assert all(heat["alerted"] for heat in found["heats"]), "by the shipped model alone"
    assert next_block["brake"] < next_block["drain"]
    assert hour["brake"][0] == 1
    assert found["won_by_a_person"] == 1
    assert found["bystanders"]["braked"] == 0
