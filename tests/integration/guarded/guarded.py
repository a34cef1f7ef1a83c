"""Protocols of others, of real bytecode, on a node: watched, and braked through a gate.

Detectors, responder, gate and chain are the real ones, in one process and without Kafka.
"""

import time
from pathlib import Path

from responders.journal import Journal
from responders.outlook import Account as Signing
from responders.signer import KeySigner
from sandbox.node import LocalNode
from schemas.alerts import Alert
from schemas.chain import Price
from schemas.manifest import Brake, Manifest
from tests.contract.stage import Stage
from tests.integration.detectors.theatre import Act, Theatre
from tests.unit.responders.bench import Assembly


class Guarded:
    """A theatre whose alerts reach an armed responder behind a gate."""

    def __init__(self, node: LocalNode, cache: Path, journal: Journal) -> None:
        self.stage = Stage(node, cache)
        self.theatre = Theatre(node, self.stage.package)
        self.theatre.chain = self.stage.hands
        self.gate = self.stage.new_gate()
        self._journal = journal
        self._responder: Assembly | None = None
        self.alerts: list[Alert] = []
        """What was seen since the responder was armed."""

    def through_gate(self, brake: Brake, *, alone: bool = True) -> Brake:
        """Return the brake with the gate as its way, which the people allow; `alone` says whether
        one detector may pull it."""
        more = {"gate": self.gate.address, "scope": "T1", "one_detector_may_pause": alone}
        found = brake.model_copy(update=more)
        self.stage.allow(self.gate, found)
        return found

    def arm(self, manifest: Manifest) -> None:
        key = bytes(self.stage.responder.signer.key)
        signer = KeySigner(key, self.stage.hands.id)
        account = Signing(signer.address, signer)
        self._responder = Assembly(self._journal, self.stage.chain, account, manifest)

    def strike(self, *acts: Act) -> dict[str, float] | None:
        """Mine acts that may fail, judge them, and let the responder act on every alert.

        Return the milliseconds until the alert and until the brake was handed over, if there were.
        """
        theatre, responder = self.theatre, self._responder
        assert responder is not None
        for account, call in acts:
            self.stage.hands.send(account, call)
        self.stage.hands.mine()
        start = time.perf_counter()
        alerts = theatre.judged()
        self.alerts += alerts
        seen = time.perf_counter()
        responder.look()
        if not alerts:
            return None
        responder.receive(*alerts)
        sent = time.perf_counter()
        return {"alert": 1000 * (seen - start), "brake": 1000 * (sent - start)}

    def hear(self, *bars: Price) -> None:
        """Judge bars of markets, and let the responder act on every alert."""
        alerts = self.theatre.judged_prices(bars)
        self.alerts += alerts
        if self._responder is not None and alerts:
            self._responder.receive(*alerts)

    def states(self) -> list[str]:
        assert self._responder is not None
        return self._responder.states()
