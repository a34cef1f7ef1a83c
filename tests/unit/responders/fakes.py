"""A chain in memory: one account, a gate, a pool that the gate can pause."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from responders.adapters import gate
from responders.adapters.pausable import PAUSE
from responders.chain import Answer, Call, Head, Logged, Receipt, Sending
from responders.fees import Fee
from responders.reverts import selector
from responders.signer import KeySigner
from responders.simulation import Place, Replay
from schemas.errors import TransientError
from tests.unit.responders.examples import CHAIN, START

SIGNER = KeySigner(bytes(31) + b"\x07", 31337)
GWEI = 10**9


@dataclass(frozen=True, slots=True)
class State:
    """What a block leaves behind."""

    paused: bool = False
    used: frozenset[str] = frozenset()
    nonce: int = 0


@dataclass(slots=True)
class Pooled:
    """A transaction as the pool sees it."""

    tx: str
    nonce: int
    data: str
    ceiling: int
    tip: int
    foreign: bool = False


@dataclass(slots=True)
class Block:
    hash: str
    state: State
    receipts: dict[str, bool] = field(default_factory=dict)
    transactions: tuple[Pooled, ...] = ()


class FakeChain:
    """Keeps the rules that matter: a nonce is used once, a gate's action too, pause() reverts when
    paused, and a replacement pays 10 % more."""

    name = CHAIN

    def __init__(self, blocks: int = 100) -> None:
        self.blocks = [Block(_hash(number), State()) for number in range(blocks + 1)]
        self.pool: dict[int, Pooled] = {}
        self.base_fee = GWEI
        self.gate_refuses = ""
        self.funds = 10**18
        self.replays: bool | None = None
        """Whether any transaction that is executed once more works; None: it is not known."""
        self.takes = 0
        """What it then takes from each holder, of each token."""
        self.holdings = 0
        """What `balanceOf` answers, of any token and holder."""
        self.down = False
        self.deaf = False
        """The node answers questions but takes no transaction."""
        self.offers: dict[str, Fee] = {}
        """What attacks that wait in the pool pay."""
        self.paid_fees: int | None = None
        """What every transaction paid, in wei."""
        self.bare: set[str] = set()
        """Addresses without a contract."""
        self.events: dict[str, tuple[Logged, ...]] = {}
        """What transactions emitted."""
        self.sent: list[str] = []
        self.branch = 0

    # ------------------------------------------------------------------ what a responder asks

    def head(self) -> Head:
        self._require_up()
        number = len(self.blocks) - 1
        time = START + 12 * (number - 100)
        return Head(number, self.blocks[-1].hash, time, self.base_fee)

    def tip(self) -> int:
        self._require_up()
        return GWEI

    def nonce(self, account: str, block: int | None = None) -> int:
        self._require_up()
        return self._at(block).nonce

    def balance(self, account: str, block: int | None = None) -> int:
        return self.funds

    def waiting(self, account: str) -> int:
        self._require_up()
        return len(self.pool)

    def offer(self, tx: str) -> Fee | None:
        self._require_up()
        return self.offers.get(tx)

    def paid(self, tx: str) -> int | None:
        self._require_up()
        return self.paid_fees

    def has_code(self, address: str, block: int) -> bool:
        self._require_up()
        return address not in self.bare

    def call(self, call: Call, *, sender: str | None, block: int | None = None) -> Answer:
        self._require_up()
        return self.execute(self._at(block), call.data)

    def replay(self, tx: str, block: int, places: Sequence[Place]) -> Replay | None:
        self._require_up()
        if self.replays is None:
            return None
        before = tuple(self.holdings for _ in places)
        left = max(0, self.holdings - self.takes) if self.replays else self.holdings
        return Replay(self.replays, before, tuple(left for _ in places))

    def send(self, raw: str) -> tuple[Sending, str]:
        self._require_up()
        if self.deaf:
            return Sending.REFUSED, "insufficient funds"
        fresh, before = _parsed(raw), self.pool.get(_parsed(raw).nonce)
        self.sent.append(fresh.tx)
        if fresh.nonce < self.blocks[-1].state.nonce:
            return Sending.NONCE_USED, "nonce too low"
        if before is not None and before.tx == fresh.tx:
            return Sending.KNOWN, "already known"
        if before is not None and not _outbids(fresh, before):
            return Sending.FEE_TOO_LOW, "replacement transaction underpriced"
        self.pool[fresh.nonce] = fresh
        return Sending.TAKEN, ""

    def receipt(self, tx: str) -> Receipt | None:
        self._require_up()
        for number, block in enumerate(self.blocks):
            if tx in block.receipts:
                return Receipt(tx, number, block.hash, block.receipts[tx])
        return None

    def logged(self, tx: str) -> tuple[Logged, ...]:
        self._require_up()
        return self.events.get(tx, ())

    # ------------------------------------------------------------------ what happens on it

    def execute(self, state: State, data: str) -> Answer:
        if data.startswith(selector("paused()")):
            return Answer(ok=True, data="0x" + f"{int(state.paused):064x}")
        if data.startswith(selector("balanceOf(address)")):
            return Answer(ok=True, data="0x" + f"{self.holdings:064x}")
        if PAUSE[2:] not in data:
            return Answer(ok=True, data="0x")
        return self._pulled(state, data)

    def _pulled(self, state: State, data: str) -> Answer:
        if self.gate_refuses:
            return Answer(ok=False, data=selector(self.gate_refuses))
        if data.startswith(gate.BRAKE) and data[10:74] in state.used:
            return Answer(ok=False, data=selector("ActionUsed()"))
        if state.paused:
            return Answer(ok=False, data=selector("EnforcedPause()"))
        return Answer(ok=True, data="0x")

    def mine(self, count: int = 1, *, include: bool = True) -> None:
        """Add blocks; the first takes what the pool holds, unless told otherwise."""
        for _ in range(count):
            state, receipts, taken = self.blocks[-1].state, {}, []
            while include and (next_one := self._affordable(state.nonce)) is not None:
                del self.pool[next_one.nonce]
                state, receipts[next_one.tx] = self._applied(state, next_one)
                taken.append(next_one)
            number = len(self.blocks)
            block = Block(_hash(number, self.branch), state, receipts, tuple(taken))
            self.blocks.append(block)

    def reorg(self, depth: int, *, forget: bool = False) -> None:
        """Replace the last blocks by as many empty ones; what they held goes back to the pool,
        unless the node forgets it."""
        gone, self.blocks = self.blocks[-depth:], self.blocks[:-depth]
        self.branch += 1
        for block in gone:
            if not forget:
                self.pool |= {pooled.nonce: pooled for pooled in block.transactions}
        self.mine(depth, include=False)

    def overtake(self, nonce: int) -> None:
        """Let a stranger with the same key use a nonce."""
        self.pool[nonce] = Pooled(f"0xforeign{nonce}", nonce, "0x", 10**15, 10**15, foreign=True)

    def release(self) -> None:
        """Let people unpause the pool, in a block of its own."""
        state = self.blocks[-1].state
        self.blocks.append(
            Block(_hash(len(self.blocks)), State(paused=False, used=state.used, nonce=state.nonce))
        )

    @property
    def brakes(self) -> list[str]:
        """The actions that the gate carried out, on the present chain, oldest first."""
        return [
            pooled.data[10:74]
            for block in self.blocks
            for pooled in block.transactions
            if block.receipts[pooled.tx] and not pooled.foreign
        ]

    @property
    def nonces(self) -> list[int]:
        """The nonces of everything mined or waiting."""
        mined = [pooled.nonce for block in self.blocks for pooled in block.transactions]
        return mined + list(self.pool)

    def _applied(self, state: State, pooled: Pooled) -> tuple[State, bool]:
        nonce = state.nonce + 1
        if pooled.foreign:
            return State(state.paused, state.used, nonce), True
        if not self.execute(state, pooled.data).ok:
            return State(state.paused, state.used, nonce), False
        return State(paused=True, used=state.used | {pooled.data[10:74]}, nonce=nonce), True

    def _affordable(self, nonce: int) -> Pooled | None:
        found = self.pool.get(nonce)
        return found if found is not None and found.ceiling >= self.base_fee else None

    def _at(self, block: int | None) -> State:
        if block is None:
            return self.blocks[-1].state
        if block >= len(self.blocks):
            raise TransientError(f"block {block} is not known yet")
        return self.blocks[block].state

    def _require_up(self) -> None:
        if self.down:
            raise TransientError("no node answers")


def _parsed(raw: str) -> Pooled:
    fields: dict[str, Any] = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    return Pooled(
        tx="0x" + keccak(hexstr=raw).hex(),
        nonce=fields["nonce"],
        data="0x" + bytes(fields["data"]).hex(),
        ceiling=fields["maxFeePerGas"],
        tip=fields["maxPriorityFeePerGas"],
    )


def _outbids(fresh: Pooled, before: Pooled) -> bool:
    pairs: Sequence[tuple[int, int]] = (
        (fresh.ceiling, before.ceiling),
        (fresh.tip, before.tip),
    )
    return all(10 * now >= 11 * then for now, then in pairs)


def _hash(number: int, branch: int = 0) -> str:
    return "0x" + f"{branch:08x}{number:056x}"


def chain_at(alerted: int = 1) -> FakeChain:
    """A chain whose newest block is the one that the alert is about."""
    return FakeChain(100 + alerted)
