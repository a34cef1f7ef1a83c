"""The picture of where funds went."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from runtime.pictures.fund_flow import fund_flow_svg
from runtime.pictures.layers import MAX_DRAWN
from runtime.pictures.words import exact, plain, rounded
from schemas.codec import decode
from schemas.examples import FOLDER
from schemas.fundflow import FlowNode, FundFlow, Holding
from tests.svg import STRANGE, look_inside

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def flow() -> FundFlow:
    return decode((FOLDER / "fund-flows-v1" / "fund-flow.json").read_bytes(), FundFlow)


def said(picture: str) -> str:
    return " ".join(ET.fromstring(picture).itertext())


def test_it_says_what_each_account_is_and_what_stays_there(flow: FundFlow) -> None:
    words = said(fund_flow_svg(flow))
    for part in ("VICTIM", "ATTACKER", "MIXER", "Lending pool", "stays: 400,000 USD"):
        assert part in words
    assert "412,500 USD" in words, "what went from the victim to the thief"


def test_it_is_one_document_that_fetches_and_runs_nothing(flow: FundFlow) -> None:
    picture = fund_flow_svg(flow)
    names = {element.tag.removeprefix(SVG) for element in ET.fromstring(picture).iter()}
    assert names <= {"svg", "g", "title", "rect", "path", "text"}
    assert "href" not in picture
    assert fund_flow_svg(flow) == picture
    assert fund_flow_svg(flow, "dark") != picture


@given(label=st.text(max_size=128), symbol=st.text(max_size=40))
def test_strangers_words_are_never_markup(label: str, symbol: str) -> None:
    flow = decode((FOLDER / "fund-flows-v1" / "fund-flow.json").read_bytes(), FundFlow)
    hostile = '"><script>alert(1)</script>\u202e' + label
    nodes = tuple(replace(node, label=hostile) for node in flow.nodes)
    tokens = tuple(replace(token, symbol=symbol) for token in flow.tokens)
    picture = fund_flow_svg(replace(flow, nodes=nodes, tokens=tokens))
    assert "script" not in {
        element.tag.removeprefix(SVG) for element in ET.fromstring(picture).iter()
    }
    assert "\u202e" not in picture


@pytest.mark.parametrize("words", STRANGE.values(), ids=STRANGE)
def test_whatever_strangers_are_called_it_is_a_picture_of_words(flow: FundFlow, words: str) -> None:
    nodes = tuple(replace(node, label=words, ended=words) for node in flow.nodes)
    tokens = tuple(replace(token, symbol=words) for token in flow.tokens)
    picture = fund_flow_svg(replace(flow, nodes=nodes, tokens=tokens))
    assert look_inside(picture) <= {"svg", "g", "title", "rect", "path", "text"}
    assert len(picture) < 3 * len(fund_flow_svg(flow)) + 2_000
    assert all(line.isprintable() for line in said(picture).splitlines())


def test_however_many_tokens_an_account_holds_so_many_are_told(flow: FundFlow) -> None:
    """Whoever robs can make tokens without end."""
    token = flow.tokens[0]
    crowd = tuple(Holding(token=token.token, amount=str(2**256 - 1)) for _ in range(20_000))
    nodes = tuple(replace(node, stays=crowd, exchanged=crowd) for node in flow.nodes)
    picture = fund_flow_svg(replace(flow, nodes=nodes, edges=flow.edges * 500))
    assert len(picture) < 200_000
    assert "and 19950 more" in said(picture)


def test_of_too_many_accounts_those_that_say_most_are_drawn(flow: FundFlow) -> None:
    token = flow.tokens[0].token
    crowd = tuple(
        FlowNode(
            address=f"0x{number:040x}",
            kind="account",
            hops=2,
            stays=(Holding(token=token, amount="1"),) if number % 2 else (),
        )
        for number in range(200)
    )
    words = said(fund_flow_svg(replace(flow, nodes=flow.nodes + crowd)))
    assert words.count("ACCOUNT") == 2 * (MAX_DRAWN - 3), "in the box, and read out"
    assert f"{200 + 3 - MAX_DRAWN} more accounts are not drawn" in words
    assert "MIXER" in words


def test_an_empty_flow_is_a_picture_too(flow: FundFlow) -> None:
    ET.fromstring(fund_flow_svg(replace(flow, nodes=(), edges=(), tokens=())))


@pytest.mark.parametrize(
    ("amount", "decimals", "told", "short"),
    [
        ("1234567890", 6, "1,234.56789", "1,234.5678"),
        ("1", 18, "0.000000000000000001", "0.000000000000000001"),
        ("1000000", 6, "1", "1"),
        ("5", 0, "5", "5"),
        ("12345", None, "12,345 units", "12,345 units"),
        (str(2**256 - 1), 18, f"{(2**256 - 1) // 10**18:,}.584007913129639935", None),
    ],
)
def test_amounts_are_exact_where_they_count(
    amount: str, decimals: int | None, told: str, short: str | None
) -> None:
    assert exact(amount, decimals) == told
    if short is not None:
        assert rounded(amount, decimals) == short


@given(st.text())
def test_nothing_invisible_survives(text: str) -> None:
    assert len(plain(text, 10)) <= 10
    assert plain(text, 10**6).isprintable() or not plain(text, 10**6)
