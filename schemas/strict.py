"""What every table of a manifest has in common: nothing unknown, nothing changed, no NaN."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from schemas.units import NATIVE

ADDRESS = r"^0x[0-9a-fA-F]{40}$"
TOKEN = rf"^({NATIVE}|0x[0-9a-fA-F]{{40}})$"
HEX = r"^0x([0-9a-fA-F]{2})*$"
KEY = r"^[A-Za-z0-9_.-]{1,64}$"
CHAIN = r"^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$"

LowerAddress = Annotated[str, Field(pattern=ADDRESS)]
Whole = Annotated[int, Field(ge=0)]
Money = Annotated[Decimal, Field(ge=0)]
Share = Annotated[float, Field(gt=0, lt=1)]


class Strict(BaseModel):
    """A table. Addresses are lower-case once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _lower_addresses(cls, value: Any) -> Any:
        return [_lower(one) for one in value] if isinstance(value, list) else _lower(value)


def _lower(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("0x") and len(value) == 42:
        return value.lower()
    return value


def mistake(reason: str, *place: str | int) -> PydanticCustomError:
    """Return an error of the whole manifest that knows which of its fields is to blame."""
    return PydanticCustomError("ambiguous", "{reason}", {"reason": reason, "place": place})
