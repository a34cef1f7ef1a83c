"""A detector that works, until a transaction asks it not to; it runs confined in tests."""

import os
from typing import ClassVar

from detectors.api import Features, Spec
from schemas.chain import Transaction
from tests.unit.detectors.fakes import GasSize

LOOP, ALLOCATE, DIE = "0x00000001", "0x00000002", "0x00000003"


class Moody(GasSize):
    """Scores by gas."""

    spec: ClassVar[Spec] = Spec(
        name="moody",
        version="1.0.0",
        summary="gas, in moods",
        technique="ADT3012",
        warm_up=0,
        false_positives=("none",),
        blind_spots=("all",),
    )

    def features(self, tx: Transaction) -> Features:
        """Return the gas, or do what the transaction asks for."""
        while tx.selector == LOOP:
            pass
        kept = []
        while tx.selector == ALLOCATE:
            kept.append(bytes(8 * 1024 * 1024))  # never touched, so no slow machine ends it earlier
        if tx.selector == DIE:
            os._exit(1)
        return super().features(tx)
