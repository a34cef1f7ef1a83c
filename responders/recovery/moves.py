"""One call that people are asked to make: written from a file, read back for those who sign
(`runtime.calldata`)."""

import json
from dataclasses import dataclass
from typing import Any

from runtime.calldata import arguments_of, shown, written


@dataclass(frozen=True, slots=True)
class Move:
    """A call without value: to whom, by which function, in which bytes."""

    to: str
    function: str
    """Its signature, such as `grantRole(bytes32,address)`."""
    calldata: str

    @property
    def words(self) -> str:
        """Return the call as signers read it, decoded from its bytes.

        Raises `ConfigurationError` for bytes that are not this function's, in full.
        """
        return f"{self.to}: {shown(self.function, self.calldata)}"

    @property
    def toml(self) -> str:
        """Return the call as a plan has it."""
        given = json.dumps([_plain(v) for v in arguments_of(self.function, self.calldata)])
        return f'{{ to = "{self.to}", function = "{self.function}", arguments = {given} }}'


def move(to: str, function: str, *given: Any) -> Move:
    """Return the call of a function with arguments as JSON or TOML can hold them: numbers also as
    decimal text, bytes in hexadecimal.

    Raises `ConfigurationError` naming the function when they do not fit.
    """
    return Move(to, function, written(function, given))


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
