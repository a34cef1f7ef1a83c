"""Brings reports to their feeds: one transaction at a time, the newest report of each feed."""

from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_typing import HexStr
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from faster_eth_abi.abi import encode

from runtime.evm import Endpoints, NodeRefusalError
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.risk import Risk
from underwriting.report import report_of, signed

_log = logger(__name__)

GAS = 400_000
TIP = 10**9
"""Wei per gas: a report is in no hurry."""

REPLACE_AFTER = 5
"""Looks without the transaction being mined after which it is sent anew, for more."""

_KINDS = "(uint80,uint64,uint32,uint32,uint32,uint128,uint128,uint128,uint64,uint64,uint8,bytes32)"
_REPORT = keccak(text=f"report({_KINDS},bytes)")[:4]


@dataclass(slots=True)
class _Sent:
    feed: str
    protocol: str
    data: str
    nonce: int
    fee: int
    txs: list[str]
    looks: int = 0


def calldata(risk: Risk, chain_id: int, feed: str, by: LocalAccount) -> str:
    """Return the call that hands in a signed report, in hexadecimal."""
    report = report_of(risk)
    signature = signed(report, risk.protocol, chain_id, feed, by)
    return "0x" + (_REPORT + encode([_KINDS, "bytes"], [tuple(report), signature])).hex()


class Reporter:
    """Sends what was signed. A feed that refuses is logged and counted; the next report is another
    try, so nothing is kept for ever."""

    def __init__(
        self, nodes: Endpoints, account: LocalAccount, fee_cap: int, metrics: Metrics
    ) -> None:
        """`fee_cap` is the most it pays per gas, in wei."""
        self._nodes = nodes
        self._account = account
        self._address = str(account.address).lower()
        self._cap = fee_cap
        self._metrics = metrics
        self._waiting: dict[str, Risk] = {}
        self._sent: _Sent | None = None

    def take(self, risk: Risk, feed: str) -> None:
        """Report this, in the place of what waits for the same feed."""
        self._waiting[feed] = risk

    def turn(self) -> None:
        """Do what is due now. Raises `TransientError` when no node answers."""
        if self._sent is not None:
            self._follow(self._sent)
        if self._sent is None and self._waiting:
            feed = next(iter(self._waiting))
            self._begin(feed, self._waiting.pop(feed))

    def _begin(self, feed: str, risk: Risk) -> None:
        data = calldata(risk, self._chain_id, feed, self._account)
        call = {"from": self._address, "to": feed, "data": data, "gas": hex(GAS)}
        try:
            self._nodes.ask("eth_call", call, "latest")
            nonce = int(self._nodes.ask("eth_getTransactionCount", self._address, "latest"), 16)
            sent = _Sent(feed, risk.protocol, data, nonce, 0, [])
            self._send(sent)
        except NodeRefusalError as error:
            self._refused(risk.protocol, feed, str(error))
            return
        self._sent = sent

    def _follow(self, sent: _Sent) -> None:
        for tx in sent.txs:
            receipt: Any = self._nodes.ask("eth_getTransactionReceipt", tx)
            if receipt is not None:
                self._sent = None
                if receipt.get("status") != "0x1":
                    self._refused(sent.protocol, sent.feed, f"{tx} was mined, but reverted")
                else:
                    _log.info("reported", protocol=sent.protocol, feed=sent.feed, tx=tx)
                return
        count = int(self._nodes.ask("eth_getTransactionCount", self._address, "latest"), 16)
        if count > sent.nonce:  # mined, and its receipt is on its way; or another of this account
            self._sent = None
            return
        sent.looks += 1
        if sent.looks >= REPLACE_AFTER:
            sent.looks = 0
            try:
                self._send(sent)
            except NodeRefusalError as error:
                self._refused(sent.protocol, sent.feed, str(error))

    def _send(self, sent: _Sent) -> None:
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
                "chainId": self._chain_id,
                "nonce": sent.nonce,
                "to": to_checksum_address(sent.feed),
                "value": 0,
                "data": HexStr(sent.data),
                "gas": GAS,
                "maxFeePerGas": fee,
                "maxPriorityFeePerGas": min(fee, TIP if not sent.fee else fee),
            }
        )
        self._nodes.ask("eth_sendRawTransaction", raw.raw_transaction.to_0x_hex())
        sent.fee = fee
        sent.txs.append(raw.hash.to_0x_hex())

    def _refused(self, protocol: str, feed: str, why: str) -> None:
        self._metrics.feed_faults.labels(protocol).inc()
        _log.error("report_refused", protocol=protocol, feed=feed, reason=why)

    @property
    def _chain_id(self) -> int:
        return int(self._nodes.chain.rpartition(":")[2])
