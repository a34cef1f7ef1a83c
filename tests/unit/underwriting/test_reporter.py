"""What brings reports to their feeds: one transaction at a time, dearer where it has to be."""

from itertools import pairwise
from typing import Any, cast

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from runtime.evm import Endpoints, NodeRefusalError
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.sending import REPLACE_AFTER, Sender
from runtime.signatures import Signer
from schemas import headers
from schemas.risk import Holding, Risk
from schemas.topics import RISK
from schemas.underwriting import Underwriting
from tests.clock import ManualClock
from tests.unit.underwriting.test_service import TELLER
from tests.unit.underwriting.worlds import CHAIN, START, block, desk, manifest
from underwriting.dials import BURST, GAS, LOOK_EVERY, REFILL, REST, TURN, Dials
from underwriting.publisher import Chainside, Publisher
from underwriting.report import report_of, signer_of
from underwriting.reporter import Reporter
from underwriting.shelf import Shelf
from underwriting.web import EIP712

FEED, OTHER, DIAL = "0x" + "fe" * 20, "0x" + "ff" * 20, "0x" + "d1" * 20
NOT_DUE, DUE = f"0x{0:064x}", f"0x{1:064x}"
ACCOUNT: LocalAccount = Account.from_key(b"\x09" * 32)
CAP = 50 * 10**9


class Nodes:
    """A chain that mines when it is told to."""

    chain = CHAIN

    def __init__(self) -> None:
        self.due: Any = NOT_DUE
        self.asked = 0
        self.gas = ""
        self.sent: list[dict[str, Any]] = []
        self.mined: dict[str, str] = {}
        self.refusal = ""

    def ask(self, method: str, *parameters: Any) -> Any:
        if method == "eth_call" and self.refusal:
            raise NodeRefusalError(method, 3, self.refusal)
        if method == "eth_call" and parameters[0]["to"] == DIAL:
            self.asked += 1
            self.gas = parameters[0].get("gas", "")
            return self.due
        if method == "eth_getTransactionCount":
            return hex(len({one["nonce"] for one in self.sent if one["hash"] in self.mined}))
        if method == "eth_getTransactionReceipt":
            status = self.mined.get(parameters[0])
            return None if status is None else {"status": status}
        if method == "eth_getBlockByNumber":
            return {"baseFeePerGas": hex(10**9)}
        if method == "eth_sendRawTransaction":
            self.sent.append(_read(parameters[0]))
        return "0x"

    def mine(self, status: str = "0x1") -> None:
        self.mined[self.sent[-1]["hash"]] = status


def _read(raw: str) -> dict[str, Any]:
    from eth_account.typed_transactions.typed_transaction import TypedTransaction
    from eth_utils.crypto import keccak
    from hexbytes import HexBytes

    found = dict(TypedTransaction.from_bytes(HexBytes(raw)).as_dict())
    return found | {"hash": "0x" + keccak(HexBytes(raw)).hex()}


def told(at: int = START) -> Risk:
    risk, _ = desk().look(manifest(), block(1, at), Holding(value=5e6, source="chain"))
    assert risk is not None
    return risk


class Desk:
    """A reporter before its nodes."""

    def __init__(self, *, dials: bool = False) -> None:
        self.nodes, self.metrics, self.clock = Nodes(), Metrics(), ManualClock(START)
        nodes = cast("Endpoints", self.nodes)
        turned = Dials(nodes, {"meadow": (DIAL,)} if dials else {}, self.clock, self.metrics)
        self.reporter = Reporter(Sender(nodes, ACCOUNT, CAP), ACCOUNT, turned, self.metrics)

    def turn(self, times: int = 1, at: int = START) -> None:
        for _ in range(times):
            self.reporter.step(at)

    def faults(self, of: str = "feed_faults") -> float:
        name = f"firebreak_{of}_total"
        return self.metrics.registry.get_sample_value(name, {"protocol": "meadow"}) or 0.0


@pytest.fixture
def at() -> Desk:
    return Desk()


def test_one_at_a_time_and_the_newest_of_each_feed(at: Desk) -> None:
    at.reporter.take(told(START), FEED)
    at.turn()
    for place in (1, 2):
        at.reporter.take(told(START + place), FEED)
    at.reporter.take(told(START), OTHER)
    at.turn(3)
    assert len(at.nodes.sent) == 1
    at.nodes.mine()
    at.turn(2)
    at.nodes.mine()
    at.turn(2)
    assert [one["nonce"] for one in at.nodes.sent] == [0, 1, 2]
    assert at.faults() == 0


def test_what_is_not_mined_is_sent_again_for_more_with_the_same_nonce(at: Desk) -> None:
    at.reporter.take(told(), FEED)
    at.turn(1 + 30 * REPLACE_AFTER)
    fees = [one["maxFeePerGas"] for one in at.nodes.sent]
    assert {one["nonce"] for one in at.nodes.sent} == {0}
    assert all(later > 1.12 * fee for fee, later in pairwise(fees))
    assert 0.8 * CAP < max(fees) <= CAP  # and there it waits
    assert len(fees) < 30
    at.nodes.mine()
    at.turn()
    assert not at.reporter._sender.busy


def test_a_feed_that_refuses_costs_nothing_and_is_counted(at: Desk) -> None:
    at.nodes.refusal = "execution reverted: Stale"
    at.reporter.take(told(), FEED)
    at.turn(3)
    assert at.nodes.sent == []
    assert at.faults() == 1
    at.nodes.refusal = ""
    at.reporter.take(told(START + 1), FEED)
    at.turn()
    assert len(at.nodes.sent) == 1


