from pathlib import Path

import pytest
from typer.testing import CliRunner

import contracts
from cli.main import app
from sandbox.abi import Interface
from schemas.errors import ConfigurationError

SAFE, ARBITER = "0x" + "5a" * 20, "0x" + "ab" * 20
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


def test_it_tells_the_terms_as_the_contract_takes_them() -> None:
    interface = Interface(contracts.load("BondedRequests").abi)
    told = run("meadow", "--safe", SAFE, "--arbiter", ARBITER)
    lines = dict(line.split(": ") for line in told.splitlines() if line.count(": ") == 1)
    encoded = bytes.fromhex(lines["setTerms"][2:])
    words = [int.from_bytes(encoded[4 + 32 * n : 36 + 32 * n]) for n in range(5)]
    assert words[0] == pytest.approx(65_476.190476 * 10**18 / 3_000)
    assert encoded == interface.encode("setTerms", tuple(words))
    assert words[2:] == [86_400, 259_200, 3_000]
    assert f"[watchers] least_bond = {words[0]}" in told
    assert bytes.fromhex(lines["constructor"][2:]) == interface.creation(
        "0x", SAFE, ARBITER, tuple(words)
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["orchard"],
        ["nobody"],
        ["meadow", "--picture", "region.doc"],
        ["meadow", "--safe", SAFE],
        ["meadow", "--safe", SAFE, "--arbiter", "0x1"],
    ],
)
def test_what_cannot_be_told_is_refused(arguments: list[str]) -> None:
    with pytest.raises(ConfigurationError):
        run(*arguments)
