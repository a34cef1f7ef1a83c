"""Brings reports to their feeds, and turns dials: one transaction at a time, reports first, the
newest of each feed."""

from typing import NamedTuple

from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from faster_eth_abi.abi import encode

from runtime.evm import NodeRefusalError
from runtime.logs import logger
from runtime.metrics import Metrics
from runtime.sending import Sender
from schemas.risk import Risk
from schemas.units import Seconds
from underwriting.dials import GAS as GAS_OF_TURN
from underwriting.dials import TURN, Dials
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


class _Errand(NamedTuple):
    """What is on its way."""

    protocol: str
    to: str
    turns: bool
    """Whether it turns a dial; else it is a report."""


class Reporter:
    """Sends what was signed, and turns dials while no report waits. A feed that refuses is logged
    and counted; the next report is another try, so nothing is kept for ever."""

    def __init__(
        self, sender: Sender, account: LocalAccount, dials: Dials, metrics: Metrics
    ) -> None:
        """`sender` sends for `account`, which signs the reports."""
        self._account = account
        self._sender = sender
        self._dials = dials
        self._metrics = metrics
        self._waiting: dict[str, Risk] = {}
        self._sent = _Errand("", "", turns=False)

    def take(self, risk: Risk, feed: str) -> None:
        """Report this, in the place of what waits for the same feed."""
        self._waiting[feed] = risk

    def step(self, now: Seconds) -> None:
        """Do what is due at `now`, the newest block's time: look after what is on its way, else
        begin a report, else a turn. Raises `TransientError` when no node answers."""
        if self._sender.busy:
            self._follow(self._sent)
        if self._sender.busy:
            return
        if self._waiting:
            feed = next(iter(self._waiting))
            risk = self._waiting.pop(feed)
            data = calldata(risk, self._sender.chain_id, feed, self._account)
            self._begin(_Errand(risk.protocol, feed, turns=False), data, GAS)
        elif (found := self._dials.next(now)) is not None:
            self._begin(_Errand(*found, turns=True), TURN, GAS_OF_TURN)

    def _begin(self, errand: _Errand, data: str, gas: int) -> None:
        self._sent = errand
        try:
            self._sender.send(errand.to, data, gas)
        except NodeRefusalError as error:
            self._refused(errand, str(error))

    def _follow(self, errand: _Errand) -> None:
        try:
            mined = self._sender.follow()
        except NodeRefusalError as error:
            self._refused(errand, str(error))
            return
        if mined is not None and not mined.ok:
            self._refused(errand, f"{mined.tx} was mined, but reverted")
        elif mined is not None and errand.turns:
            self._dials.turned(errand.protocol)
            _log.info("turned", protocol=errand.protocol, dial=errand.to, tx=mined.tx)
        elif mined is not None:
            _log.info("reported", protocol=errand.protocol, feed=errand.to, tx=mined.tx)

    def _refused(self, errand: _Errand, why: str) -> None:
        if errand.turns:
            self._dials.failed(errand.protocol, errand.to, why)
            return
        self._metrics.feed_faults.labels(errand.protocol).inc()
        _log.error("report_refused", protocol=errand.protocol, feed=errand.to, reason=why)
