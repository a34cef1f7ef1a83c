"""How a family's call reaches its target."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType

from responders.chain import Call


class Route(ABC):
    """Wraps calls. Raises `TransientError` when it has to ask and no node answers."""

    name: str = ""
    """What a refusal's reason begins with, '' for nothing between us and the target."""

    errors: Mapping[str, str] = MappingProxyType({})
    """What its own reverts mean, by the text or the selector of the error."""

    @abstractmethod
    def wrapped(self, call: Call, action: str, block: int | None) -> Call:
        """Return the message that makes `call` reach its target, under this action's name, after
        this block or the newest. Raises `NotNowError` when there is none."""


class Direct(Route):
    """The responder's own account holds the role, and calls the target itself."""

    def wrapped(self, call: Call, action: str, block: int | None) -> Call:  # noqa: ARG002 - the target knows no names
        """Return the call as it is."""
        return call
