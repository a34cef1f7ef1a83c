"""The real Slither reads our own contracts, compiled by the pinned compiler."""

import shutil
from pathlib import Path

import pytest

from assurance.opinions import NOT_YET, Opinions
from assurance.slither import BOUNDS, MAX_BYTES, run, stamp
from contracts.build import SOURCES, make_project
from runtime.confinement.program import Bounds
from schemas.errors import ConfigurationError
from tests.integration.assurance.built import project
from tests.waiting import until

FLAWED = "sandbox/Vault.sol", "sandbox/RolePausable.sol", "lookalikes/Flawed.sol"


@pytest.fixture(scope="module")
def flawed(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two vaults with the flaws of their kind, and a gate without."""
    place = tmp_path_factory.mktemp("flawed")
    return project(place, cache, *FLAWED, "BrakeGate.sol")


def test_it_finds_the_flaws_and_leaves_the_gate_alone(slither: str, flawed: Path) -> None:
    found = run(slither, flawed)
    grave = {(one.check, one.severity) for one in found if one.severity == "high"}
    assert ("slither-reentrancy-eth", "high") in grave
    assert ("slither-controlled-delegatecall", "high") in grave
    (reentered,) = (one for one in found if one.check == "slither-reentrancy-eth")
    assert reentered.summary.startswith("Reentrancy in Vault.withdraw(uint256) (sandbox/Vault.sol#")
    assert reentered.evidence == ("confidence: Medium",)
    assert not any("BrakeGate" in one.summary for one in found if one.severity == "high")
    severities = [one.severity for one in found]
    assert severities == sorted(severities, key=["high", "medium", "low"].index)


def test_a_build_that_brings_a_flaw_is_read_beside_the_work(
    slither: str, flawed: Path, cache: Path, tmp_path: Path
) -> None:
    """As `firebreak assure` reads it: a sound build first, then one with a flaw in its place."""
    sound = project(tmp_path, cache, "BrakeGate.sol")
    opinions = Opinions(lambda folder: run(slither, folder), stamp, lambda: 0.0)
    assert opinions.of(sound) == NOT_YET
    until(lambda: sound in opinions.fresh(), 120)
    assert [one for one in opinions.of(sound).weaknesses if one.severity == "high"] == []
    sound.rename(tmp_path / "before")
    shutil.copytree(flawed, sound, symlinks=True)
    assert opinions.of(sound).whole, "what was said holds until there is something new"
    until(lambda: sound in opinions.fresh(), 120)
    assert "slither-reentrancy-eth" in {one.check for one in opinions.of(sound).weaknesses}


def test_memory_that_it_may_not_take_ends_it(slither: str, flawed: Path) -> None:
    bounds = Bounds(seconds=BOUNDS.seconds, memory=64 * 2**20, output=MAX_BYTES)
    with pytest.raises(ConfigurationError, match="slither gave no answer"):
        run(slither, flawed, bounds)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_of_all_that_we_deploy_it_calls_nothing_grave(
    slither: str, cache: Path, tmp_path: Path
) -> None:
    make_project(tmp_path, SOURCES, cache, print)
    found = [one.summary for one in run(slither, tmp_path) if one.severity == "high"]
    assert [one for one in found if "(sandbox/" not in one and "(lookalikes/" not in one] == []
    assert len(found) > 10, "what is made to be robbed is found out"
