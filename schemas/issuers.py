"""What a manifest may say of its neighbours: whose signals it listens to, and about what."""

from typing import Annotated

from pydantic import Field, field_validator

from schemas.strict import KEY, LowerAddress, Strict, Whole

_ACCOUNT = r"^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}:0x[0-9a-fA-F]{40}$"


class Issuer(Strict):
    """A neighbour whose signals are listened to. What its word weighs is earned, not written."""

    name: Annotated[str, Field(pattern=KEY)]
    address: LowerAddress
    """The account that signs its signals."""
    concerns: Annotated[
        tuple[Annotated[str, Field(pattern=_ACCOUNT)], ...], Field(max_length=256)
    ] = ()
    """Targets beside this protocol's contracts and dependencies whose trouble would reach it: a
    fork of the same code, say. CAIP-10."""
    confirmed: Annotated[int, Field(ge=0, le=1000)] = 0
    """Signals of it that are known to have been right, from before it was listened to."""
    refuted: Whole = 0
    """The same of wrong ones."""

    @field_validator("concerns")
    @classmethod
    def _lower(cls, targets: tuple[str, ...]) -> tuple[str, ...]:
        heads = (target.rpartition(":") for target in targets)
        return tuple(f"{chain}:{address.lower()}" for chain, _, address in heads)
