"""What an examination found."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    """What was found; if it is not ok, what is wrong."""
    remedy: str = ""
    """What to do about it; empty if it is ok."""

    @classmethod
    def good(cls, name: str, detail: str) -> Self:
        """Return a finding that needs nothing done."""
        return cls(name, ok=True, detail=detail)

    @classmethod
    def bad(cls, name: str, detail: str, remedy: str) -> Self:
        """Return a finding that needs the remedy."""
        return cls(name, ok=False, detail=detail, remedy=remedy)
