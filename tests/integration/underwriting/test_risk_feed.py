"""What the feed takes and refuses, and that it answers as Chainlink's do, on a real node."""

from pathlib import Path

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from sandbox.node import LocalNode, RpcError
from tests.integration.underwriting.insured import DELAY, OFF, ON, PERCENT, PROTOCOL, Insured
from underwriting.report import signed, signer_of, typed

pytestmark = pytest.mark.node


@pytest.fixture
def insured(chain_node: LocalNode) -> Insured:
    return Insured(chain_node)


def test_before_the_first_report_there_is_no_data(insured: Insured) -> None:
    for name, arguments in (("latestRoundData", ()), ("getRoundData", (1,))):
        with pytest.raises(RpcError, match="No data present"):
            insured.ask(name, *arguments)
    assert insured.ask("decimals") == 8
    assert insured.ask("version") == 1
    assert insured.ask("description") == "meadow: incident within 30 days"


def test_a_report_is_the_answer_and_all_of_it_can_be_read(insured: Insured) -> None:
    report = insured.report(3.0)
    assert insured.does(insured.stranger, insured.reporting(report), after=24)
    answer = (report.round, 3 * PERCENT, report.observed_at, insured.now, report.round)
    assert insured.ask("latestRoundData") == answer
    assert insured.ask("getRoundData", report.round) == answer
    assert insured.ask("latestReport") == tuple(report)


def test_rounds_stay_and_gaps_have_no_data(insured: Insured) -> None:
    insured.reported(1.0)
    (first, *_), old = insured.ask("latestRoundData"), insured.ask("latestRoundData")
    insured.reported(2.0)
    assert insured.ask("getRoundData", first) == old
    with pytest.raises(RpcError, match="No data present"):
        insured.ask("getRoundData", first + 1)


def test_what_is_signed_is_what_the_contract_hashes(insured: Insured) -> None:
    report = insured.report(3.0)
    place = PROTOCOL, insured.chain.id, insured.feed.address
    signature = signed(report, *place, insured.reporter.signer)
    assert signer_of(report, *place, signature) == insured.reporter.address
    told = encode_typed_data(full_message=typed(report, *place))
    digest = keccak(b"\x19" + told.version + told.header + told.body)
    assert insured.ask("digestOf", tuple(report)) == digest


def test_it_says_by_erc_165_what_it_is(insured: Insured) -> None:
    def interface(*functions: str) -> bytes:
        found = 0
        for function in functions:
            found ^= int.from_bytes(keccak(text=function)[:4])
        return found.to_bytes(4)

    price_feed = interface(
        "decimals()", "description()", "version()", "getRoundData(uint80)", "latestRoundData()"
    )
    richer = interface("protocol()", "latestReport()")
    page = (Path(__file__).parents[3] / "docs" / "underwriting.md").read_text()
    for name in (price_feed, richer):
        assert insured.ask("supportsInterface", name)
        assert f"0x{name.hex()}" in page
    assert insured.ask("supportsInterface", interface("supportsInterface(bytes4)"))
    assert not insured.ask("supportsInterface", b"\xff" * 4)
    assert not insured.ask("supportsInterface", interface("latestAnswer()"))


def test_chainlinks_tools_see_the_answer(insured: Insured) -> None:
    insured.reported(4.0)
    topic = "0x" + keccak(text="AnswerUpdated(int256,uint256,uint256)").hex()
    assert [
        int(log["topics"][1], 16) for log in insured.receipt["logs"] if log["topics"][0] == topic
    ] == [4 * PERCENT]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"round": 0}, "OutOfOrder"),
        ({"round": 2**80 - 1}, "OutOfOrder"),
        ({"observed_at": 2**64 - 1}, "Stale"),
        ({"observed_at": 1}, "Stale"),
        ({"probability": 3 * PERCENT, "probability_high": 2 * PERCENT}, "OutOfRange"),
        ({"probability_high": 100 * PERCENT + 1}, "OutOfRange"),
        ({"cover_rate": 100 * PERCENT + 1}, "OutOfRange"),
        ({"horizon": 0}, "OutOfRange"),
        ({"standing": 4}, "OutOfRange"),
    ],
)
def test_what_cannot_be_is_refused(insured: Insured, changed: dict[str, int], reason: str) -> None:
    call = insured.reporting(insured.report(**changed))
    assert insured.refusal(insured.stranger, call) == reason


def test_stale_repeated_and_older_reports_are_refused(insured: Insured) -> None:
    late, now = insured.report(1.0), insured.now
    insured.chain.mine(DELAY + 1)
    assert insured.refusal(insured.stranger, insured.reporting(late)) == "Stale"
    insured.reported(1.0)
    newest = insured.ask("latestReport")[0]
    for changed in (
        {"round": newest, "observed_at": insured.now},
        {"round": newest + 1, "observed_at": newest},
        {"round": newest - 1, "observed_at": newest - 1},
    ):
        call = insured.reporting(insured.report(1.0, **changed))
        assert insured.refusal(insured.stranger, call) == "OutOfOrder"
    assert newest > now


def test_only_a_reporter_s_word_for_just_this_feed_counts(insured: Insured) -> None:
    report, other = insured.report(), insured.new_feed()
    report = insured.report()
    for call in (
        insured.reporting(report, by=insured.stranger),
        insured.reporting(report, protocol="orchard"),
        insured.reporting(report, chain_id=1),
        insured.reporting(report, at=other.address),
    ):
        assert insured.refusal(insured.reporter, call) == "NotReporter"
    good = insured.reporting(report)
    bent = insured.feed.call("report", tuple(report._replace(probability=0)), good.data[-96:-31])
    assert insured.refusal(insured.stranger, bent) == "NotReporter"
    assert insured.refusal(insured.stranger, good) == ""


def test_a_key_that_is_taken_back_reports_no_more(insured: Insured) -> None:
    call = insured.reporting(insured.report())
    off = insured.feed.call("setReporter", insured.reporter.address, OFF)
    assert insured.refusal(insured.stranger, off) == "OwnableUnauthorizedAccount"
    assert insured.does(insured.owner, off)
    assert insured.refusal(insured.stranger, call) == "NotReporter"


def test_what_the_owner_may_not_do(insured: Insured) -> None:
    for call, reason in (
        (insured.feed.call("setMaxDelay", 0), "OutOfRange"),
        (insured.feed.call("setMaxDelay", 86_401), "OutOfRange"),
        (insured.feed.call("setReporter", "0x" + "00" * 20, ON), "OutOfRange"),
        (insured.feed.call("renounceOwnership"), "OwnerRequired"),
    ):
        assert insured.refusal(insured.owner, call) == reason
    assert insured.refusal(insured.stranger, insured.feed.call("setMaxDelay", 60))
