import tomllib
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import genpareto
from typer.testing import CliRunner

from cli.main import app
from schemas.errors import ConfigurationError
from schemas.loss import RecordedLosses


def run(path: Path, *arguments: str) -> str:
    options = ["tails", str(path), "--column", "loss", "--tvl", "1000", *arguments]
    result = CliRunner().invoke(app, options, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


@pytest.fixture
def losses(tmp_path: Path) -> Path:
    drawn = genpareto.rvs(0.75, size=1000, random_state=np.random.default_rng(1))
    path = tmp_path / "losses.csv"
    path.write_text("loss\n" + "\n".join(["", "unknown", *map(str, drawn)]) + "\n")
    return path


def test_it_tells_the_tail_and_what_was_left_out(losses: Path) -> None:
    told = run(losses)
    assert "1,000 losses" in told
    assert "1 rows left out" in told  # an empty line is no row
    assert "capped at 1,000" in told


def test_a_manifest_takes_what_it_prints(losses: Path) -> None:
    told = run(losses, "--level", "0.95").partition("it is for:")[2]
    found = RecordedLosses.model_validate(tomllib.loads(told)["assets"]["tail"])
    assert found.level == 0.95
    assert found.source.startswith("1000 losses, column loss of losses.csv, sha256 ")


@pytest.mark.parametrize(
    "arguments", [["--column", "damage"], ["--level", "0.5"], ["--share", "0.001"]]
)
def test_what_cannot_be_told_is_refused(losses: Path, arguments: list[str]) -> None:
    with pytest.raises(ConfigurationError):
        run(losses, *arguments)
