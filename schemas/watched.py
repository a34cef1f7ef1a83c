"""Tables of a manifest: which contracts make up a protocol, and what it deals in and rests on."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, model_validator

from schemas.strict import KEY, TOKEN, LowerAddress, Money, Strict, mistake

_NO_VALUE = {
    "requests": "bonds of watchers are not the protocol's",
    "cover": "capital behind covers is not the protocol's",
    "dial": "what turns a market's limits holds nothing",
}
"""Roles of contracts whose assets are not the protocol's to lose."""


class Contract(Strict):
    """A contract that belongs to the protocol or that it depends on."""

    address: LowerAddress
    role: Literal[
        "pool", "vault", "pair", "oracle", "token", "router", "governor", "timelock", "proxy",
        "gate", "safe", "treasury", "requests", "cover", "dial", "other",
    ]  # fmt: skip
    name: Annotated[str, Field(max_length=64)] = ""
    holds_value: StrictBool = True
    """Whether assets that leave this contract leave the protocol."""
    abi: str | None = None
    """A JSON ABI beside the manifest, for events and functions that are not built in."""

    @model_validator(mode="after")
    def _bonds_and_capital_are_not_its_own(self) -> Self:
        reason = _NO_VALUE.get(self.role)
        if reason is not None and self.holds_value:
            raise mistake(f"{reason}: say holds_value = false", "holds_value")
        return self


class TokenInfo(Strict):
    """A token the protocol deals in."""

    address: Annotated[str, Field(pattern=TOKEN)]
    symbol: Annotated[str, Field(min_length=1, max_length=32)]
    decimals: Annotated[int, Field(ge=0, le=77)]


class Market(Strict):
    """A price series (`market-prices-v1`) that the protocol's scores may need."""

    market: Annotated[str, Field(pattern=KEY)]
    asset: Annotated[str, Field(max_length=32)] = ""
    """What it prices; markets of one asset are held against each other."""
    kind: Literal["exchange", "pool", "oracle"] = "exchange"
    peg: Annotated[Decimal, Field(gt=0)] | None = None
    """What the price is meant to be; without it, a market that trades around 1 is taken to be
    meant to."""
    heartbeat_seconds: Annotated[int, Field(gt=0)] | None = None
    """How long an oracle may be silent at most; without it, its habit tells."""


class Dependency(Strict):
    """Another protocol, or a contract outside, whose failure would reach this one."""

    name: Annotated[str, Field(pattern=KEY)]
    kind: Literal["oracle", "liquidity", "collateral", "bridge", "governance", "other"]
    address: LowerAddress | None = None
    exposure: Money | None = None
    """What is lost here if it fails, in the currency of `[halt]`; without it, all that is held."""


class Source(Strict):
    """Where the source of the contracts is, beside the manifests."""

    artefacts: Annotated[str, Field(max_length=256)] | None = None
    """A folder of what the compiler wrote: Hardhat's, Foundry's or Truffle's artefacts, or solc's
    standard JSON output."""
    solidity: Annotated[str, Field(max_length=256)] | None = None
    """A Hardhat project that was built, which Slither reads where it is configured."""
    scenes: Annotated[str, Field(max_length=256)] | None = None
    """A file of calls that show what made-up ones cannot: whether a brake stops a liquidation."""
