"""Whether the stages of a release say of their caps what their calls do. Pure.

Caps come back in steps, each of them decided on by people: nothing that a brake cut returns by
itself unless that was fixed as it was cut. A stage says by `cap` how much of the ordinary caps it
lets through; the stage that sets a cap last says what is ordinary. So of every earlier call that
sets the same cap (same contract, function and asset) the amount is held against that share.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from responders.recovery.course import FULL


class CallOfStage(Protocol):
    """A call as a plan has it."""

    @property
    def to(self) -> str:
        """The contract."""
        ...

    @property
    def function(self) -> str:
        """Its signature."""
        ...

    @property
    def arguments(self) -> tuple[object, ...]:
        """As JSON or TOML have them."""
        ...


def overshoots(stages: Sequence[tuple[int, Iterable[CallOfStage]]]) -> Iterator[str]:
    """Say which call of which stage lets more through than its stage says; a stage is its share in
    basis points, with its calls.

    A cap of nought before the release is whole is told too: some protocols take it for no cap.
    Where that is what is ordinary, there is nothing to take a share of.
    """
    found = [
        (share, call, amount)
        for share, calls in stages
        for call in calls
        if (amount := _amount(call)) is not None
    ]
    ordinary = {_cap_of(call): amount for _, call, amount in found}  # the last that sets it
    for share, call, amount in found:
        whole = ordinary[_cap_of(call)]
        told = f"{call.to}: {call.function} sets {amount}"
        if share < FULL and not amount:
            yield f"{told}, which some protocols take for no cap at all"
        elif whole and amount * FULL > whole * share:
            yield f"{told}, more than {share / 100:g} % of {whole}"


def _amount(call: CallOfStage) -> int | None:
    """Return the cap that a call sets; None for any other call."""
    name, _, types = call.function.partition("(")
    kinds = types.rstrip(")").split(",")
    if not name.lower().endswith("cap") or not kinds[-1].startswith("uint") or not call.arguments:
        return None
    last = call.arguments[-1]
    try:
        return int(last) if isinstance(last, int | str) else None
    except ValueError:
        return None  # what is no number is told as the call is built


def _cap_of(call: CallOfStage) -> tuple[str, str, tuple[str, ...]]:
    """Name the cap that a call sets."""
    return call.to, call.function, tuple(str(one).lower() for one in call.arguments[:-1])
