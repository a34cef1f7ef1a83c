"""The picture of what was lost of each token."""

import xml.etree.ElementTree as ET

import pytest

from runtime.pictures.losses import MOST_BARS, Part, losses_svg
from tests.svg import NAMESPACE, STRANGE, look_inside


def said(picture: str) -> list[str]:
    return [one.text or "" for one in ET.fromstring(picture).iter(f"{NAMESPACE}text")]


def bars(picture: str) -> list[float]:
    rects = list(ET.fromstring(picture).iter(f"{NAMESPACE}rect"))[1:]
    return [float(one.attrib["width"]) for one in rects]


def test_a_bar_is_what_there_was_and_its_solid_part_what_went() -> None:
    picture = losses_svg([Part("USD", 6, "400000000000", "100000000000")])
    assert said(picture) == ["400,000 USD lost of 500,000 (80 %)"]
    whole, lost = bars(picture)
    assert lost == pytest.approx(0.8 * whole, abs=0.1)


def test_where_nobody_tells_what_was_left_there_is_no_bar() -> None:
    picture = losses_svg([Part("USD", 6, "1500000", None)])
    assert said(picture) == ["1.5 USD lost; how much was left is not known"]
    assert bars(picture) == []


def test_all_of_it_nothing_of_it_and_amounts_without_decimals() -> None:
    whole, all_of_it, _, nothing = bars(
        losses_svg([Part("A", None, str(2**256 - 1), "0"), Part("B", 0, "0", "0")])
    )
    assert (all_of_it, nothing) == (whole, 0)


def test_of_too_many_tokens_the_others_are_counted() -> None:
    picture = losses_svg([Part("T", 18, "1", "1")] * 5_000)
    assert len(bars(picture)) == 2 * MOST_BARS
    assert said(picture)[-1] == f"and {5_000 - MOST_BARS} more tokens"


@pytest.mark.parametrize("words", STRANGE.values(), ids=STRANGE)
def test_strangers_words_are_never_markup(words: str) -> None:
    picture = losses_svg([Part(words, 18, "1", "2"), Part(words, None, "1", None)])
    assert look_inside(picture) == {"svg", "rect", "text"}
    assert all(one.isprintable() for one in said(picture))
    assert len(picture) < 2_000
