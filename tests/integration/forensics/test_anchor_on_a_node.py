"""The log's roots on a real chain: written by proof, at brakes at once, again after a reorg."""

from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cli.anchor_account import AnchorAccount
from forensics.record import database, tiles
from forensics.record.anchor_contract import AnchorContract, Head
from forensics.record.anchoring import REPLACE_AFTER, Anchoring
from forensics.record.errors import UntrustedError
from forensics.record.haste import Haste
from forensics.record.leaf import leaf_of
from forensics.record.log_reader import LogReader
from forensics.record.log_writer import LogWriter
from forensics.record.merkle import Frontier, check_consistency, leaf_hash
from forensics.record.proof import check_proof
from forensics.record.proving import prove
from forensics.record.pulled import Pulled
from forensics.record.tiles import Tile
from forensics.record.verification import verify
from forensics.record.verified_tree import Outside
from forensics.record.vouching import CHAIN, Vouching
from responders.signer import KeySigner
from runtime.actors import Actors
from runtime.budget import Budget
from runtime.clock import SystemClock
from runtime.evm import Endpoints
from runtime.metrics import Metrics
from sandbox.evm import GWEI, Contract
from sandbox.node import LocalNode
from schemas.errors import ConfigurationError, TransientError
from schemas.ids import content_id
from tests.faults.proxy import Proxy
from tests.forensic_log import ORIGIN, SIGNER, action, leaves, message, seal
from tests.integration.contracts.hands import Hands

pytestmark = pytest.mark.node

EVERY = 600
CAP = 100 * GWEI
MOST = 3
LEAVES = [leaf_hash(b"%d" % number) for number in range(70)]


class Port:
    """A contract on a node, its writer, and a log."""

    def __init__(self, node: LocalNode, log: LogWriter, folder: Path) -> None:
        self.node = node
        self.spent = folder / "writer.anchors"
        self.hands = Hands(node, "deployer")
        self.writer = self.hands.funded("anchor")
        self.contract: Contract = self.hands.create(
            "RecordAnchor", self.writer.address, sha256(ORIGIN.encode()).digest()
        )
        self.endpoints = Endpoints([node.http])
        self.seen = AnchorContract(self.endpoints, self.contract.address)
        self.log = log
        key = bytes(self.writer.signer.key)
        self.account = AnchorAccount(KeySigner(key, self.hands.chain.id))
        self.anchoring = self.anchors()

    def anchors(self, log: LogReader | None = None, cap: int = CAP) -> Anchoring:
        log = log or self.log.reader
        haste = Haste(Pulled(log, Actors()), Budget(self.spent, MOST), MOST, SystemClock())
        return Anchoring(log, self.seen, self.account, haste, every=EVERY, fee_cap=cap)

    def grow(self, count: int, *, brake: bool = False) -> None:
        size = self.log.frontier.size
        state = "included" if brake else "final"
        steps = (
            message(at, action(0, content_id("action", str(at)), state=state))
            for at in range(size, size + count)
        )
        self.log.append([leaf_of(one) for one in steps])
        seal(self.log, brake=brake)

    def settled(self) -> Head:
        """Anchor what is due, and see it mined."""
        self.anchoring.step()
        self.hands.chain.mine()
        return self.anchoring.step()


@pytest.fixture
def port(node: LocalNode, tmp_path: Path) -> Iterator[Port]:
    engine = database.connect(database.file_url(tmp_path / "record.sqlite"))
    with LogWriter.open(engine) as log:
        made = Port(node, log, tmp_path)
        yield made
        made.endpoints.close()
    engine.dispose()


def tile(wanted: Tile) -> bytes:
    return b"".join(LEAVES)


def test_a_root_is_written_on_time_and_at_a_brake_at_once(port: Port) -> None:
    port.grow(3)
    first = port.settled()
    port.grow(4)
    waits = port.settled()
    port.grow(2, brake=True)
    braked = port.settled()
    port.grow(300)
    port.hands.chain.mine(EVERY)
    later = port.settled()

    assert [head.size for head in (first, waits, braked, later)] == [3, 3, 9, 309]
    assert later.root == port.log.frontier.root()
    anchors = port.log.reader.anchors()
    assert [anchor.size for anchor in anchors] == [3, 9, 309]
    assert anchors == port.seen.anchored(0, port.seen.block()[0])
    outside = [Outside(one.size, one.root, "the chain") for one in anchors]
    assert verify(port.log.reader, SIGNER.key, outside)[:4] == (309, 0, 4, 3)
    proven = check_proof(prove(port.log.reader, 5), SIGNER.key)
    assert (proven.checkpoint.size, proven.checkpoint.root) == (9, anchors[1].root)


