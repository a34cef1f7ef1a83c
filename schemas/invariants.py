"""Tables of a manifest: what must hold after every transaction, and from where it is known."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator

from schemas.expressions import MAX_LENGTH, parse
from schemas.statements import Statement
from schemas.strict import KEY, TOKEN, LowerAddress, Strict, Whole


class Known(Strict):
    """An amount that is known at some block; from there on it is tracked by what moves."""

    token: Annotated[str, Field(pattern=TOKEN)]
    holder: LowerAddress | None = None
    """Whose balance it is; none: it is the token's whole supply."""
    amount: Annotated[int, Field(ge=0, lt=2**256)]
    """In the token's smallest unit."""
    block: Whole
    """The last block that is counted in already."""


class Invariant(Strict):
    """Something that must hold after every transaction; a transaction that breaks it alerts."""

    name: Annotated[str, Field(pattern=KEY)]
    expression: Annotated[str, Field(min_length=1, max_length=MAX_LENGTH)]
    """In the language of `schemas/expressions.py`."""
    tolerance: Annotated[Decimal, Field(ge=0, lt=1)] = Decimal(0)
    """By what share of the larger side a comparison may be missed."""
    severity: Literal["low", "medium", "high", "critical"] = "critical"
    technique: Annotated[str, Field(pattern=r"^ADT[0-9]{4}(\.[0-9]{3})?$")] = "ADT3012"
    """MITRE AADAPT id of what breaks it."""

    @field_validator("expression")
    @classmethod
    def _readable(cls, text: str) -> str:
        parse(text)
        return text

    @property
    def statement(self) -> Statement:
        """What it states."""
        return parse(self.expression)
