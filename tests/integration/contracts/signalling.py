"""A registry on a node, and issuers whose keys everyone knows."""

from typing import Any

import msgspec

from runtime.statement import signed_by
from sandbox.evm import Account, Call, Contract
from sandbox.node import LocalNode
from schemas.alerts import SEVERITIES
from schemas.signals import Signal
from tests.integration.contracts.hands import Hands
from tests.unit.neighbours.examples import address, key, unsigned


class Signalling(Hands):
    """A registry, and somebody without any say who brings signals to it."""

    def __init__(self, node: LocalNode) -> None:
        super().__init__(node, "somebody")
        self.registry: Contract = self.create("SignalRegistry")

    def signal(self, by: int = 1, **changes: Any) -> Signal:
        """Return a signal that counts for an hour from now, signed."""
        soon = {"expiry": self.chain.timestamp() + 3600}
        told = unsigned(by, **soon | changes)
        return msgspec.structs.replace(told, signature=signed_by(key(by), told))

    def publishing(self, told: Signal, **changes: Any) -> Call:
        """Return the call that publishes a signal, with fields bent beyond what a record holds."""
        signature = bytes.fromhex(changes.pop("signature", told.signature)[2:])
        return self.registry.call("publish", tuple((fields(told) | changes).values()), signature)

    def publishes(self, told: Signal, by: Account | None = None) -> bool:
        """Bring a signal; say whether it was taken."""
        return self.does(by or self.owner, self.publishing(told))

    def refuses(self, told: Signal, **changes: Any) -> str:
        """Return why a signal is not taken."""
        return self.refused(self.registry, self.owner, self.publishing(told, **changes))

    def seq(self, by: int = 1) -> int:
        """Return an issuer's highest sequence."""
        found: int = self.chain.read(self.registry, "seqOf", address(by))[0]
        return found

    def warning(self, target: str, by: int = 1) -> tuple[Any, ...]:
        """Return what an issuer says of a target now."""
        found: tuple[Any, ...] = self.chain.read(self.registry, "warningOf", address(by), target)[0]
        return found


def fields(told: Signal) -> dict[str, Any]:
    """Return a signal as the contract takes it."""
    return {
        "id": bytes.fromhex(told.id),
        "issuer": told.issuer,
        "seq": told.seq,
        "expiry": told.expiry,
        "target": told.target,
        "technique": told.technique,
        "severity": SEVERITIES.index(told.severity) + 1,
        "confidence": told.confidence,
        "evidence_root": bytes.fromhex(told.evidence_root[2:]),
    }
