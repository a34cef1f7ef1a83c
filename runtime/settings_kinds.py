"""What groups of settings are made of."""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import NoDecode


class Group(BaseModel):
    """Settings that belong together: immutable, and one that there is not is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _listed(value: Any) -> Any:
    """Take a list from a variable: `a,b`, or JSON."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
SetName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


def _addresses(given: tuple[str, ...]) -> tuple[str, ...]:
    for one in given:
        digits = one.removeprefix("0x")
        if len(digits) != 40 or digits == one or set(digits.lower()) - set("0123456789abcdef"):
            raise ValueError(f"{one!r} is no address: 0x and 40 hexadecimal digits")
    return tuple(one.lower() for one in given)


Wallets = Annotated[Names, AfterValidator(_addresses)]
"""Addresses of accounts, in lower case."""