def test_a_flood_of_brakes_is_anchored_as_far_as_the_budget_goes_and_then_in_its_turn(
    port: Port,
) -> None:
    port.grow(1)
    port.settled()
    for _ in range(MOST + 4):
        port.grow(1, brake=True)
        port.settled()
    assert len(port.seen.anchored(0, port.seen.block()[0])) == 1 + MOST
    port.anchoring = port.anchors()  # as after a restart
    assert port.settled().size == 1 + MOST
    assert port.anchoring.haste.left() == 0
    port.hands.chain.mine(EVERY)
    assert port.settled().size == port.log.frontier.size


def test_a_reorg_takes_an_anchor_away_and_it_is_written_again(port: Port) -> None:
    port.grow(3)
    before = port.node.rpc("evm_snapshot")
    port.settled()
    assert [anchor.size for anchor in port.log.reader.anchors()] == [3]
    assert port.node.rpc("evm_revert", before)

    port.anchoring.step()  # sees that it is gone, and sends it once more
    assert port.log.reader.anchors() == []
    port.hands.chain.mine()
    assert port.anchoring.step().size == 3
    assert [anchor.size for anchor in port.log.reader.anchors()] == [3]


def test_while_no_node_answers_it_is_told_and_the_next_root_covers_all(port: Port) -> None:
    metrics = Metrics()
    with Proxy(port.node) as between:
        port.endpoints.close()
        port.endpoints = Endpoints([between.address])
        port.seen = AnchorContract(port.endpoints, port.contract.address)
        port.anchoring = port.anchors()
        vouching = Vouching(port.log.reader, [], port.anchoring, metrics)
        port.grow(3)
        assert port.settled().size == 3
        between.fault = "503"
        for _ in range(4):
            port.grow(2, brake=True)
            vouching.look()
        assert metrics.audit_faults.labels(CHAIN)._value.get() == 4
        assert port.hands.chain.read(port.contract, "size") == (3,)
        assert verify(port.log.reader, SIGNER.key).findings == (), "seals do not wait for it"
        between.fault = ""
        port.settled()
        assert port.settled().size == 11
        assert [anchor.size for anchor in port.log.reader.anchors()] == [3, 11]


def test_while_nobody_pays_nothing_goes_on_chain_and_then_all_does(port: Port) -> None:
    port.grow(3)
    port.node.rpc("anvil_setBalance", port.writer.address, "0x0")
    for _ in range(2):
        with pytest.raises(TransientError, match="refuses the anchor"):
            port.anchoring.step()
        port.grow(2)
    port.node.rpc("anvil_setBalance", port.writer.address, hex(10**18))
    assert port.settled().size == 7


def test_a_contract_that_is_gone_is_told(port: Port) -> None:
    port.grow(3)
    port.settled()
    port.node.rpc("anvil_setCode", port.contract.address, "0x")
    metrics = Metrics()
    Vouching(port.log.reader, [], port.anchoring, metrics).look()
    assert metrics.audit_faults.labels(CHAIN)._value.get() == 1


def test_an_anchor_that_is_not_mined_is_replaced_by_the_newest_root(port: Port) -> None:
    port.grow(3)
    port.anchoring.step()
    stuck = port.node.rpc("txpool_content")["pending"]
    port.node.rpc("anvil_dropAllTransactions")  # as if nobody wanted it
    for _ in range(REPLACE_AFTER):
        port.hands.chain.mine()
    port.grow(5)
    port.anchoring.step()
    replaced = port.node.rpc("txpool_content")["pending"]
    port.hands.chain.mine()

    assert port.anchoring.step().size == 8
    old, new = (next(iter(pool.values())) for pool in (stuck, replaced))
    old, new = next(iter(old.values())), next(iter(new.values()))
    assert old["nonce"] == new["nonce"]
    assert int(new["maxFeePerGas"], 16) >= 1.1 * int(old["maxFeePerGas"], 16)


def test_a_fee_has_a_cap(port: Port) -> None:
    port.grow(3)
    modest = port.anchors(cap=1)
    with pytest.raises(TransientError, match="refuses the anchor"):
        modest.step()


def test_a_log_that_was_rolled_back_or_forked_is_not_anchored(port: Port, tmp_path: Path) -> None:
    port.grow(5)
    port.settled()
    for name, count, partition in (("short", 4, 0), ("fork", 6, 1)):
        engine = database.connect(database.file_url(tmp_path / f"{name}.sqlite"))
        with LogWriter.open(engine) as other:
            other.append(leaves(count, 0, partition))
            seal(other)
            told = "rolled back" if name == "short" else "another root"
            with pytest.raises(UntrustedError, match=told):
                port.anchors(other.reader).step()
        engine.dispose()


