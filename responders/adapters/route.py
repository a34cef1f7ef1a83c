"""How a family's call reaches its target."""

from collections.abc import Mapping
from typing import Protocol

from responders.chain import Call


class Route(Protocol):
    """Wraps calls. Raises `TransientError` when it has to ask and no node answers."""

    @property
    def name(self) -> str:
        """What a refusal's reason begins with, '' for nothing between us and the target."""
        ...

    @property
    def errors(self) -> Mapping[str, str]:
        """What its own reverts mean, by the text or the selector of the error."""
        ...

    def wrapped(self, call: Call, action: str) -> Call:
        """Return the message that makes `call` reach its target, under this action's name."""
        ...


class Direct:
    """The responder's own account holds the role, and calls the target itself."""

    name = ""
    errors: Mapping[str, str] = {}

    def wrapped(self, call: Call, action: str) -> Call:  # noqa: ARG002 - the target knows no names
        """Return the call as it is."""
        return call
