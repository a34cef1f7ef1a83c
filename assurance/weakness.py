"""What a check says: a weakness, before it is a record with block and protocol."""

from dataclasses import dataclass

from schemas.alerts import Severity

LONGEST = 500
"""Characters of a sentence, as `schemas.alerts.Sentence` allows."""

MOST = 64
"""Pieces of evidence."""


@dataclass(frozen=True, slots=True)
class Weakness:
    """Something that a contract should not be able to do, or cannot and should."""

    check: str
    severity: Severity
    summary: str
    evidence: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """What tells it apart from another weakness of this kind in the same code."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "summary", self.summary[:LONGEST])
        kept = tuple(line[:LONGEST] for line in self.evidence[:MOST])
        object.__setattr__(self, "evidence", kept)
