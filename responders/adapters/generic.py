"""Any call that the manifest spells out, on any target.

With a probe, a question and the answer that means "braked", it is seen whether the brake holds;
without one, only what the call's receipt says is known.
"""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from responders.adapters.base import AlsoStops, Condition
from responders.adapters.calls import SIGNATURE, called
from responders.adapters.caps import Capped, Ceiling, Zero
from responders.adapters.family import Deed, Family, checked
from responders.adapters.pausable import ALREADY, PAUSE, ROLES
from responders.chain import Call, Chain
from responders.reverts import selector
from schemas.activities import EVERYTHING, Activity
from schemas.errors import ConfigurationError
from schemas.manifest import Brake, Parameters
from schemas.strict import HEX, LowerAddress

RELEASES = frozenset(map(selector, ("unpause()", "resume()", "unfreeze()", "unkill_me()")))
"""No brake may make these calls. Finds a slip in a manifest early; what protects is the gate's
allow-list."""

TRUE = f"0x{1:064x}"


class Spelled(Parameters):
    """A function and its arguments; bytes are written as text, in hexadecimal."""

    function: Annotated[str, Field(pattern=SIGNATURE)]
    arguments: tuple[Any, ...] = ()

    @model_validator(mode="after")
    def _encodable(self) -> Self:
        _ = self.calldata
        return self

    @property
    def calldata(self) -> str:
        """The call, in hexadecimal."""
        return called(self.function, *map(_plain, self.arguments))


class Question(Spelled):
    """What is asked to see whether the target is braked."""

    target: LowerAddress | None = None
    """Whom to ask, if not the target itself."""
    braked: Annotated[str, Field(pattern=HEX, max_length=2048)] = TRUE
    """The answer that means that it is; `true` by itself."""
    at_most: Annotated[int, Field(ge=0, lt=2**256)] | None = None
    """For a cap: the answer is a number, and this or a lower one means that it is braked."""
    zero: Zero = Zero.CLOSED
    """For a cap: what 0 means, nothing at all or no cap."""

    @model_validator(mode="after")
    def _a_cap(self) -> Self:
        if self.at_most == 0 and self.zero is Zero.UNLIMITED:
            raise ValueError("at_most: where 0 is no cap, it is no brake")
        return self


class GenericParameters(Parameters):
    """A call and how to see what became of it."""

    call: Spelled | None = None
    probe: Question | None = None
    also_stops: frozenset[Activity] = EVERYTHING
    released_by: Annotated[str, Field(max_length=200)] = ""
    """Who can release the target, in words."""


class Generic(Family):
    """Makes one fixed call."""

    def __init__(self, chain: Chain, deed: Deed, question: Call | None, braked: str) -> None:
        super().__init__(chain, deed)
        self._question = question
        self._braked = braked.lower()

    def probe(self, block: int) -> Condition:
        """Ask the question, if there is one; an answer of another length is no answer."""
        if self._question is None:
            return Condition.UNKNOWN
        answer = self.chain.call(self._question, sender=None, block=block)
        if not answer.ok or len(answer.data) != len(self._braked):
            return Condition.UNKNOWN
        return Condition.BRAKED if answer.data.lower() == self._braked else Condition.OPEN


def build(brake: Brake, chain: Chain) -> Family:
    """Make the brake that a manifest spells out, by `calldata` or by `parameters.call`."""
    parameters = checked(brake, GenericParameters)
    if brake.calldata is None and parameters.call is None:
        raise ConfigurationError(f"brake {brake.name}: adapter generic needs parameters.call")
    return _made(brake, chain, parameters, parameters.probe)


def build_gated(brake: Brake, chain: Chain) -> Family:
    """Make the brake of `adapter = "gate"`: `pause()` unless something else is spelled out, seen by
    `paused()` unless something else is asked."""
    if brake.gate is None:
        raise ConfigurationError(f"brake {brake.name}: adapter gate needs the gate's address")
    parameters = checked(brake, GenericParameters)
    return _made(brake, chain, parameters, parameters.probe or Question(function="paused()"))


def _made(
    brake: Brake, chain: Chain, parameters: GenericParameters, probe: Question | None
) -> Family:
    if brake.calldata is not None and parameters.call is not None:
        raise ConfigurationError(f"brake {brake.name}: calldata and parameters.call: remove one")
    calldata = parameters.call.calldata if parameters.call else (brake.calldata or PAUSE).lower()
    if calldata[:10] in RELEASES:
        raise ConfigurationError(f"brake {brake.name}: {calldata[:10]} releases, it does not brake")
    deed = Deed(
        target=brake.target,
        calldata=calldata,
        also_stops=AlsoStops(
            "everything the target refuses while braked, for every user", parameters.also_stops
        ),
        release=parameters.released_by or f"the roles that {brake.target} gives this to",
        errors=ROLES,
        already=ALREADY if calldata == PAUSE else frozenset(),
    )
    if probe is None:
        return Generic(chain, deed, None, "")
    question = Call(probe.target or brake.target, probe.calldata)
    if probe.at_most is not None:
        return Capped(chain, deed, Ceiling(probe.at_most, question, probe.zero))
    return Generic(chain, deed, question, probe.braked)


def _plain(argument: Any) -> Any:
    """Return an argument as the encoder takes it: hexadecimal text that is no address is bytes."""
    if not isinstance(argument, str) or not argument.startswith("0x"):
        return argument
    return argument.lower() if len(argument) == 42 else bytes.fromhex(argument[2:])
