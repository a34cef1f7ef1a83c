"""`firebreak risk publish` as its own process on a real Kafka and a real node: from an alert to a
market that tightens by its dial, and back; and a cover that is paid over the same case.

Published by the test, as others would: blocks, alerts, states of the case and what the second feed
says. The service alone reports to the first feed, and it alone turns the dial in the first test. In
the cover it has no part: people assert, dispute, rule and claim over the case of the topic.
"""

from itertools import pairwise
from pathlib import Path

import httpx
import msgspec
import pytest

from neighbours.outbound import evidence_root
from runtime.kafka import KafkaBroker
from runtime.signatures import Verifier, load_signer
from sandbox.evm import ETHER
from sandbox.node import LocalNode
from schemas import headers
from schemas.codec import decode
from schemas.incidents import Incident
from schemas.risk import Risk
from schemas.topics import RISK
from tests.integration.incidents.running import everything, newest_cases
from tests.integration.underwriting.insured import PROTOCOL
from tests.integration.underwriting.oracle_run import (
    CALM_LTV,
    RULE,
    SOLO_LTV,
    TIGHT_LTV,
    OracleRun,
)
from tests.risk_model import WHOLE
from tests.unit.underwriting.worlds import case
from underwriting.report import report_of, signer_of
from underwriting.web import EIP712

pytestmark = [pytest.mark.node, pytest.mark.kafka]

COVER, DAY = 100 * ETHER, 86_400
BRAKED = 2
FALSE = False


@pytest.fixture
def run(node: LocalNode, broker: KafkaBroker, namespace: str, tmp_path: Path) -> OracleRun:
    return OracleRun(node, broker, namespace, tmp_path)


def start(run: OracleRun, bootstrap: str) -> None:
    """Run the service until it has told the first figures, which are calm, everywhere."""
    run.service = run.start(bootstrap, "--armed")
    run.passes(12, second=0.4)
    before = run.ask("latestReport")[11]
    run.comes_to(lambda: run.ask("latestReport")[11] != before)


def now(run: OracleRun, phase: str, *states: str) -> Incident:
    """A case of this moment, whose measures are in these states."""
    return msgspec.structs.replace(case(phase, *states), opened=run.now, latest=run.now)


def attacked(run: OracleRun) -> None:
    """Publish an alert and a case whose brake is on chain, and wait until the feed says so. The
    other feed says that all is well: the dial goes to its solo end."""
    run.alert()
    run.tell(now(run, "respond", "included"))
    run.passes(60, second=0.4)
    run.comes_to(lambda: run.ask("latestReport")[10] == BRAKED)
    run.comes_to(lambda: run.tightness == RULE.solo)


def told_alike(run: OracleRun, broker: KafkaBroker) -> None:
    """The report of the feed is on the topic, where its own signature and that of its record say
    who told it, and its record is in the page's history."""
    report = run.ask("latestReport")
    messages = {
        decode(message.value or b"", Risk).id: message for message in everything(broker, RISK)
    }
    message = messages[report[11].hex()]
    teller = load_signer(run.teller)
    Verifier({teller.key_id: teller.public_key}).check(message, head=None)
    risk = decode(message.value or b"", Risk)
    assert tuple(report_of(risk)) == report
    signature = bytes.fromhex((headers.find(message.headers, EIP712) or b"").decode())
    place = PROTOCOL, run.chain.id, run.feed.address
    assert signer_of(report_of(risk), *place, signature) == run.reporter.address
    page = httpx.get(f"http://127.0.0.1:{run.web}/v1/risk/{PROTOCOL}/history", timeout=5).json()
    assert risk.id in {one["id"] for one in page["records"]}


