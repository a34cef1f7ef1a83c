"""Makes a record known: signed, on the topic, on the shelf, and on its way to the chain."""

from typing import NamedTuple

from eth_account.signers.local import LocalAccount

from runtime.broker import Producer
from runtime.evm import Endpoints
from runtime.metrics import Metrics
from runtime.signatures import Signer, sequence
from schemas import headers
from schemas.codec import encode
from schemas.headers import Headers
from schemas.manifest import Manifest
from schemas.risk import Risk
from schemas.topics import RISK
from underwriting.report import report_of, signed
from underwriting.reporter import Reporter
from underwriting.shelf import Kept, Shelf
from underwriting.web import EIP712

EXPIRES_AFTER = 7_200
"""Blocks after which a record proves nothing any more: a day, at 12 seconds."""


class Chainside(NamedTuple):
    """What reaches the chain, where it is configured: nodes to read from, the account that signs
    reports, and who brings them there and turns dials while armed."""

    nodes: Endpoints | None = None
    account: LocalAccount | None = None
    reporter: Reporter | None = None


class Publisher:
    """Signs records, writes them to the topic and puts them on the shelf."""

    def __init__(
        self, producer: Producer, signer: Signer, shelf: Shelf, metrics: Metrics, side: Chainside
    ) -> None:
        self._producer = producer
        self._signer = signer
        self._shelf = shelf
        self._metrics = metrics
        self._side = side

    def publish(self, risk: Risk, manifest: Manifest) -> None:
        """Make a record durable, then known."""
        value = encode(risk)
        beside: Headers = (
            (headers.RECORD_ID, risk.id.encode()),
            *self._signer.sign(
                value, sequence=sequence(risk.block, 0), expires=risk.block + EXPIRES_AFTER
            ),
            *self._for_chain(risk, manifest),
        )
        self._producer.send(RISK.name, value, key=risk.protocol.encode(), headers=beside)
        self._producer.flush()
        self._shelf.put(Kept(risk, value, beside))
        self._metrics.risk_records.labels(risk.protocol).inc()
        self._metrics.risk_time.labels(risk.protocol).set(risk.at)
        self._metrics.risk_probability.labels(risk.protocol).set(risk.figure("probability").value)
        feed = manifest.underwriting.feed
        if self._side.reporter is not None and feed is not None:
            self._side.reporter.take(risk, feed)

    def _for_chain(self, risk: Risk, manifest: Manifest) -> Headers:
        feed, account = manifest.underwriting.feed, self._side.account
        if feed is None or account is None:
            return ()
        chain_id = int(risk.chain.rpartition(":")[2])
        signature = signed(report_of(risk), risk.protocol, chain_id, feed, account)
        return ((EIP712, signature.hex().encode()),)
