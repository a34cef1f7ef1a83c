"""The picture of what happened when."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from typing import get_args

import pytest

from runtime.pictures.timeline import MOST_COLUMNS, TIMES, Mark, Row, timeline_svg
from tests.svg import NAMESPACE, STRANGE, look_inside

NOON = 1_767_355_200
STORY = (
    Mark("prepared", "a contract was made", 90, NOON - 120),
    Mark("theft", "Stolen: 400,000 USD", 100, NOON),
    Mark("alert", "Alert: it pays too much", 100, NOON),
    Mark("decided", "Brake decided on", 100, None),
    Mark("sent", "Brake handed to the node", 100, None),
    Mark("braked", "Brake mined", 101, None),
    Mark("braked", "Paused", 101, NOON + 12),
    Mark("refused", "tried again", 102, NOON + 24),
    Mark("people", "rea took it in hand", None, NOON + 300),
    Mark("recovery", "opened", None, NOON + 7_500),
    Mark("released", "Unpaused", 30_000, NOON + 3 * 86_400),
)
PARTS = {"svg", "g", "title", "rect", "path", "text"}


def said(picture: str) -> list[str]:
    return [one.text or "" for one in ET.fromstring(picture).iter(f"{NAMESPACE}text")]


def shapes(picture: str) -> dict[str, list[tuple[float, str, str]]]:
    """By row: where its marks stand, their outline, their filling."""
    root = ET.fromstring(picture)
    names = {
        round(float(one.attrib["y"])): one.text or ""
        for one in root.iter(f"{NAMESPACE}text")
        if one.attrib["x"] == "12"
    }
    found: dict[str, list[tuple[float, str, str]]] = {}
    for group in root.iter(f"{NAMESPACE}g"):
        path = group[1].attrib
        place = re.match(r"translate\((\S+) (\S+)\)", path["transform"])
        assert place is not None
        row = min(names, key=lambda y: abs(y - float(place[2])))
        found.setdefault(names[row], []).append((float(place[1]), path["d"], path["fill"]))
    return found


def test_rows_are_named_and_columns_have_time_block_and_distance() -> None:
    words = said(timeline_svg(STORY))
    for row in ("Theft", "Alert", "Brake sent", "Brake in a block", "People", "The way back"):
        assert row in words
    assert {"12:00:00", "100", "2026-01-02", "30,000", "2026-01-05"} <= set(words)
    assert [one for one in words if one.startswith("+")] == [
        "+2 min", "+12 s", "+12 s", "+4 min", "+2 h", "+2 d",
    ]  # fmt: skip
    assert f"{TIMES}2" in words, "two marks of one row in one block"
    assert "No brake, or it failed" not in words, "nothing of it happened"


def test_what_happened_later_stands_further_right() -> None:
    found = shapes(timeline_svg(STORY))
    order = ("Attacker prepares", "Theft", "Brake in a block", "Attempt refused", "People",
             "The way back", "Released, limits set")  # fmt: skip
    places = [found[row][0][0] for row in order]
    assert places == sorted(places)
    assert all(later - earlier > 50 for earlier, later in pairwise(places))
    assert found["Alert"][0][0] == found["Theft"][0][0], "in the same block"


def test_no_row_is_told_by_its_colour_alone() -> None:
    marks = [Mark(row, "x", 1, NOON) for row in get_args(Row)]
    found = shapes(timeline_svg(marks))
    assert len(found) == len(marks)
    looks = {(outline, fill == "#ffffff") for ((_, outline, fill),) in found.values()}
    assert len(looks) == len(marks)


def test_however_much_happened_it_is_as_long_and_nothing_is_lost() -> None:
    crowd = [Mark("theft", "x" * 10_000, number, NOON + number) for number in range(5_000)]
    picture = timeline_svg([*crowd, *STORY[8:]])
    assert len(picture) < 20_000
    found = shapes(picture)
    assert len({place for row in found.values() for place, *_ in row}) == MOST_COLUMNS
    assert "Released, limits set" in found
    counts = [int(one[1:]) for one in said(picture) if one.startswith(TIMES)]
    assert sum(counts) + len(found["Theft"]) - len(counts) == 5_000, "each is counted somewhere"


def test_nine_columns_are_all_there() -> None:
    marks = [Mark("theft", "x", number, NOON + number) for number in range(MOST_COLUMNS)]
    assert len(shapes(timeline_svg(marks))["Theft"]) == MOST_COLUMNS


@pytest.mark.parametrize("words", STRANGE.values(), ids=STRANGE)
def test_strangers_words_are_never_markup(words: str) -> None:
    picture = timeline_svg([mark._replace(what=words) for mark in STORY])
    assert look_inside(picture) == PARTS
    assert "".join(ET.fromstring(picture).itertext()).isprintable()
    assert len(picture) < 30_000


@pytest.mark.parametrize("at", [-1, 0, 2**63])
def test_any_time_can_be_told(at: int) -> None:
    ET.fromstring(timeline_svg([Mark("theft", "x", 2**64, at), Mark("people", "y", None, at)]))


def test_nothing_is_a_picture_too() -> None:
    ET.fromstring(timeline_svg([]))