def test_the_chain_itself_refuses_what_does_not_continue_its_root(port: Port) -> None:
    """Even signed by the writer: the contract is a witness too."""
    frontier = Frontier()
    for leaf in LEAVES[:7]:
        frontier.append(leaf)
    root = frontier.root()

    def write(size: int, value: bytes, proof: list[bytes]) -> str:
        call = port.contract.call("anchor", size, value, proof)
        reason = port.hands.refused(port.contract, port.writer, call)
        assert port.hands.does(port.writer, call) == (not reason)
        return reason

    assert write(7, root, []) == ""
    longer = tiles.root(12, tile)
    proof = tiles.consistency(7, 12, tile)
    forged = leaf_hash(b"forged")
    assert write(7, root, []) == "NotLonger"
    assert write(6, tiles.root(6, tile), []) == "NotLonger"
    assert write(12, forged, proof) == "NotAContinuation"
    assert write(12, longer, proof[:-1]) == "NotAContinuation"
    assert write(12, longer, []) == "NotAContinuation"
    assert write(12, longer, [*proof, forged]) == "NotAContinuation"
    stranger = port.hands.funded("stranger")
    call = port.contract.call("anchor", 12, longer, proof)
    assert port.hands.refused(port.contract, stranger, call) == "NotTheWriter"
    assert not port.hands.does(stranger, call)
    assert write(12, longer, proof) == ""
    assert port.seen.head()[:2] == (12, longer)


def test_the_contract_and_the_code_agree_on_every_small_tree(port: Port) -> None:
    sizes = [1, 2, 3, 4, 5, 6, 7, 8, 11, 16, 31, 33, 64, 70]
    for old in sizes:
        for new in (size for size in sizes if size >= old):
            proof = tiles.consistency(old, new, tile)
            before, after = tiles.root(old, tile), tiles.root(new, tile)
            check_consistency(old, new, proof, before, after)
            assert _continues(port, old, before, new, after, proof)
            assert not _continues(port, old, after, new, before, proof) or old == new
            for mangled in ([*proof, before], proof[:-1], proof[1:]):
                if mangled != proof:
                    assert not _continues(port, old, before, new, after, mangled)
    assert not _continues(port, 8, tiles.root(8, tile), 7, tiles.root(7, tile), [])
    for old, new in pairwise(sizes):
        assert not _continues(port, old, LEAVES[0] if old > 1 else LEAVES[1], new, LEAVES[2], [])


def _continues(
    port: Port, old: int, before: bytes, new: int, after: bytes, proof: list[bytes]
) -> bool:
    (said,) = port.hands.chain.read(port.contract, "continues", old, before, new, after, proof)
    return bool(said)


def test_it_holds_one_log_and_obeys_one_account(port: Port) -> None:
    port.seen.require_for(ORIGIN, port.writer.address)
    with pytest.raises(ConfigurationError, match="no RecordAnchor of the log"):
        port.seen.require_for("another.example/log", port.writer.address)
    with pytest.raises(ConfigurationError, match="is written by"):
        port.seen.require_for(ORIGIN, port.hands.owner.address)
    nothing = AnchorContract(port.endpoints, "0x" + "11" * 20)
    with pytest.raises(ConfigurationError, match="does not answer"):
        nothing.require_for(ORIGIN, None)


def test_an_anchor_of_a_large_log_costs_no_more_than_its_gas_allows(port: Port) -> None:
    for count in (1, 300, 1000):
        port.grow(count)
        port.hands.chain.mine(EVERY)
        port.settled()
    tx = port.log.reader.anchors()[-1].tx
    receipt = port.node.rpc("eth_getTransactionReceipt", tx)
    assert int(receipt["gasUsed"], 16) < 90_000


def test_it_can_hold_nothing_and_calls_nobody(port: Port) -> None:
    """No brake knows it: it has no address to call, and takes no coins."""
    transfer = port.contract.call("anchor", 1, LEAVES[0], [], value=1)
    assert not port.hands.does(port.writer, transfer)
    abi = port.contract.interface.abi
    assert {entry["name"] for entry in abi if entry["type"] == "function"} == {
        "anchor", "continues", "log", "root", "size", "time", "writer",
    }  # fmt: skip


def test_a_root_that_is_mined_while_the_contract_is_read_is_no_fork(
    port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    port.grow(3)
    port.settled()
    port.grow(4, brake=True)
    port.anchoring.step()
    ask = port.endpoints.ask
    answered: list[str] = []

    def mined_between(method: str, *parameters: Any) -> Any:
        answer: Any = ask(method, *parameters)
        if method == "eth_call":
            answered.append(method)
            if len(answered) == 1:
                port.hands.chain.mine()
        return answer

    monkeypatch.setattr(port.endpoints, "ask", mined_between)
    assert port.anchoring.step().size == 3
    assert len(answered) > 1
    assert port.anchoring.step().size == 7
