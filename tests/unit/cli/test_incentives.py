from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from schemas.errors import ConfigurationError

FOLDER = Path(__file__).parents[3] / "docs" / "whatif"


def run(*arguments: str) -> str:
    command = ["incentives", *arguments, "--protocols", str(FOLDER)]
    result = CliRunner().invoke(app, command, env={"COLUMNS": "200"}, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_it_solves_and_shows_the_equilibrium() -> None:
    told = run("meadow")
    assert "bond 65,476, reward 117,448" in told
    assert "equilibrium: 100% honest against 100% honest" in told


def test_the_picture_in_the_documentation_is_what_it_draws(tmp_path: Path) -> None:
    run("meadow", "--picture", str(tmp_path / "region.svg"))
    assert (tmp_path / "region.svg").read_bytes() == (FOLDER / "region.svg").read_bytes()


@pytest.mark.parametrize(
    "arguments", [["orchard"], ["nobody"], ["meadow", "--picture", "region.doc"]]
)
def test_what_cannot_be_told_is_refused(arguments: list[str]) -> None:
    with pytest.raises(ConfigurationError):
        run(*arguments)
