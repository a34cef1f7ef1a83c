"""Protocols of others, of real bytecode, on a node: watched, and braked through a gate.

Detectors, responder, gate and chain are the real ones, in one process and without Kafka.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
        self.said: list[Alert] = []
        """What the detectors said of each strike."""

    def through_gate(self, brake: Brake, *, alone: bool = True) -> Brake:
        """Return the brake with the gate as its way, which the people allow; `alone` says whether
        one detector may pull it, which is theirs to say of a T2 alone: none of these lapse."""
        scope = "T2" if alone else "T1"
        more = {"gate": self.gate.address, "scope": scope, "one_detector_may_pause": alone}
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
        seen = time.perf_counter()
        responder.look()
        self.said += alerts
        if not alerts:
            return None
        responder.receive(*alerts)
        sent = time.perf_counter()
        return {"alert": 1000 * (seen - start), "brake": 1000 * (sent - start)}

    def hear(self, *bars: Price) -> None:
        """Judge bars of markets, and let the responder act on every alert."""
        alerts = self.theatre.judged_prices(bars)
        self.said += alerts
        if self._responder is not None and alerts:
            self._responder.receive(*alerts)

    def unguarded(self, taken: Callable[[], int], *blocks: Sequence[Act]) -> int:
        """Return what these blocks change where nobody looks; the chain is set back."""
        with self._set_back():
            before, hands = taken(), self.stage.hands
            for acts in blocks:
                for account, call in acts:
                    hands.send(account, call)
                hands.mine()
            return taken() - before

    @contextmanager
    def _set_back(self) -> Iterator[None]:
        mark = self.stage.node.rpc("evm_snapshot")
        yield
        assert self.stage.node.rpc("evm_revert", mark)
        self.stage.begin()
        self.theatre.chain = self.stage.hands

    def states(self) -> list[str]:
        assert self._responder is not None
        return self._responder.states()
