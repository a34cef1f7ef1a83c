"""What brings reports to their feeds: one transaction at a time, dearer where it has to be."""

from itertools import pairwise
from typing import Any, cast

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from runtime.evm import Endpoints, NodeRefusalError
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.sending import REPLACE_AFTER
from runtime.signatures import Signer
from schemas import headers
from schemas.risk import Holding, Risk
from schemas.topics import RISK
from schemas.underwriting import Underwriting
from tests.unit.underwriting.test_service import TELLER
from tests.unit.underwriting.worlds import CHAIN, START, block, desk, manifest
from underwriting.publisher import Chainside, Publisher
from underwriting.report import report_of, signer_of
from underwriting.reporter import Reporter
from underwriting.shelf import Shelf
from underwriting.web import EIP712

FEED, OTHER = "0x" + "fe" * 20, "0x" + "ff" * 20
ACCOUNT: LocalAccount = Account.from_key(b"\x09" * 32)
CAP = 50 * 10**9


class Nodes:
    """A chain that mines when it is told to."""

    chain = CHAIN

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.mined: dict[str, str] = {}
        self.refusal = ""

    def ask(self, method: str, *parameters: Any) -> Any:
        if method == "eth_call" and self.refusal:
            raise NodeRefusalError(method, 3, self.refusal)
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

    def __init__(self) -> None:
        self.nodes, self.metrics = Nodes(), Metrics()
        self.reporter = Reporter(cast("Endpoints", self.nodes), ACCOUNT, CAP, self.metrics)

    def turn(self, times: int = 1) -> None:
        for _ in range(times):
            self.reporter.turn()

    def faults(self) -> float:
        name = "firebreak_feed_faults_total"
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
