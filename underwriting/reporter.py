"""Brings reports to their feeds: one transaction at a time, the newest report of each feed."""

from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from faster_eth_abi.abi import encode

from runtime.evm import Endpoints, NodeRefusalError
from runtime.logs import logger
from runtime.metrics import Metrics
from runtime.sending import Sender
from schemas.risk import Risk
from underwriting.report import report_of, signed

_log = logger(__name__)

GAS = 400_000
_KINDS = "(uint80,uint64,uint32,uint32,uint32,uint128,uint128,uint128,uint64,uint64,uint8,bytes32)"
_REPORT = keccak(text=f"report({_KINDS},bytes)")[:4]


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
        self._account = account
        self._sender = Sender(nodes, account, fee_cap)
        self._metrics = metrics
        self._waiting: dict[str, Risk] = {}
        self._sent = ("", "")
        """Protocol and feed of the report that is on its way."""

    def take(self, risk: Risk, feed: str) -> None:
        """Report this, in the place of what waits for the same feed."""
        self._waiting[feed] = risk

    def turn(self) -> None:
        """Do what is due now. Raises `TransientError` when no node answers."""
        if self._sender.busy:
            self._follow(*self._sent)
        if not self._sender.busy and self._waiting:
            feed = next(iter(self._waiting))
            self._begin(feed, self._waiting.pop(feed))

    def _begin(self, feed: str, risk: Risk) -> None:
        self._sent = risk.protocol, feed
        data = calldata(risk, self._sender.chain_id, feed, self._account)
        try:
            self._sender.send(feed, data, GAS)
        except NodeRefusalError as error:
            self._refused(risk.protocol, feed, str(error))

    def _follow(self, protocol: str, feed: str) -> None:
        try:
            mined = self._sender.follow()
        except NodeRefusalError as error:
            self._refused(protocol, feed, str(error))
            return
        if mined is not None and not mined.ok:
            self._refused(protocol, feed, f"{mined.tx} was mined, but reverted")
        elif mined is not None:
            _log.info("reported", protocol=protocol, feed=feed, tx=mined.tx)

    def _refused(self, protocol: str, feed: str, why: str) -> None:
        self._metrics.feed_faults.labels(protocol).inc()
        _log.error("report_refused", protocol=protocol, feed=feed, reason=why)
