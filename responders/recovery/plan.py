"""What people plan for one case: a TOML file that they review, with the way back in it.

`[safe]` or `[governor]` says who decides; `fix` and `stages` say what they are asked to call, in
which order; `invariants` have to be green before each stage.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from responders.recovery.checks import Check, Question
from responders.recovery.course import FULL
from responders.recovery.fast_path import hastened
from responders.recovery.moves import Move, move
from responders.recovery.proposals import (
    GovernorProposal,
    Proposal,
    SafeProposal,
    require_moves,
)
from responders.recovery.ramp import overshoots
from schemas.errors import ConfigurationError
from schemas.fast_path import FastPath
from schemas.strict import CHAIN, KEY, LowerAddress, Strict

MAX_FILE_BYTES = 1024 * 1024

NO_PATHS: Mapping[str, FastPath] = MappingProxyType({})


class Call(Strict):
    """A call that people are asked to make."""

    to: LowerAddress
    function: Annotated[str, Field(max_length=600)]
    arguments: Annotated[tuple[Any, ...], Field(max_length=64)] = ()

    @property
    def move(self) -> Move:
        """The call in bytes."""
        return move(self.to, self.function, *self.arguments)


class Invariant(Strict):
    """Two numbers of the chain, or one and a fixed one, and how they have to stand."""

    name: Annotated[str, Field(pattern=KEY)]
    left: Call | int
    relation: Literal["==", "!=", "<", "<=", ">", ">="]
    right: Call | int

    @property
    def check(self) -> Check:
        """The invariant as it is asked."""
        left, right = (
            side if isinstance(side, int) else Question(side.move.to, side.move.calldata)
            for side in (self.left, self.right)
        )
        return Check(self.name, left, self.relation, right)


class Upgrade(Strict):
    """What the compiler says of the code that is replaced, and of the code that replaces it: two
    files, by their paths from the plan."""

    proxy: LowerAddress
    old: Annotated[str, Field(min_length=1, max_length=512)]
    new: Annotated[str, Field(min_length=1, max_length=512)]


class Step(Strict):
    """What is decided on at once."""

    words: Annotated[str, Field(min_length=1, max_length=512)]
    calls: Annotated[tuple[Call, ...], Field(min_length=1, max_length=64)]
    upgrades: Annotated[tuple[Upgrade, ...], Field(max_length=64)] = ()
    """For each proxy that the calls upgrade."""


class Stage(Step):
    """A part of the release."""

    cap: Annotated[int, Field(gt=0, le=FULL)]
    """What it lets through, in basis points of the ordinary caps."""


class Safe(Strict):
    """Owners decide, by signatures."""

    address: LowerAddress
    fast_path: bool = False
    """Whether the calls are made through the manifest's `[fast_path]`, where the Safe holds the
    emergency's role, rather than by the Safe itself."""


class Governor(Strict):
    """Holders of votes decide."""

    address: LowerAddress
    timelock: LowerAddress
    """Who makes the calls once they are decided on."""


class RecoveryPlan(Strict):
    """The way back of one case."""

    case: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    protocol: Annotated[str, Field(pattern=KEY)]
    chain: Annotated[str, Field(pattern=CHAIN)]
    brake: Annotated[str, Field(pattern=KEY)]
    """The manifest's name of the brake that holds."""
    green_blocks: Annotated[int, Field(ge=1, le=1_000_000)]
    safe: Safe | None = None
    governor: Governor | None = None
    invariants: Annotated[tuple[Invariant, ...], Field(min_length=1, max_length=64)]
    fix: Step
    stages: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=32)]
    fast_path: FastPath | None = None
    """The manifest's: no plan names one itself (`read_plan`)."""

    @model_validator(mode="after")
    def _decided_by_one(self) -> Self:
        if (self.safe is None) == (self.governor is None):
            raise ValueError("say who decides: [safe] or [governor], one of them")
        return self

    @property
    def executor(self) -> str:
        """Who makes the calls: the Safe, or the Governor's timelock."""
        if self.governor is not None:
            return self.governor.timelock
        assert self.safe is not None  # noqa: S101 - checked when it was read
        return self.safe.address

    @property
    def maker(self) -> str:
        """Who is seen to make the calls where they arrive: the executor, or the fast path."""
        return self.executor if self.fast_path is None else self.fast_path.contract

    @property
    def steps(self) -> tuple[Step, ...]:
        """Everything that is decided on, in order."""
        return (self.fix, *self.stages)

    @property
    def checks(self) -> tuple[Check, ...]:
        """The invariants as they are asked."""
        return tuple(invariant.check for invariant in self.invariants)

    def proposal(self, place: int, number: int) -> Proposal:
        """Return a step as it is put before those who decide; `number` is the Safe's nonce, or
        which try of this case it is."""
        step = self.steps[place]
        moves = require_moves([call.move for call in step.calls])
        if self.fast_path is not None:
            moves = tuple(hastened(move, self.fast_path) for move in moves)
        if self.governor is not None:
            description = f"{step.words} (case {self.case}, proposal {number})"
            return GovernorProposal(self.governor.address, description, moves)
        chain_id = int(self.chain.rpartition(":")[2])
        return SafeProposal(chain_id, self.executor, number, moves)


def read_plan(path: Path, fast_paths: Mapping[str, FastPath] = NO_PATHS) -> RecoveryPlan:
    """Return the plan of a file; `fast_paths` are those that manifests name, by protocol.

    Raises `ConfigurationError` naming every field that is wrong.
    """
    try:
        return _plan(tomllib.loads(_text(path)), fast_paths)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        told = "; ".join(
            f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()
        )
        raise ConfigurationError(f"{path}: {told}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ConfigurationError) as error:
        raise ConfigurationError(f"{path}: {error}") from error


def _text(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise ConfigurationError(f"larger than {MAX_FILE_BYTES:,} bytes")
    return data.decode()


def _plan(document: Mapping[str, Any], fast_paths: Mapping[str, FastPath]) -> RecoveryPlan:
    """Return the plan, with every call and check of it built once, so that none fails later."""
    if "fast_path" in document:
        raise ConfigurationError("fast_path: the manifest names it; say safe.fast_path = true")
    plan = RecoveryPlan.model_validate(document)
    if plan.safe is not None and plan.safe.fast_path:
        there = fast_paths.get(plan.protocol)
        if there is None:
            raise ConfigurationError(f"safe.fast_path: {plan.protocol}'s manifest names none")
        plan = plan.model_copy(update={"fast_path": there})
    for place in range(len(plan.steps)):
        plan.proposal(place, 0)
    if found := list(overshoots([(stage.cap, stage.calls) for stage in plan.stages])):
        raise ConfigurationError(f"stages: {'; '.join(found)}")
    _ = plan.checks
    return plan
