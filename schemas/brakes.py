"""Tables of a manifest: what may be pulled, and what bounds that."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StrictBool, model_validator

from schemas.strict import HEX, KEY, LowerAddress, Strict, Whole, mistake


class Limits(Strict):
    """Bounds on what the automation may do, per protocol."""

    brakes_per_window: Annotated[int, Field(ge=0)] = 1
    """Of each rung: narrow and broad brakes have budgets of their own."""
    narrow_brakes_per_window: Annotated[int, Field(ge=0)] | None = None
    """Of T1, where that is another number."""
    window_seconds: Annotated[int, Field(gt=0)] = 86_400
    cooldown_seconds: Whole = 600
    alert_blocks: Annotated[int, Field(gt=0)] = 25
    """How many blocks behind the head an alert may be and still brake."""


class Roles(Strict):
    """A role of a Zodiac Roles modifier, whose Safe may brake."""

    modifier: LowerAddress
    role: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{64}$")]
    """The role's key: 32 bytes."""


class Parameters(Strict):
    """What one family of brakes has to be told; each family (`responders/adapters/`) says what."""


class Brake(Strict):
    """One brake: what is called, through which adapter, on how much evidence."""

    name: Annotated[str, Field(pattern=KEY)]
    adapter: Annotated[str, Field(pattern=KEY)]
    target: LowerAddress
    scope: Literal["T1", "T2", "T3"] = "T2"
    gate: LowerAddress | None = None
    """The gate through which it is pulled."""
    roles: Roles | None = None
    """The modifier through which it is pulled."""
    safe: LowerAddress | None = None
    """The Safe whose owners signed it beforehand. Without any of these the responder's account may.
    """
    calldata: Annotated[str, Field(pattern=HEX, max_length=4096)] | None = None
    """Fixed call, for adapters that cannot derive it."""
    parameters: Annotated[dict[str, Any], Field(max_length=32)] = {}  # noqa: RUF012 - pydantic copies it
    """What its adapter needs to know beside the target; the adapter checks it."""
    guards: Annotated[tuple[LowerAddress, ...], Field(max_length=64)] = ()
    """The contracts that it is for: nothing pulls it in which none of them had a part. Without any,
    it is for the whole protocol."""
    one_detector_may_pause: StrictBool = False
    """Without this, a pool is paused by two detectors made from different things."""
    deployment_may_pause: StrictBool = False
    """Without this, no contract's mere creation pulls it, whatever its code looks like."""

    @model_validator(mode="after")
    def _one_route(self) -> Self:
        routes = [name for name in ("gate", "roles", "safe") if getattr(self, name) is not None]
        if len(routes) > 1:
            told = " and ".join(routes)
            raise mistake(f"{told}: only one way leads to the target; keep one", routes[-1])
        return self