def test_a_report_that_reverts_is_counted_and_the_next_one_goes_on(at: Desk) -> None:
    at.reporter.take(told(), FEED)
    at.turn()
    at.nodes.mine("0x0")
    at.reporter.take(told(START + 1), FEED)
    at.turn()
    assert at.faults() == 1
    assert [one["nonce"] for one in at.nodes.sent] == [0, 1]


@pytest.fixture
def dialled() -> Desk:
    return Desk(dials=True)


def test_a_dial_is_turned_when_it_says_so_and_asked_no_oftener_than_a_block(
    dialled: Desk,
) -> None:
    dialled.turn(3)
    assert (dialled.nodes.asked, dialled.nodes.sent) == (1, [])
    dialled.nodes.due = DUE
    dialled.turn(at=START + LOOK_EVERY)
    (sent,) = dialled.nodes.sent
    assert (sent["to"].to_0x_hex(), sent["data"].to_0x_hex(), sent["gas"]) == (DIAL, TURN, GAS)
    dialled.nodes.mine()
    dialled.turn(3, at=START + LOOK_EVERY + REST - 1)
    assert len(dialled.nodes.sent) == 1
    assert dialled.faults("dial_turns") == 1
    dialled.turn(at=START + LOOK_EVERY + REST)
    assert len(dialled.nodes.sent) == 2
    assert dialled.faults("dial_faults") == 0


def test_reports_go_first(dialled: Desk) -> None:
    dialled.nodes.due = DUE
    dialled.reporter.take(told(), FEED)
    dialled.turn()
    dialled.nodes.mine()
    dialled.turn()
    assert [one["to"].to_0x_hex() for one in dialled.nodes.sent] == [FEED, DIAL]


@pytest.mark.parametrize("answer", ["0x", "0x01", f"0x{2:064x}", None, 1, "0x" + "00" * 4096])
def test_a_dial_that_answers_anything_is_counted_and_stops_no_report(
    dialled: Desk, answer: Any
) -> None:
    dialled.nodes.due = answer
    dialled.turn(3)
    assert dialled.faults("dial_faults") == 1
    assert dialled.nodes.sent == []
    dialled.reporter.take(told(), FEED)
    dialled.turn()
    assert len(dialled.nodes.sent) == 1


def test_a_dial_that_reverts_is_counted_and_stops_no_report(dialled: Desk) -> None:
    dialled.nodes.due = DUE
    dialled.turn()
    dialled.nodes.mine("0x0")
    dialled.reporter.take(told(), FEED)
    dialled.turn()
    assert dialled.faults("dial_faults") == 1
    assert dialled.faults() == dialled.faults("dial_turns") == 0
    assert [one["to"].to_0x_hex() for one in dialled.nodes.sent] == [DIAL, FEED]


def test_a_dial_that_always_wants_a_turn_costs_a_bounded_number(dialled: Desk) -> None:
    dialled.nodes.due = DUE
    for place in range(24 * 60):
        dialled.clock.seconds += 60
        dialled.turn(2, at=START + 60 * place)
        dialled.nodes.mine()
    assert len(dialled.nodes.sent) <= BURST + 86_400 / REFILL
    assert len(dialled.nodes.sent) > 86_400 / REFILL  # and none of them is lost
    assert dialled.faults("dial_faults") > 0


FAR = 2**63


@pytest.mark.parametrize("lie", [FAR, START + REST + LOOK_EVERY + 1, 0])
def test_a_block_that_lies_about_its_time_stops_no_dial(dialled: Desk, lie: int) -> None:
    dialled.turn(at=lie)
    dialled.nodes.due = DUE
    dialled.turn(at=START)
    dialled.nodes.mine()
    dialled.turn(at=lie)
    dialled.nodes.mine()
    dialled.turn(at=START + REST)
    assert len(dialled.nodes.sent) >= 2
    assert dialled.faults("dial_faults") == 0


def test_blocks_that_lie_about_their_time_earn_no_turns_and_withhold_none(dialled: Desk) -> None:
    dialled.nodes.due = DUE
    for place in range(3 * BURST):
        dialled.turn(2, at=FAR if place % 2 else START + place)
        dialled.nodes.mine()
    assert len(dialled.nodes.sent) == BURST
    dialled.clock.seconds += REFILL
    dialled.turn(2, at=START + FAR)
    dialled.nodes.mine()
    assert len(dialled.nodes.sent) == BURST + 1


def test_the_question_whether_a_turn_is_due_has_a_bound_of_gas(dialled: Desk) -> None:
    dialled.turn()
    assert dialled.nodes.gas == hex(GAS)


def test_disarmed_a_record_is_signed_for_its_feed_and_nothing_is_sent() -> None:
    broker = MemoryBroker()
    broker.create([RISK])
    shelf = Shelf(frozenset({"meadow"}))
    teller: Signer = TELLER
    side = Chainside(account=ACCOUNT)
    publisher = Publisher(broker.producer(), teller, shelf, Metrics(), side)
    risk = told()
    publisher.publish(risk, manifest(underwriting=Underwriting(feed=FEED)))
    kept = shelf.newest("meadow")
    assert kept is not None
    signature = bytes.fromhex((headers.find(kept.headers, EIP712) or b"").decode())
    signed_by = signer_of(report_of(risk), "meadow", 31337, FEED, signature)
    assert signed_by == str(ACCOUNT.address).lower()
