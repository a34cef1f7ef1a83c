"""What a manifest may say of independent operators who have to agree before a broad brake.

Each has a node, detectors and a responder of its own. What is made of it: docs/operators.md.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field

from schemas.brakes import Brake
from schemas.strict import LowerAddress, Strict


class Quorum(Strict):
    """So many of these operators have to sign before a brake of these rungs is pulled."""

    contract: LowerAddress
    """The `OperatorQuorum`: the only responder of the gate of each such brake."""
    operators: Annotated[tuple[LowerAddress, ...], Field(min_length=3, max_length=32)]
    """The accounts whose signatures count, as the contract has them."""
    threshold: Annotated[int, Field(ge=2)]
    """How many of them; fewer than all, so that none can keep the others from it."""
    scopes: Annotated[tuple[Literal["T1", "T2"], ...], Field(min_length=1, max_length=2)] = ("T2",)
    """The rungs that take their agreement; what is not named, each operator pulls alone."""


def unfit(quorum: Quorum, brakes: Iterable[Brake]) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Say what is wrong with a quorum over these brakes, and in which field of the manifest."""
    if len(set(quorum.operators)) < len(quorum.operators):
        yield "an operator is named twice", ("quorum", "operators")
    if quorum.threshold >= len(quorum.operators):
        reason = "the threshold has to be below the number of operators: none may be indispensable"
        yield reason, ("quorum", "threshold")
    placed = list(enumerate(brakes))
    shared = {brake.gate for _, brake in placed if brake.scope in quorum.scopes}
    for place, brake in placed:
        if brake.scope in quorum.scopes and brake.gate is None:
            reason = f"operators agree on {brake.scope} brakes, which need the gate they pull by"
            yield reason, ("brakes", place, "gate")
        elif brake.scope not in quorum.scopes and brake.gate in shared - {None}:
            reason = (
                "this gate obeys the operators' quorum alone: a brake that each operator pulls "
                "needs a gate of its own, with a budget of its own"
            )
            yield reason, ("brakes", place, "gate")
