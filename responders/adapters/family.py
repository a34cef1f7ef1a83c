"""One family of protocols: what is called on a target, and how it is seen that the brake holds.

A family knows nothing of how its call reaches the target; that is a route's (`route.py`), and
`adapter.py` makes one adapter of the two. So each family works through each route.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar, get_args

from pydantic import ValidationError

from responders.adapters.base import GAS, AlsoStops, Condition
from responders.chain import Chain
from schemas.errors import ConfigurationError
from schemas.manifest import Brake, Parameters

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What a family's brake does to its target. Always the same."""

    target: str
    calldata: str
    """Names the brake (`base.Plan`)."""
    also_stops: AlsoStops
    release: str
    """Who can release the target, and how."""
    gas: int = GAS
    lapses_after: int | None = None
    """In seconds (`base.Plan`)."""
    heartbeat: str | None = None
    """What needs heartbeats to obey (`base.Plan`)."""
    variants: tuple[str, ...] = ()
    """Every other calldata that the brake may have to send: a gate has to allow these too."""
    errors: Mapping[str, str] = field(default_factory=dict)
    """What the target's reverts mean, by the text or the selector of the error."""
    already: frozenset[str] = frozenset()
    """The reverts, named likewise, that mean that the target is braked already."""


class Family(ABC):
    """One brake of one target. Asks a chain, sends nothing; raises `TransientError` when no node
    answers. What a target answers is an attacker's until it is checked."""

    def __init__(self, chain: Chain, deed: Deed) -> None:
        self.chain = chain
        self.deed = deed

    @abstractmethod
    def probe(self, block: int) -> Condition:
        """Look at the target after this block."""

    def called_for(self, tx: str) -> tuple[str, ...]:  # noqa: ARG002 - for calls that name what was done
        """Return the calldata of every brake that this transaction calls for."""
        return (self.deed.calldata,)

    def aimed(self, calldata: str) -> "Family | None":
        """Return the brake that makes one of these calls, None for any other call."""
        return self if calldata == self.deed.calldata else None

    def calldata(self, block: int | None) -> str:  # noqa: ARG002 - for targets that take a state
        """Return the call as it has to be after this block, or the newest: the deed's, or one of
        its variants. Raises `NotNowError` when there is none."""
        return self.deed.calldata

    def objection(self, block: int) -> str:  # noqa: ARG002 - for targets with windows and terms
        """Say why the call must not be made on the state after this block, '' if it may."""
        return ""

    def undone(self, block: int) -> str:  # noqa: ARG002 - for targets that take a state
        """Say what else of the target the brake in this block may have let loose, '' if nothing."""
        return ""


def told(brake: Brake, *models: type[P]) -> P:
    """Return what a manifest tells a family, checked; of several models `does` says which it is.

    Raises `ConfigurationError` naming the brake and every field that is wrong.
    """
    if brake.calldata is not None:
        raise ConfigurationError(
            f"brake {brake.name}: calldata: adapter {brake.adapter} makes its own call; remove it"
        )
    if len(models) == 1:
        return checked(brake, models[0])
    kinds = {
        does: model for model in models for does in get_args(model.model_fields["does"].annotation)
    }
    model = kinds.get(str(brake.parameters.get("does")))
    if model is None:
        raise ConfigurationError(
            f"brake {brake.name}: parameters.does: must be one of {', '.join(kinds)}"
        )
    return checked(brake, model)


def checked(brake: Brake, model: type[P]) -> P:
    """Do as `told` does, for a family that takes the brake's own calldata."""
    try:
        return model.model_validate(brake.parameters)
    except ValidationError as error:
        raise ConfigurationError(
            "; ".join(
                f"brake {brake.name}: {_field(item['loc'])}: {_reason(item)}"
                for item in error.errors(include_url=False, include_context=False)
            )
        ) from error


def _field(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, ("parameters", *location)))


def _reason(item: Mapping[str, object]) -> str:
    return "there is no such field" if item["type"] == "extra_forbidden" else str(item["msg"])
