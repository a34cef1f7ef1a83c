import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from schemas.errors import ConfigurationError
from tests.svg import STRANGE, look_inside

FOLDER = Path(__file__).parents[3] / "docs" / "whatif"


def run(*arguments: str, protocols: Path = FOLDER) -> str:
    result = CliRunner().invoke(
        app,
        ["whatif", "--protocols", str(protocols), *arguments],
        env={"COLUMNS": "200"},
        catch_exceptions=False,
    )
    assert result.exit_code == 0
    return result.output


def test_it_tells_what_would_be_braked_and_why() -> None:
    told = run("--outflow", "meadow=300_000")
    assert "meadow: pause-pool" in told
    assert "15.7%" in told
    assert "capacity 80000000000, window 3600 s" in told
    assert "never stops liquidation" not in told


def test_a_price_alone_is_said_to_be_no_reason() -> None:
    assert "never stops liquidation" in run("--price", "CLV=-40%")


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_it_draws_the_same_picture_every_time(ending: str, tmp_path: Path) -> None:
    drawn = [tmp_path / f"{name}.{ending}" for name in ("one", "other")]
    for target in drawn:
        run("--price", "CLV=-0.4", "--picture", str(target))
    assert drawn[0].read_bytes() == drawn[1].read_bytes()


def test_the_picture_in_the_documentation_is_what_it_draws(tmp_path: Path) -> None:
    run("--outflow", "meadow=300000", "--picture", str(tmp_path / "outflow.svg"))
    assert (tmp_path / "outflow.svg").read_bytes() == (FOLDER / "outflow.svg").read_bytes()


@pytest.mark.parametrize("which", ["comment", "mathematics"])
def test_whatever_contracts_are_called_it_is_a_picture_of_words(which: str, tmp_path: Path) -> None:
    name = json.dumps(STRANGE[which])
    for given in FOLDER.glob("*.toml"):
        text = given.read_text().replace('"LendingPool"', name).replace('"Vault"', name)
        (tmp_path / given.name).write_text(text)
    target = tmp_path / "graph.svg"
    run("--outflow", "meadow=300000", "--picture", str(target), protocols=tmp_path)
    assert "script" not in look_inside(target.read_text())


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--price", "CLV"],
        ["--price", "CLV=40%"],
        ["--price", "CLV=-140%"],
        ["--outflow", "meadow=-1"],
        ["--outflow", "meadow=much"],
        ["--price", "CLV=-40%", "--picture", "graph.doc"],
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: list[str]) -> None:
    with pytest.raises(ConfigurationError):
        run(*arguments)


def test_it_tells_what_each_brake_also_stops() -> None:
    told = run("--outflow", "meadow=300_000")
    assert "borrowing, deposit, withdrawal" in told
    assert "everything" in told  # of the vault's brake nobody says


def test_programs_are_told_the_same() -> None:
    found = json.loads(run("--price", "CLV=-40%", "--json"))
    stops = {halt["brake"]: (halt["also_stops"], halt["not_on_a_price"]) for halt in found["halts"]}
    assert stops == {
        "pause-pool": (["borrowing", "deposit", "withdrawal"], ["withdrawal"]),
        "halt-pair": (["trading"], []),
    }
    assert found["judged_one_by_one"] == {}


def test_it_says_where_a_responder_has_no_graph(tmp_path: Path) -> None:
    alone = (FOLDER / "orchard.toml").read_text().split("[[dependencies]]")[0]
    halt = "[halt]\nfalse_halt_cost = 1\nvalue_exposed = 1\nloss_per_second = 1\n"
    priced = "[loss]\ndetect_seconds = 1\ndecide_seconds = 1\ninclude_seconds = 1\n"
    asset = '[[assets]]\ntoken = "AUSD"\nprice = 1\nallowable = 1\nloss_per_second = 1\n'
    (tmp_path / "orchard.toml").write_text(f"{alone}\n{halt}\n{priced}\n{asset}")
    told = CliRunner().invoke(
        app, ["whatif", "--protocols", str(tmp_path), "--outflow", "orchard=5"]
    )
    assert "orchard: a responder judges its brakes each by itself" in told.output.replace("\n", " ")
