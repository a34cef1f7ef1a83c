"""How a family's call reaches its target."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType

from responders.chain import Call
from responders.questions import Question
from runtime.safe_transactions import SafeTransaction


class Route(ABC):
    """Wraps calls. Raises `TransientError` when it has to ask and no node answers."""

    name: str = ""
    """What a refusal's reason begins with, '' for nothing between us and the target."""

    proposes: bool = False
    """Whether the call is put before people, who make it or not."""

    errors: Mapping[str, str] = MappingProxyType({})
    """What its own reverts mean, by the text or the selector of the error."""

    @abstractmethod
    def wrapped(self, call: Call, action: str, block: int | None) -> Call:
        """Return the message that makes `call` reach its target, under this action's name, after
        this block or the newest. Raises `NotNowError` when there is none."""

    def rehearsed(
        self, call: Call, action: str, sender: str, block: int | None
    ) -> tuple[Call, str]:
        """Return the message that shows what would come of it, and who has to send that; raises as
        `wrapped` does."""
        return self.wrapped(call, action, block), sender

    def question(self, call: Call, block: int | None) -> Question | None:  # noqa: ARG002 - most ask nobody
        """Return what operators have to agree to before the call is made, None where nobody is
        asked. Raises as `wrapped` does."""
        return None

    def proposal(self, call: Call) -> SafeTransaction | None:  # noqa: ARG002 - most make the call
        """Return what is put before a Safe's owners, None where the call is made without them.
        Raises as `wrapped` does."""
        return None


class Direct(Route):
    """The responder's own account holds the role, and calls the target itself."""

    def wrapped(self, call: Call, action: str, block: int | None) -> Call:  # noqa: ARG002 - the target knows no names
        """Return the call as it is."""
        return call
