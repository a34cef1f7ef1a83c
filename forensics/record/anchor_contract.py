"""The contract that holds the log's newest root (`RecordAnchor`), over a node."""

import re
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from forensics.record.errors import UntrustedError
from forensics.record.log_reader import Anchored
from forensics.record.merkle import HASH_BYTES, Proof
from runtime.evm import Endpoints, NodeRefusalError
from schemas.errors import ConfigurationError, TransientError

ARTEFACT = "RecordAnchor"
_MOST_BLOCKS = 10_000
"""In one question for events; nodes refuse more."""
_WORD = re.compile("0x[0-9a-f]{64}")


class Head(NamedTuple):
    """What the contract holds."""

    size: int
    root: bytes
    time: int
    """Of the block that wrote it, in seconds since 1970; 0 before the first."""


class Receipt(NamedTuple):
    """Where a transaction was included, and whether it did what it should."""

    block: int
    ok: bool


class Account(Protocol):
    """Who writes: signs EIP-1559 transactions without value, of one account of one chain."""

    @property
    def address(self) -> str:
        """The account, in lower-case hexadecimal."""
        ...

    def sign(self, message: "Message", nonce: int, ceiling: int, tip: int) -> tuple[str, str]:
        """Return the signed transaction and its hash, in hexadecimal; fees in wei per gas."""
        ...


class Message(NamedTuple):
    """A call of the contract."""

    to: str
    data: str
    gas: int


class AnchorContract:
    """One `RecordAnchor`. Every question raises `TransientError` when no node answers it."""

    def __init__(self, endpoints: Endpoints, address: str) -> None:
        self._endpoints = endpoints
        self.address = address.lower()

    @property
    def chain(self) -> str:
        """The chain, as CAIP-2."""
        return self._endpoints.chain

    def require_for(self, origin: str, writer: str | None) -> None:
        """Raise `ConfigurationError` unless the contract is this log's, and this account writes."""
        found = self._word("log()")
        if found != sha256(origin.encode()).digest():
            raise ConfigurationError(
                f"{self.address} on {self.chain} is no RecordAnchor of the log {origin}: deploy "
                f"one with 0x{sha256(origin.encode()).hexdigest()} as its log"
            )
        known = "0x" + self._word("writer()")[12:].hex()
        if writer is not None and known != writer:
            raise ConfigurationError(f"{self.address} is written by {known}, not by {writer}")

    def head(self) -> Head:
        """Return what the contract holds, all of it as of one block."""
        block = hex(self.block()[0])
        size, root, time = (self._word(name, block) for name in ("size()", "root()", "time()"))
        return Head(int.from_bytes(size), root, int.from_bytes(time))

    def message(self, size: int, root: bytes, proof: Proof) -> Message:
        """Return the call that writes a longer tree's root."""
        arguments = encode(["uint64", "bytes32", "bytes32[]"], [size, root, list(proof)])
        data = _selector("anchor(uint64,bytes32,bytes32[])") + arguments.hex()
        return Message(self.address, data, 130_000 + 4_000 * len(proof))

    def anchored(self, first: int, last: int) -> list[Anchored]:
        """Return every root that was written in these blocks, in order.

        Raises `UntrustedError` for events that no RecordAnchor emits.
        """
        found: list[Anchored] = []
        for start in range(first, last + 1, _MOST_BLOCKS):
            question = {
                "address": self.address,
                "topics": ["0x" + keccak(text="Anchored(uint64,bytes32)").hex()],
                "fromBlock": hex(start),
                "toBlock": hex(min(last, start + _MOST_BLOCKS - 1)),
            }
            logs: list[dict[str, Any]] = self._ask("eth_getLogs", question)
            found += (self._event(log) for log in logs)
        return found

    def _event(self, log: dict[str, Any]) -> Anchored:
        try:
            size, root = int(log["topics"][1], 16), bytes.fromhex(log["data"][2:])
            found = Anchored(
                size,
                root,
                self.chain,
                self.address,
                str(log["transactionHash"]),
                int(log["blockNumber"], 16),
            )
        except (LookupError, TypeError, ValueError) as error:
            raise UntrustedError(f"{self.address}: no event of a RecordAnchor ({error})") from error
        if len(root) != HASH_BYTES or str(log["address"]).lower() != self.address:
            raise UntrustedError(f"{self.address}: no event of a RecordAnchor")
        return found

    def block(self) -> tuple[int, int, int]:
        """Return the newest block's number, time and base fee in wei per gas."""
        head: dict[str, str] = self._ask("eth_getBlockByNumber", "latest", False)  # noqa: FBT003 - the interface's: headers only
        number, time, fee = (head.get(key) for key in ("number", "timestamp", "baseFeePerGas"))
        return int(number or "0x0", 16), int(time or "0x0", 16), int(fee or "0x0", 16)

    def tip(self) -> int:
        """Return the priority fee that nodes suggest, in wei per gas."""
        return int(self._ask("eth_maxPriorityFeePerGas"), 16)

    def nonce(self, account: str) -> int:
        """Return how many transactions an account has sent."""
        return int(self._ask("eth_getTransactionCount", account, "latest"), 16)

    def send(self, raw: str) -> None:
        """Hand a signed transaction to the node; one that it had before is no error."""
        try:
            self._endpoints.ask("eth_sendRawTransaction", raw)
        except NodeRefusalError as error:
            words = error.message.lower()
            if "already" not in words and "known" not in words:
                raise TransientError(f"the node refuses the anchor: {error.message}") from error

    def receipt(self, tx: str) -> Receipt | None:
        """Return where a transaction was included, None while it is not."""
        found: dict[str, str] | None = self._ask("eth_getTransactionReceipt", tx)
        if found is None:
            return None
        return Receipt(int(found["blockNumber"], 16), int(found["status"], 16) == 1)

    def _word(self, signature: str, block: str = "latest") -> bytes:
        answer = self._ask("eth_call", {"to": self.address, "data": _selector(signature)}, block)
        if not isinstance(answer, str) or not _WORD.fullmatch(answer):
            raise ConfigurationError(
                f"{self.address} on {self.chain} does not answer as a RecordAnchor does"
            )
        return bytes.fromhex(answer[2:])

    def _ask(self, method: str, *parameters: Any) -> Any:
        try:
            return self._endpoints.ask(method, *parameters)
        except NodeRefusalError as error:
            raise TransientError(str(error)) from error


@cache
def _selector(signature: str) -> str:
    return "0x" + keccak(text=signature)[:4].hex()
