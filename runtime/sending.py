"""One transaction at a time of an account that pays for itself: sent, dearer where it has to be,
until it is mined. For what is in no hurry; brakes have their own (`responders.executor`)."""

from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_typing import HexStr
from eth_utils.address import to_checksum_address

from runtime.evm import Endpoints

TIP = 10**9
"""Wei per gas: none of this is in a hurry."""

REPLACE_AFTER = 5
"""Looks without the transaction being mined after which it is sent anew, for more."""


@dataclass(frozen=True, slots=True)
class Mined:
    """What became of a transaction."""

    tx: str
    ok: bool
    """Whether it did what it was for."""


@dataclass(slots=True)
class _Sent:
    to: str
    data: str
    gas: int
    nonce: int
    fee: int
    txs: list[str]
    looks: int = 0


class Sender:
    """Sends for one account. Every method raises `TransientError` when no node answers."""

    def __init__(self, nodes: Endpoints, account: LocalAccount, fee_cap: int) -> None:
        """`fee_cap` is the most it pays per gas, in wei."""
        self._nodes = nodes
        self._account = account
        self._cap = fee_cap
        self._sent: _Sent | None = None
        self.address = str(account.address).lower()

    @property
    def busy(self) -> bool:
        """Whether a transaction is on its way."""
        return self._sent is not None

    @property
    def chain_id(self) -> int:
        """The chain that it sends to."""
        return int(self._nodes.chain.rpartition(":")[2])

    def try_out(self, to: str, data: str, gas: int) -> None:
        """Let a node make the call, changing nothing. Raises `NodeRefusalError` if it reverts."""
        call = {"from": self.address, "to": to, "data": data, "gas": hex(gas)}
        self._nodes.ask("eth_call", call, "latest")

    def send(self, to: str, data: str, gas: int) -> None:
        """Send a call that goes through as things are. Raises `NodeRefusalError` for another."""
        self.try_out(to, data, gas)
        nonce = self._count()
        sent = _Sent(to, data, gas, nonce, 0, [])
        self._publish(sent)
        self._sent = sent

    def follow(self) -> Mined | None:
        """Look after what is on its way; return what became of it, None while nothing is known.
        One whose nonce another transaction took is let go. Raises `NodeRefusalError` when it is
        not taken for a higher fee either."""
        sent = self._sent
        if sent is None:
            return None
        for tx in sent.txs:
            receipt: Any = self._nodes.ask("eth_getTransactionReceipt", tx)
            if receipt is not None:
                self._sent = None
                return Mined(tx, receipt.get("status") == "0x1")
        if self._count() > sent.nonce:  # its receipt is on its way; or another of this account
            self._sent = None
            return None
        sent.looks += 1
        if sent.looks >= REPLACE_AFTER:
            sent.looks = 0
            self._publish(sent)
        return None

    def _count(self) -> int:
        return int(self._nodes.ask("eth_getTransactionCount", self.address, "latest"), 16)

    def _publish(self, sent: _Sent) -> None:
        """Send, or send again for at least an eighth more; at the cap it waits."""
        head: Any = self._nodes.ask("eth_getBlockByNumber", "latest", False)  # noqa: FBT003 - the interface's: headers only
        wanted = 2 * int(head.get("baseFeePerGas") or "0x0", 16) + TIP
        least = sent.fee + sent.fee // 8 + 1  # pools take no replacement for less than a tenth more
        if least > self._cap:
            return
        fee = min(self._cap, max(wanted, least))
        raw = self._account.sign_transaction(
            {
                "type": 2,
                "chainId": self.chain_id,
                "nonce": sent.nonce,
                "to": to_checksum_address(sent.to),
                "value": 0,
                "data": HexStr(sent.data),
                "gas": sent.gas,
                "maxFeePerGas": fee,
                "maxPriorityFeePerGas": min(fee, TIP if not sent.fee else fee),
            }
        )
        self._nodes.ask("eth_sendRawTransaction", raw.raw_transaction.to_0x_hex())
        sent.fee = fee
        sent.txs.append(raw.hash.to_0x_hex())
