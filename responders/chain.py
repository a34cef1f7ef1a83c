"""What a responder asks of a chain: the port, and the nodes behind it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any, Protocol, TypeVar

from responders import answers, simulation
from responders.answers import Head, Logged, Receipt
from responders.fees import Fee
from responders.simulation import Place, Replay
from runtime.evm import Endpoints, NodeRefusalError
from runtime.logs import logger
from schemas.errors import TransientError

__all__ = [
    "Answer",
    "Call",
    "Chain",
    "Head",
    "Logged",
    "NodeChain",
    "Receipt",
    "Sending",
]

T = TypeVar("T")

_log = logger(__name__)

_HEXADECIMAL = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_REVERTED = ("revert", "out of gas", "opcode", "vm execution error", "stack")


@dataclass(frozen=True, slots=True)
class Call:
    """A message to a contract, without value, that may use so much gas."""

    to: str
    data: str
    gas: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gave: its result, or why it reverted, both in hexadecimal."""

    ok: bool
    data: str


class Sending(Enum):
    """What a node did with a signed transaction."""

    TAKEN = "taken"
    KNOWN = "known before"
    NONCE_USED = "its nonce is used"
    FEE_TOO_LOW = "its fee is too low"
    REFUSED = "refused"


class Chain(Protocol):
    """The questions. Every one raises `TransientError` when no node answers it."""

    @property
    def name(self) -> str:
        """The chain, as CAIP-2."""
        ...

    def head(self) -> Head:
        """Return the newest block."""
        ...

    def tip(self) -> int:
        """Return the priority fee that nodes suggest, in wei per gas."""
        ...

    def nonce(self, account: str, block: int | None = None) -> int:
        """Return how many transactions an account had sent at a block, or at the newest one."""
        ...

    def balance(self, account: str, block: int | None = None) -> int:
        """Return what an account held at a block, or holds at the newest one, in wei."""
        ...

    def waiting(self, account: str) -> int:
        """Return how many of an account's transactions wait in the pool, in line for a block."""
        ...

    def offer(self, tx: str) -> Fee | None:
        """Return what a transaction offers that waits in the pool; None for any other."""
        ...

    def paid(self, tx: str) -> int | None:
        """Return the fees that a transaction paid, in wei; None for one that was not mined."""
        ...

    def has_code(self, address: str, block: int) -> bool:
        """Say whether there was a contract at an address after a block."""
        ...

    def call(self, call: Call, *, sender: str | None, block: int | None = None) -> Answer:
        """Execute a message on the state after a block, or the newest one; nothing is changed."""
        ...

    def replay(self, tx: str, block: int, places: Sequence[Place]) -> Replay | None:
        """Execute a transaction of the chain once more, on the state after a block, and say what
        these places hold before and after; nothing is changed. None where the node does not know
        the transaction, or cannot simulate it."""
        ...

    def send(self, raw: str) -> tuple[Sending, str]:
        """Hand a signed transaction to the node; return what became of it, and in its words."""
        ...

    def receipt(self, tx: str) -> Receipt | None:
        """Return where a transaction was included, None while it is not."""
        ...

    def logged(self, tx: str) -> tuple[Logged, ...]:
        """Return a transaction's events, in their order; none while it is not included."""
        ...


