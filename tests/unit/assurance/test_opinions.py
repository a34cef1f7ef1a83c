"""Slither is asked beside the work, again when the source changed, and its failure is told."""

from pathlib import Path

import pytest

from assurance.assess import assess
from assurance.look import Means
from assurance.opinions import AGAIN, NOT_YET, Heard, Opinions
from assurance.slither import BUILT, stamp
from assurance.sources import Sources
from assurance.stamps import Stamp
from assurance.weakness import Weakness
from cli.looking import Looking
from runtime.settings import Settings
from schemas.errors import ConfigurationError
from schemas.manifest import Source
from tests.unit.assurance.test_assess import CHAIN, MANIFEST
from tests.unit.assurance.test_service import World, event
from tests.waiting import until

PROJECT = Path("/nowhere/in/particular")
FLAW = Weakness("slither-reentrancy-eth", "high", "withdraw() pays before it counts")
OTHER = Weakness("slither-timestamp", "low", "draw() asks the clock")


class Desk:
    """Opinions that come as soon as they are asked for, and a source that changes by hand."""

    def __init__(self) -> None:
        self.says: list[Weakness] | ConfigurationError = [FLAW]
        self.stamp: Stamp = ()
        self.now = 0.0
        self.asked = 0
        self.opinions = Opinions(self._ask, lambda _: self.stamp, lambda: self.now)

    def _ask(self, _project: Path) -> list[Weakness]:
        self.asked += 1
        if isinstance(self.says, ConfigurationError):
            raise self.says
        return self.says

    def heard(self) -> Heard:
        """Ask, wait for an answer, and ask what it is."""
        self.opinions.of(PROJECT)
        until(lambda: PROJECT in self.opinions.fresh())
        return self.opinions.of(PROJECT)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_answer_is_not_waited_for_and_comes_once(desk: Desk) -> None:
    assert desk.opinions.of(PROJECT) == NOT_YET
    assert desk.heard() == Heard([FLAW], whole=True)
    desk.now += 10 * AGAIN
    for _ in range(5):
        desk.opinions.of(PROJECT)
    assert desk.opinions.fresh() == set()
    assert desk.asked == 1


def test_another_build_is_read_anew_and_the_last_answer_holds_until_then(desk: Desk) -> None:
    desk.heard()
    desk.says, desk.stamp = [OTHER], (("build.json", 1, 1),)
    assert desk.opinions.of(PROJECT) == Heard([FLAW], whole=True)
    assert desk.heard() == Heard([OTHER], whole=True)


def test_a_failure_is_a_weakness_of_its_own_and_tried_again_after_an_hour(desk: Desk) -> None:
    desk.says = ConfigurationError("slither gave no answer")
    (told,) = desk.heard().weaknesses
    assert (told.check, told.severity) == ("slither-failed", "low")
    assert "gave no answer" in told.summary
    desk.opinions.of(PROJECT)
    desk.now += AGAIN
    desk.says = []
    assert desk.heard() == Heard([], whole=True)
    assert desk.asked == 2


def test_what_a_compiler_wrote_anew_is_another_source(tmp_path: Path) -> None:
    (tmp_path / BUILT).mkdir(parents=True)
    build = tmp_path / BUILT / "build.json"
    build.write_text("{}")
    before = stamp(tmp_path)
    assert before == stamp(tmp_path)
    build.write_text("{ }")
    assert stamp(tmp_path) != before
    build.unlink()
    assert stamp(tmp_path) == ()


class Watched(World):
    """The service, with a source that it hears of."""

    def __init__(self) -> None:
        self.heard, self.news = NOT_YET, False
        super().__init__()

    def means(self) -> Means:
        return Means(Sources(CHAIN, None), opinions=self.heard)

    def fresh(self) -> set[str]:
        self.news, news = False, self.news
        return {"meadow"} if news else set()

    def hears(self, *weaknesses: Weakness, whole: bool = True) -> None:
        self.heard, self.news = Heard(weaknesses, whole=whole), True
        self.task.tick()

    def open(self) -> list[str]:
        return [one.weakness for one in self.assessments()[-1].findings]


def test_what_is_found_in_a_source_is_told_as_it_is_heard_and_taken_back_by_the_next_build() -> (
    None
):
    world = Watched()
    world.task.tick()
    world.hears(FLAW)
    world.told(event())
    world.hears(OTHER)
    assert [(one.weakness, one.state) for one in world.findings()] == [
        (FLAW.check, "open"),
        (OTHER.check, "open"),
        (FLAW.check, "resolved"),
    ]


def test_after_a_restart_nothing_is_taken_back_before_there_is_an_answer() -> None:
    world = Watched()
    world.hears(FLAW)
    world.heard = NOT_YET
    world.task = world.started()
    world.task.tick()
    assert world.open() == [FLAW.check]
    world.hears(Weakness("slither-failed", "low", "no answer"), whole=False)
    assert sorted(world.open()) == ["slither-failed", FLAW.check]
    world.hears(FLAW)
    assert world.open() == [FLAW.check]
    assert [one.state for one in world.findings()] == ["open", "open", "resolved"]


def test_who_looks_once_says_what_there_is() -> None:
    found = assess(MANIFEST, World().chain, Means(Sources(CHAIN, None), opinions=Heard([FLAW])))
    assert [one.weakness for one in found.findings] == [FLAW.check]


def test_artefacts_that_changed_are_read_again_and_half_written_ones_are_gone_by(
    tmp_path: Path,
) -> None:
    source = Source(artefacts="out")
    manifest = MANIFEST.model_copy(update={"source": source, "brakes": ()})
    (tmp_path / "out").mkdir()
    artefact = tmp_path / "out" / "Pool.json"
    artefact.write_text("{}")
    settings = Settings.model_validate(
        {"protocols": tmp_path, "evm": {"endpoints": ["http://127.0.0.1:1"]}}
    )
    with Looking(settings, lambda _: NOT_YET) as looking:
        first = looking._known("meadow", manifest)
        assert looking._known("meadow", manifest) is first
        artefact.write_text('{"abi": []}')
        second = looking._known("meadow", manifest)
        assert second is not first
        artefact.unlink()
        (tmp_path / "out").rmdir()
        assert looking._known("meadow", manifest) is second
