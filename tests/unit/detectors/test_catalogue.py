"""The page of detectors says what the detectors say."""

from pathlib import Path

from detectors.catalogue import page
from detectors.sets import load_set
from runtime.settings import ACTS, CORE

PAGE = Path(__file__).parents[3] / "docs" / "detectors.md"


def test_the_page_is_current() -> None:
    sets = {name: load_set(names, names) for name, names in (("core", CORE), ("acts", ACTS))}
    assert PAGE.read_text() == page(sets), "run: firebreak detectors page"


def test_every_shipped_detector_has_its_place_on_it() -> None:
    text = PAGE.read_text()
    assert all(f"### {name}\n" in text for name in (*CORE, *ACTS))
