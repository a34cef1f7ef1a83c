"""The posture page: coverage and gaps, and nothing of a chain's text becomes markup."""

import json
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from assurance.page import coverage, html, markdown, summary
from schemas.assurance import Assessment
from schemas.codec import decode, decode_from, encode
from schemas.examples import example
from schemas.topics import ASSESSMENTS

ASSESSMENT: Assessment = decode(
    json.dumps(example("assessments-v1", "assessment")).encode(), Assessment
)
EVIL = "<script>alert(1)</script>|`x`\n# y"


def evil() -> Assessment:
    finding = replace(ASSESSMENT.findings[0], summary=EVIL)
    contract = replace(ASSESSMENT.contracts[0], name=EVIL, unseen=(EVIL,))
    return replace(ASSESSMENT, findings=(finding,), contracts=(contract,))


def test_it_says_how_the_protocol_stands() -> None:
    assert coverage(ASSESSMENT) == (1, 1)
    assert summary(ASSESSMENT).startswith("At block 21,402,000: 1 high findings; 1 of 1 functions")
    text = markdown(ASSESSMENT)
    for said in ("spot-price", "borrow(uint256)", "pause-pool", "exact", "nobody"):
        assert said in text
        assert said in html(ASSESSMENT)


def test_text_of_others_is_text() -> None:
    assert "<script>" not in html(evil())
    text = markdown(evil())
    assert "<script>" not in text
    assert "\n# y" not in text
    rows = [line for line in text.splitlines() if line.startswith("| high")]
    assert [row.replace("\\|", "").count("|") for row in rows] == [6]


class Tags(HTMLParser):
    """Notes what is open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("which", ["example", "evil"])
def test_the_page_is_whole_and_loads_nothing(which: str) -> None:
    page = html(evil() if which == "evil" else ASSESSMENT)
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert "src=" not in page
    assert "href=" not in page
    assert decode_from(ASSESSMENTS, encode(ASSESSMENT)) == ASSESSMENT