def paid(run: OracleRun, broker: KafkaBroker, policy: int) -> None:
    """The cover is paid over the case of the topic: another evidence root is disputed, ruled false
    and slashed; the true one pays once its window is over, and not before."""
    (told,) = newest_cases(broker).values()
    case_id, root = bytes.fromhex(told.id), bytes.fromhex(evidence_root(told)[2:])
    bond = run.terms.bond

    def asserted(by: str, evidence: bytes) -> bytes:
        account = getattr(run, by)
        claim = case_id, evidence, told.opened, WHOLE
        assert run.does(account, run.pool.call("assertCase", *claim, value=bond))
        name: bytes = run.told("idOf", account.address, *claim)
        return name

    lie = asserted("stranger", bytes(31) + b"\x01")
    run.disputed(lie)
    assert run.does_pool(run.arbiter, "rule", lie, FALSE)
    assert run.owed(run.disputer) == bond + bond // 2
    true = asserted("asserter", root)
    assert run.no(run.holder, "claim", policy, true) == "WrongFate"
    run.settled(true)
    assert run.told("confirmed", case_id) == true
    before = run.owed(run.holder)
    assert run.does_pool(run.holder, "claim", policy, true)
    assert run.owed(run.holder) - before == COVER
    assert run.does_pool(run.holder, "withdraw", "0x" + "cc" * 20)
    assert run.chain.ether("0x" + "cc" * 20) == before + COVER
    assert run.solvent()


def steps_are_bounded(run: OracleRun) -> None:
    """No step that the dial logged was larger than the rule allows, or earlier after the last."""
    steps = [(0, 0), *run.turns()]
    for (earlier, before), (later, after) in pairwise(steps):
        assert -RULE.relax <= after - before <= RULE.tighten
        assert later - earlier >= (RULE.tighten_every if after > before else RULE.relax_every)


def test_a_market_tightens_by_an_incident_and_relaxes_after_it_and_its_cover_is_paid(
    run: OracleRun, broker: KafkaBroker, bootstrap: str
) -> None:
    policy = run.bought(COVER)
    start(run, bootstrap)
    try:
        assert (run.loan_to_value, run.refused_more()) == (CALM_LTV, "")

        attacked(run)
        told_alike(run, broker)
        assert run.loan_to_value == SOLO_LTV
        # The other source sees it too: step by step to the tight end.
        for tightness in (4_500, 7_000, 9_500, WHOLE):
            run.passes(60, second=90)
            run.comes_to(lambda wanted=tightness: run.tightness == wanted)  # type: ignore[misc]
        assert run.loan_to_value == TIGHT_LTV
        assert run.refused_more() == "Undercollateralised"
        liquidating = run.market.call("liquidate", run.borrower.address, ETHER)
        assert run.refusal(run.other, liquidating, run.market) == "NotLiquidatable"

        paid(run, broker, policy)

        # The case is closed, and no loss followed for two days. The other source lies that all
        # is lost: it holds the market no tighter than its solo end.
        run.tell(now(run, "closed"))
        run.passes(2 * DAY, second=100)
        run.comes_to(lambda: run.ask("state", of=run.dial)[2])
        run.passes(RULE.calm_for, second=100)
        run.comes_to(lambda: run.tightness == 7_500)
        for tightness in (5_000, 2_500, RULE.solo):
            run.passes(600, second=100)
            run.comes_to(lambda wanted=tightness: run.tightness == wanted)  # type: ignore[misc]
        # It sees calm too.
        run.passes(600, second=0.4)
        run.comes_to(lambda: run.ask("state", of=run.dial)[2])
        run.passes(RULE.calm_for, second=0.4)
        run.comes_to(lambda: run.tightness == 0)
        assert (run.loan_to_value, run.refused_more()) == (CALM_LTV, "")
        steps_are_bounded(run)
    finally:
        run.service.stop()


def test_when_the_service_is_killed_the_market_is_held_and_lets_go_at_its_next_use(
    run: OracleRun, bootstrap: str
) -> None:
    """A stranger's turn in between moves nothing; after `silence` nobody turns the dial but who
    borrows."""
    start(run, bootstrap)
    try:
        attacked(run)
        run.passes(60, second=90)
        run.comes_to(lambda: run.tightness == 4_500)
    finally:
        run.service.kill()
    # Stale: held, whoever turns it, and a source that is left cannot move it.
    run.chain.mine(RULE.fresh)
    run.said(0.4)
    assert run.does(run.stranger, run.dial.call("turn"))
    assert run.tightness == 4_500
    assert run.refused_more() == "Undercollateralised"
    last = max(run.ask("heard", which, of=run.dial) for which in (0, 1))
    # Silent for as long as the rule says: the next use of the market finds it relaxed.
    run.chain.mine(last + RULE.silence + RULE.calm_for + RULE.relax_every - run.now)
    assert run.tightness == 4_500
    assert run.does(run.borrower, run.more)
    assert (run.tightness, run.loan_to_value) == (0, CALM_LTV)
