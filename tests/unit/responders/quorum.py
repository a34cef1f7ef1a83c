"""A quorum of three operators over the pool of the other examples, and their words."""

from typing import Any

from responders.consents import consent
from responders.questions import Question
from responders.signer import KeySigner
from schemas.consents import Consent
from schemas.manifest import Manifest
from schemas.operators import Quorum
from tests.unit.responders.examples import GATE, POOL, START, brake, costs, manifest

QUORUM = "0x" + "cc" * 20
SIGNERS = [KeySigner(bytes(31) + bytes([n]), 31337) for n in (7, 8, 9)]
STRANGER = KeySigner(bytes(31) + b"\x0a", 31337)


def quorum(**changes: Any) -> Quorum:
    told: dict[str, Any] = {
        "contract": QUORUM,
        "operators": tuple(signer.address for signer in SIGNERS),
        "threshold": 2,
    }
    return Quorum(**told | changes)


def agreed(**changes: Any) -> Manifest:
    """The example's manifest with this quorum."""
    plain = manifest(brake(gate=GATE), halt=costs())
    return Manifest(**{**dict(plain), "quorum": quorum(**changes)})


def word(signer: KeySigner = SIGNERS[0], now: int = START, **changes: Any) -> Consent:
    asked: dict[str, Any] = {
        "chain_id": 31337,
        "quorum": QUORUM,
        "target": POOL,
        "calldata": "0x8456cb59",
        "round": 0,
    }
    return consent(Question(**asked | changes), "meadow", signer, now)
