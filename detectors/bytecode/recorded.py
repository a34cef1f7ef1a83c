"""Recorded bytecode as something that can be scored: each contract by itself, in any order."""

import math
from dataclasses import dataclass

from detectors.builtin.deployed_code import NAME
from detectors.bytecode.judgement import judge
from schemas.manifest import Budget


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract's code, in hexadecimal text; '' for what the recording does not have."""

    name: str
    init_code: str
    runtime_code: str

    def verdict(self) -> tuple[float, float, tuple[str, ...]]:
        """Return -log10 of the p-value, the p-value, and the detectors that alert at the default
        budget."""
        p_value = judge(self.init_code, self.runtime_code).p_value
        alerted = p_value <= 1.0 / Budget().transactions_per_false_alert
        return max(0.0, -math.log10(p_value)), p_value, (NAME,) if alerted else ()