class NodeChain:
    """The port on one or several nodes."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints

    @property
    def name(self) -> str:
        """The chain, as CAIP-2."""
        return self._endpoints.chain

    def head(self) -> Head:
        """Return the newest block."""
        return self._ask("eth_getBlockByNumber", "latest", False, read=answers.head)  # noqa: FBT003 - the interface's: headers only

    def tip(self) -> int:
        """Return the priority fee that nodes suggest."""
        return self._ask("eth_maxPriorityFeePerGas", read=answers.quantity)

    def nonce(self, account: str, block: int | None = None) -> int:
        """Return how many transactions an account had sent."""
        return self._ask("eth_getTransactionCount", account, _tag(block), read=answers.quantity)

    def balance(self, account: str, block: int | None = None) -> int:
        """Return what an account holds."""
        return self._ask("eth_getBalance", account, _tag(block), read=answers.quantity)

    def waiting(self, account: str) -> int:
        """Return how many of an account's transactions wait in the pool."""
        count = "eth_getTransactionCount"
        ahead = self._ask(count, account, "pending", read=answers.quantity)
        return max(0, ahead - self.nonce(account))

    def offer(self, tx: str) -> Fee | None:
        """Return what a transaction offers that waits in the pool."""
        return self._ask("eth_getTransactionByHash", tx, read=answers.offer)

    def paid(self, tx: str) -> int | None:
        """Return the fees that a transaction paid."""
        return self._ask("eth_getTransactionReceipt", tx, read=answers.paid)

    def has_code(self, address: str, block: int) -> bool:
        """Say whether there was a contract at an address after a block."""
        code = self._ask("eth_getCode", address, _tag(block), read=answers.hexadecimal)
        return code != "0x"

    def call(self, call: Call, *, sender: str | None, block: int | None = None) -> Answer:
        """Execute a message on the state after a block."""
        message = _message(call, sender)
        try:
            result = self._endpoints.ask("eth_call", message, _tag(block), read=answers.hexadecimal)
        except NodeRefusalError as error:
            return Answer(ok=False, data=_revert_data(error))
        return Answer(ok=True, data=result)

    def replay(self, tx: str, block: int, places: Sequence[Place]) -> Replay | None:
        """Execute a transaction once more, with the gas that it was sent with."""
        message = self._ask("eth_getTransactionByHash", tx, read=answers.message)
        if message is None:
            return None
        body = simulation.request(message, places)
        read = partial(simulation.replay, count=len(places))
        try:
            return self._endpoints.ask("eth_simulateV1", body, _tag(block), read=read)
        except NodeRefusalError as error:
            if error.code not in simulation.CANNOT:
                raise TransientError(str(error)) from error
            _log.error("cannot_simulate", tx=tx, error=str(error))
            return None

    def send(self, raw: str) -> tuple[Sending, str]:
        """Hand a signed transaction to the node."""
        try:
            self._endpoints.ask("eth_sendRawTransaction", raw)
        except NodeRefusalError as error:
            return _sending(error.message), error.message
        return Sending.TAKEN, ""

    def receipt(self, tx: str) -> Receipt | None:
        """Return where a transaction was included."""
        return self._ask("eth_getTransactionReceipt", tx, read=partial(answers.receipt, tx=tx))

    def logged(self, tx: str) -> tuple[Logged, ...]:
        """Return a transaction's events."""
        return self._ask("eth_getTransactionReceipt", tx, read=answers.logged)

    def _ask(self, method: str, *parameters: Any, read: Callable[[Any], T]) -> T:
        try:
            return self._endpoints.ask(method, *parameters, read=read)
        except NodeRefusalError as error:  # these questions have an answer; the node is not ready
            raise TransientError(str(error)) from error


def _tag(block: int | None) -> str:
    return "latest" if block is None else hex(block)


def _message(call: Call, sender: str | None) -> dict[str, str]:
    message = {"to": call.to, "data": call.data, "gas": hex(call.gas)}
    return message if sender is None else message | {"from": sender}


def _revert_data(error: NodeRefusalError) -> str:
    """Return what a reverted call gave as its reason.

    Raises `TransientError` for any other refusal: the block is not known yet, the state is pruned,
    the node is busy.
    """
    text = error.data if isinstance(error.data, str) else ""
    if not any(word in error.message.lower() for word in _REVERTED) and not text:
        raise TransientError(str(error)) from error
    found = _HEXADECIMAL.search(text)
    return found[0] if found else "0x"


def _sending(message: str) -> Sending:
    """Read a node's words; geth, Erigon, Nethermind, Besu and anvil differ in them."""
    words = message.lower().replace(" ", "").replace("_", "")
    if "alreadyknown" in words or "alreadyimported" in words or "knowntransaction" in words:
        return Sending.KNOWN
    if "noncetoolow" in words or "oldnonce" in words or "nonceisbelow" in words:
        return Sending.NONCE_USED
    if "underpriced" in words or "feetoolow" in words or "lessthanblockbasefee" in words:
        return Sending.FEE_TOO_LOW
    return Sending.REFUSED
