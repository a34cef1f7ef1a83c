import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paging.pages import after_case
from paging.words import MOST_LINES, Line, of_page, plain, together
from schemas.incidents import Sighting
from tests.unit.paging.stand import LADDERS, NOW, case


@given(st.text(max_size=1000))
def test_nothing_of_a_chain_is_markup_or_a_mention(text: str) -> None:
    shown = plain(text)
    assert not set(shown) & set("<>@`*[]\n\r\t\x00")
    assert len(shown) <= 400


@pytest.mark.parametrize(
    "text",
    [
        "restore at https://evil.example/login now",
        "HTTPS://evil.example",
        "evil.example",
        "see evil.co.uk/claim",
        "mailto:ops@evil.example",
        "tg://join",
        "xn--vil-2ma.example",
    ],
)
def test_nothing_of_a_chain_is_an_address_that_a_chat_makes_a_link_of(text: str) -> None:
    shown = plain(text)
    assert "://" not in shown
    assert not re.search(r"\w\.[^\W\d]", shown), shown


def test_numbers_stay_as_they_are() -> None:
    assert (
        plain("2.1M USD left; 0.5 WETH. Then 1,000.25") == "2.1M USD left; 0.5 WETH. Then 1,000.25"
    )


def test_a_page_says_what_where_and_what_to_do() -> None:
    page = after_case(None, case(), LADDERS, NOW * 1000, 86_400)
    assert page is not None
    line = of_page(page)
    assert line.text.startswith("critical: meadow on eip155:1: 912 of 1,000 WETH left")
    assert line.text.endswith(f"firebreak acknowledge {page.incident[:12]}")
    assert line.tone == "failure"
    linked = of_page(page, "https://firebreak.example.org")
    assert linked.text.endswith(f" or https://firebreak.example.org/cases/{page.incident}")
    assert "example.org" not in together([linked]).title, "a subject stays short"


EXPLORER = "https://etherscan.example"
TX = "0x" + "ab" * 32


@pytest.mark.parametrize(
    ("explorer", "tx", "shown"),
    [
        (EXPLORER, TX, f"{EXPLORER}/tx/{TX}"),
        ("", TX, ""),
        (EXPLORER, "", ""),
        (EXPLORER, "0x12/../../evil", ""),
        (EXPLORER, TX + "?to=evil", ""),
        ("javascript:alert(1)//", TX, ""),
        ("https://user:password@evil.example", TX, ""),
    ],
)
def test_a_page_leads_to_its_transaction_and_nowhere_else(
    explorer: str, tx: str, shown: str
) -> None:
    seen = Sighting(
        alert="a" * 64, set="core", tx=tx, block=1, score=6.0, severity="critical", summary="a move"
    )
    told = msgspec.structs.replace(case(), sightings=(seen,))
    page = after_case(None, told, LADDERS, NOW * 1000, 86_400)
    assert page is not None
    line = of_page(page, explorer=explorer)
    assert line.text.endswith(f"{page.incident[:12]} - {shown}" if shown else page.incident[:12])
    assert shown not in together([line]).title or not shown


@given(st.lists(st.text(min_size=1, max_size=600), min_size=1, max_size=20), st.integers(900, 5000))
def test_a_message_has_room_where_it_goes_and_says_what_to_do(texts: list[str], room: int) -> None:
    act = ". firebreak acknowledge 0123456789ab or https://firebreak.example.org/cases/" + "a" * 64
    message = together([Line(plain(text) + act, "failure") for text in texts], room)
    assert len(message.title) + 2 + len(message.body) <= room
    assert act in message.body.splitlines()[0]


@given(st.lists(st.text(min_size=1, max_size=600), min_size=1, max_size=20), st.integers(140, 900))
def test_where_there_is_little_room_it_says_at_least_what_is_wrong(
    texts: list[str], room: int
) -> None:
    act = ". firebreak acknowledge 0123456789ab or https://firebreak.example.org/cases/" + "a" * 64
    message = together([Line("a vault " + plain(text) + act, "failure") for text in texts], room)
    assert len(message.title) + 2 + len(message.body) <= room
    assert message.body.startswith("a vault ")


def test_a_flood_is_one_message_with_the_worst_first() -> None:
    lines = [Line(f"line {n}", "info") for n in range(30)] + [Line("worst", "failure")]
    message = together(lines)
    assert message.title == "Firebreak: worst (and 30 more)"
    assert message.body.splitlines()[0] == "worst"
    assert message.body.splitlines()[-1] == f"and {31 - MOST_LINES} more"
    assert message.tone == "failure"
