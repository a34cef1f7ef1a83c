"""A thin client of the sandbox's own chain: accounts, contracts, signed transactions.

Everything is signed here, with explicit nonces, before it is sent; the node holds no key.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from eth_account import Account as Signer
from eth_account.signers.local import LocalAccount
from eth_typing import HexAddress, HexStr
from eth_utils.crypto import keccak
from web3.types import Nonce
from web3.utils import get_create_address

from sandbox.abi import Interface
from schemas.errors import UnsafeToContinueError

ETHER = 10**18
GWEI = 10**9
FOREVER = 2**256 - 1
"""The allowance that never ends, and the deadline that never comes."""
BLOCK_SECONDS = 12
MAX_FEE = 5 * GWEI
"""The most a transaction pays per gas: far above any base fee of a local node. anvil fills a block
in the order of these ceilings, real proposers in that of the tips; a brake's are higher in both."""

_HASHES_ONLY = False
_MAX_BLOCKS = 50


class Node(Protocol):
    """A node that answers JSON-RPC, such as `sandbox.node.LocalNode`."""

    def rpc(self, method: str, *params: Any) -> Any:
        """Return the result of one request."""
        ...


@dataclass(frozen=True, slots=True)
class Account:
    """A key of the sandbox. It follows from its name, so it must never hold anything of value."""

    name: str
    address: str
    signer: LocalAccount = field(repr=False, compare=False)

    @classmethod
    def named(cls, name: str) -> "Account":
        """Return the account of that name, the same on every machine."""
        signer: LocalAccount = Signer.from_key(keccak(text=f"firebreak sandbox: {name}"))
        return cls(name, signer.address.lower(), signer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a transaction does; `to` is None for a creation."""

    to: str | None
    data: bytes = b""
    value: int = 0
    gas: int = 1_000_000
    tip: int = GWEI


def sign(account: Account, call: Call, nonce: int, chain_id: int) -> bytes:
    """Return the signed transaction, ready to be sent."""
    fields: dict[str, Any] = {
        "type": 2,
        "chainId": chain_id,
        "nonce": nonce,
        "maxFeePerGas": MAX_FEE,
        "maxPriorityFeePerGas": call.tip,
        "gas": call.gas,
        "value": call.value,
        "data": call.data,
    }
    if call.to is not None:
        fields["to"] = bytes.fromhex(call.to[2:])
    return bytes(account.signer.sign_transaction(fields).raw_transaction)


def created_by(address: str, nonce: int) -> str:
    """Return where a contract lands that an account creates with this nonce."""
    return get_create_address(HexAddress(HexStr(address)), Nonce(nonce)).lower()


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract at its address."""

    address: str
    interface: Interface = field(repr=False, compare=False)

    def call(
        self, name: str, *arguments: Any, value: int = 0, gas: int = 1_000_000, tip: int = GWEI
    ) -> Call:
        """Return the call of one of its functions."""
        data = self.interface.encode(name, *arguments)
        return Call(to=self.address, data=data, value=value, gas=gas, tip=tip)


class Chain:
    """Sends what accounts sign, counts their nonces, makes blocks when told to."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._nonces: dict[str, int] = {}
        self.id = int(node.rpc("eth_chainId"), 16)

    def send(self, account: Account, call: Call) -> str:
        """Sign and send; return the transaction's hash."""
        nonce = self.nonce(account)
        self._nonces[account.address] = nonce + 1
        return self.send_raw(sign(account, call, nonce, self.id))

    def send_raw(self, transaction: bytes) -> str:
        """Send what is signed already; return the transaction's hash."""
        return str(self._node.rpc("eth_sendRawTransaction", "0x" + transaction.hex()))

    def nonce(self, account: Account) -> int:
        """Return the nonce of the account's next transaction."""
        if account.address not in self._nonces:
            count = self._node.rpc("eth_getTransactionCount", account.address, "pending")
            self._nonces[account.address] = int(count, 16)
        return self._nonces[account.address]

    def mine(self, seconds: int = BLOCK_SECONDS) -> int:
        """Make one block, `seconds` of block time after the last; return its number."""
        self._node.rpc("evm_setNextBlockTimestamp", self.timestamp() + seconds)
        self._node.rpc("evm_mine")
        return int(self._node.rpc("eth_blockNumber"), 16)

    def timestamp(self, block: int | str = "latest") -> int:
        """Return the time of a block, in seconds since 1970."""
        found = self._node.rpc("eth_getBlockByNumber", _tag(block), _HASHES_ONLY)
        return int(found["timestamp"], 16)

    def settle(self, transactions: Sequence[str]) -> None:
        """Make blocks until all of these are mined.

        Raises `UnsafeToContinueError` when one of them failed, or is mined by none of many blocks.
        """
        blocks = 0
        for transaction in transactions:
            while (receipt := self.receipt(transaction)) is None:
                if blocks == _MAX_BLOCKS:
                    raise UnsafeToContinueError(f"{transaction} is not mined; is a nonce missing?")
                blocks += 1
                self.mine()
            if receipt["status"] != "0x1":
                raise UnsafeToContinueError(f"{transaction} was mined, but failed")

    def ether(self, address: str, block: int | str = "latest") -> int:
        """Return an account's balance at a block, in wei."""
        return int(self._node.rpc("eth_getBalance", address, _tag(block)), 16)

    def receipt(self, transaction: str) -> Any:
        """Return a transaction's receipt, None while it is not mined."""
        return self._node.rpc("eth_getTransactionReceipt", transaction)

    def read(
        self, contract: Contract, name: str, *arguments: Any, block: int | str = "latest"
    ) -> tuple[Any, ...]:
        """Return what a function of a contract returns at a block."""
        question = {
            "to": contract.address,
            "data": "0x" + contract.interface.encode(name, *arguments).hex(),
        }
        answer = self._node.rpc("eth_call", question, _tag(block))
        return contract.interface.decode(name, bytes.fromhex(answer[2:]))


def _tag(block: int | str) -> str:
    return block if isinstance(block, str) else hex(block)
