"""The shipped model of likeness is what its recipe makes, and holds on what it has not seen."""

import json
from pathlib import Path

import pytest

from bench.fit_likeness import TARGET, Sample, fit_file

pytestmark = pytest.mark.slow


def test_the_recipe_makes_the_shipped_model_and_it_holds_out_of_fold(data: Path) -> None:
    folders = [data / "mev_blocks", data / "benign_traces"]
    fitted = fit_file(Sample(data / "exploit_traces", folders))
    assert fitted == json.loads(TARGET.read_text())
    assert fitted["out of fold"]["recall at 0.16%"] >= 0.76
    assert fitted["out of fold"]["recall at 1%"] >= 0.87
