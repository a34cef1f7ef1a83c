"""Who reads AggregatorV3 feeds, and feeds that say anything: rounds, times, sizes, code."""

import pytest

from sandbox.node import LocalNode, RpcError
from tests.feeds import BREAKS, BURNS_GAS, NO_CODE, REVERTS, WRITES, answering, round_data
from tests.integration.underwriting.insured import Insured
from tests.integration.underwriting.turned import CERTAIN, Turned

pytestmark = pytest.mark.node

MOST_SKIPPED = 2**32
LATER = 60
STALE, BOTH = 2_000, 2_500
"""How tight the first step is when one source alone wants it, and when both do."""


@pytest.fixture
def turned(chain_node: LocalNode) -> Turned:
    return Turned(chain_node)


def stepped(turned: Turned, code: str) -> int:
    """Let the first source be certain and the second be this code; take a step."""
    turned.node.rpc("anvil_setCode", turned.sources[1].address, code)
    turned.says(100, None)
    return turned.turned(after=LATER)


def when_read(turned: Turned) -> int:
    """The time of the block in which `stepped` reads."""
    return turned.chain.timestamp() + 12 + LATER


@pytest.mark.parametrize(("late", "tight"), [(0, BOTH), (1, STALE)], ids=["fresh", "stale"])
@pytest.mark.parametrize(
    "rounds",
    [
        {"number": 0, "answered": 0},
        {"number": 2**80 - 1, "answered": 2**80 - 1},
        {"number": 2**80, "answered": 0},
        {"number": 2**256 - 1, "answered": 2**256 - 1},
        {"number": 9, "answered": 8},
        {"number": 8, "answered": 9},
        {"number": (7 << 64) + 1, "answered": 1},
        {"updated": 0},
        {"updated": 2**256 - 1},
    ],
    ids=lambda one: ", ".join(f"{key}={value:#x}" for key, value in one.items()),
)
def test_whatever_its_rounds_are_the_time_that_it_speaks_of_decides(
    turned: Turned, rounds: dict[str, int], late: int, tight: int
) -> None:
    """`startedAt`, which a feed of ours cannot make younger by handing a report in late. A feed may
    begin its rounds anew, in another phase or past the last; Chainlink deprecated
    `answeredInRound`: nobody has to know, and nothing reverts for it."""
    said = when_read(turned) - turned.rule.fresh - late
    assert stepped(turned, answering(round_data(CERTAIN, said, **rounds))) == tight


@pytest.mark.parametrize(("late", "tight"), [(0, BOTH), (1, STALE)])
def test_it_is_stale_a_second_after_its_time(turned: Turned, late: int, tight: int) -> None:
    said = when_read(turned) - turned.rule.fresh - late
    assert stepped(turned, answering(round_data(CERTAIN, said))) == tight


@pytest.mark.parametrize(("early", "tight"), [(0, BOTH), (1, STALE), (2**63, STALE)])
def test_what_comes_from_the_future_is_stale_and_was_not_heard(
    turned: Turned, early: int, tight: int
) -> None:
    now, before = when_read(turned), turned.ask(turned.dial, "heard", 1)
    assert stepped(turned, answering(round_data(CERTAIN, now + early))) == tight
    assert turned.ask(turned.dial, "heard", 1) == (now if tight == BOTH else before)


def test_a_time_that_goes_back_makes_nobody_heard_longer_or_shorter(turned: Turned) -> None:
    now = turned.chain.timestamp()
    stepped(turned, answering(round_data(CERTAIN, now)))
    assert turned.ask(turned.dial, "heard", 1) == now
    stepped(turned, answering(round_data(CERTAIN, now - 1_000)))
    assert turned.ask(turned.dial, "heard", 1) == now


@pytest.mark.parametrize(
    ("answer", "tight"),
    [(CERTAIN, BOTH), (CERTAIN + 1, STALE), (0, STALE), (-1, STALE), (2**255, STALE)],
)
def test_nought_is_calm_and_what_is_no_probability_is_nothing(
    turned: Turned, answer: int, tight: int
) -> None:
    assert stepped(turned, answering(round_data(answer, turned.chain.timestamp()))) == tight


@pytest.mark.parametrize(("answer", "tight"), [(0, 0), (-1, STALE)])
def test_nought_relaxes_where_nonsense_holds(turned: Turned, answer: int, tight: int) -> None:
    turned.says(100, 100)
    assert turned.turned(after=LATER) == BOTH
    for _ in range(10):
        code = answering(round_data(answer, turned.chain.timestamp()))
        turned.node.rpc("anvil_setCode", turned.sources[1].address, code)
        turned.says(0, None)
        turned.turned(after=1_200)
    assert turned.tightness == tight


@pytest.mark.parametrize(
    "code",
    [NO_CODE, REVERTS, BREAKS, BURNS_GAS, WRITES, answering(b""), answering(b"\x01" * 31)],
    ids=["no code", "reverts", "breaks", "burns gas", "writes", "says nothing", "says little"],
)
def test_code_of_any_kind_is_stale_and_costs_a_bounded_look(turned: Turned, code: str) -> None:
    assert stepped(turned, code) == STALE
    assert int(turned.receipt["gasUsed"], 16) < 300_000
    turned.node.rpc("anvil_setCode", turned.sources[0].address, code)
    for _ in range(3):
        assert turned.turned(after=turned.rule.calm_for) == STALE, "held: both may come back"


@pytest.mark.parametrize(
    ("size", "tight"), [(159, STALE), (160, BOTH), (161, BOTH), (20_000, BOTH)]
)
def test_of_a_long_answer_five_words_are_read(turned: Turned, size: int, tight: int) -> None:
    data = round_data(CERTAIN, turned.chain.timestamp()) + b"\xff" * size
    assert stepped(turned, answering(data[:size])) == tight
    assert int(turned.receipt["gasUsed"], 16) < 300_000


@pytest.fixture
def insured(chain_node: LocalNode) -> Insured:
    return Insured(chain_node)


def test_rounds_cannot_be_used_up(insured: Insured) -> None:
    """A stolen key skips 2**32 of 2**80 at most with each report, so ours can always go on."""
    insured.reported(1.0, round=1)
    last = 1
    for _ in range(3):
        beyond = insured.report(round=last + MOST_SKIPPED + 1)
        assert insured.refusal(insured.stranger, insured.reporting(beyond)) == "OutOfOrder"
        last += MOST_SKIPPED
        insured.reported(1.0, round=last)
    insured.reported(2.0, round=last + 1)
    assert insured.ask("latestRoundData")[0] == last + 1
    for nothing in (0, 2, 2**80 - 1):
        with pytest.raises(RpcError, match="No data present"):
            insured.ask("getRoundData", nothing)


def test_a_probability_of_nought_is_an_answer(insured: Insured) -> None:
    insured.reported(0.0)
    _, answer, _, updated, _ = insured.ask("latestRoundData")
    assert answer == 0
    assert updated == insured.now
