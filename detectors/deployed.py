"""What the code that a transaction deploys says of the transaction itself. Pure.

Live, a new contract is an alert's subject of its own (`detectors.vetting`), and its transaction is
scored beside it. A recording is told by transaction, so there both are one number: a transaction
that does nothing but deploy an attacker's contract is as strange as that contract.
"""

from collections.abc import Iterable

from detectors.alerts import EXCEPTION
from detectors.bytecode.judgement import judge
from schemas.chain import Deployment


def code_p_value(born: Iterable[Deployment]) -> float:
    """Return how rare the strangest code is among so many: the smallest p-value, times how many
    different codes there are. 1 where there is none that the source could see.

    Raises `ValueError` for code that is no hexadecimal text.
    """
    codes = {(each.creation, each.code) for each in born if len(each.creation + each.code) > 4}
    found = [judge(*code).p_value for code in codes]
    return min(1.0, len(found) * min(found)) if found else 1.0


def joined(p_value: float, code: float) -> float:
    """Return the p-value of a transaction whose code has this one.

    Code is an exception beside the set as a single detector is: it speaks at its p-value times ten,
    so it adds at most a tenth to what alerts, even if every transaction of a protocol deploys
    something.
    """
    return min(p_value, EXCEPTION * code)
