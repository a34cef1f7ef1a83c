"""What a manifest may say: which contracts make up a protocol, what it may lose, who may brake it.

One TOML file per protocol, in `protocols/`. Everything here is checked before anything runs;
`runtime.manifests` reads the files and names file, line and field of every mistake.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StrictBool, field_validator, model_validator
from pydantic_core import PydanticCustomError

from schemas.expressions import MAX_LENGTH, parse
from schemas.fast_path import FastPath
from schemas.issuers import Issuer
from schemas.links import PAGE
from schemas.loss import Asset, Cut, Griefing, Loss
from schemas.operators import Quorum, unfit
from schemas.statements import QUANTITIES, Statement, quantities, units
from schemas.strict import ADDRESS, CHAIN, HEX, KEY, TOKEN, LowerAddress, Money, Share, Whole
from schemas.strict import Strict as _Strict
from schemas.underwriting import Underwriting
from schemas.units import NATIVE
from schemas.watchers import Watchers


def _mistake(reason: str, *place: str | int) -> PydanticCustomError:
    """Return an error of the whole manifest that knows which of its fields is to blame."""
    return PydanticCustomError("ambiguous", "{reason}", {"reason": reason, "place": place})


class Contract(_Strict):
    """A contract that belongs to the protocol or that it depends on."""

    address: LowerAddress
    role: Literal[
        "pool", "vault", "pair", "oracle", "token", "router", "governor", "timelock", "proxy",
        "gate", "safe", "treasury", "requests", "other",
    ]  # fmt: skip
    name: Annotated[str, Field(max_length=64)] = ""
    holds_value: StrictBool = True
    """Whether assets that leave this contract leave the protocol."""
    abi: str | None = None
    """A JSON ABI beside the manifest, for events and functions that are not built in."""

    @model_validator(mode="after")
    def _bonds_are_not_its_own(self) -> Self:
        if self.role == "requests" and self.holds_value:
            reason = "bonds of watchers are not the protocol's: say holds_value = false"
            raise _mistake(reason, "holds_value")
        return self


class TokenInfo(_Strict):
    """A token the protocol deals in."""

    address: Annotated[str, Field(pattern=TOKEN)]
    symbol: Annotated[str, Field(min_length=1, max_length=32)]
    decimals: Annotated[int, Field(ge=0, le=77)]


class Market(_Strict):
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


class Dependency(_Strict):
    """Another protocol, or a contract outside, whose failure would reach this one."""

    name: Annotated[str, Field(pattern=KEY)]
    kind: Literal["oracle", "liquidity", "collateral", "bridge", "governance", "other"]
    address: LowerAddress | None = None
    exposure: Money | None = None
    """What is lost here if it fails, in the currency of `[halt]`; without it, all that is held."""


class Known(_Strict):
    """An amount that is known at some block; from there on it is tracked by what moves."""

    token: Annotated[str, Field(pattern=TOKEN)]
    holder: LowerAddress | None = None
    """Whose balance it is; none: it is the token's whole supply."""
    amount: Annotated[int, Field(ge=0, lt=2**256)]
    """In the token's smallest unit."""
    block: Whole
    """The last block that is counted in already."""


class Invariant(_Strict):
    """Something that must hold after every transaction; a transaction that breaks it alerts."""

    name: Annotated[str, Field(pattern=KEY)]
    expression: Annotated[str, Field(min_length=1, max_length=MAX_LENGTH)]
    """In the language of `schemas/expressions.py`."""
    tolerance: Annotated[Decimal, Field(ge=0, lt=1)] = Decimal(0)
    """By what share of the larger side a comparison may be missed."""
    severity: Literal["low", "medium", "high", "critical"] = "critical"
    technique: Annotated[str, Field(pattern=r"^ADT[0-9]{4}(\.[0-9]{3})?$")] = "ADT3012"
    """MITRE AADAPT id of what breaks it."""

    @field_validator("expression")
    @classmethod
    def _readable(cls, text: str) -> str:
        parse(text)
        return text

    @property
    def statement(self) -> Statement:
        """What it states."""
        return parse(self.expression)


class Budget(_Strict):
    """How many false alarms are acceptable."""

    transactions_per_false_alert: Annotated[int, Field(ge=10)] = 400
    market_days_per_false_alert: Annotated[int, Field(ge=1)] = 14
    """For prices, whose bars are as long as the market likes: days of one market."""


class Halt(_Strict):
    """What a wrong and a missed halt cost, in one currency of the operator's choice, and what is
    believed before any evidence. Used by the halt rule (`responders/halt.py`)."""

    prior: Share = 1e-4
    """Probability that a transaction that alerts is an attack, before looking at how strongly."""
    false_halt_cost: Money
    halt_cost: Money = Decimal(0)
    value_exposed: Money
    loss_per_second: Money
    response_seconds: Annotated[float, Field(gt=0)] = 900.0
    """How long the drain would go on if nobody but people stopped it."""


class Limits(_Strict):
    """Bounds on what the automation may do, per protocol."""

    brakes_per_window: Annotated[int, Field(ge=0)] = 1
    """Of each rung: narrow and broad brakes have budgets of their own."""
    narrow_brakes_per_window: Annotated[int, Field(ge=0)] | None = None
    """Of T1, where that is another number."""
    window_seconds: Annotated[int, Field(gt=0)] = 86_400
    cooldown_seconds: Whole = 600
    alert_blocks: Annotated[int, Field(gt=0)] = 25
    """How many blocks behind the head an alert may be and still brake."""


class Roles(_Strict):
    """A role of a Zodiac Roles modifier, whose Safe may brake."""

    modifier: LowerAddress
    role: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{64}$")]
    """The role's key: 32 bytes."""


class Parameters(_Strict):
    """What one family of brakes has to be told; each family (`responders/adapters/`) says what."""


class Brake(_Strict):
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
            raise _mistake(f"{told}: only one way leads to the target; keep one", routes[-1])
        return self


class Source(_Strict):
    """Where the source of the contracts is, beside the manifests."""

    artefacts: Annotated[str, Field(max_length=256)] | None = None
    """A folder of what the compiler wrote: Hardhat's, Foundry's or Truffle's artefacts, or solc's
    standard JSON output."""
    solidity: Annotated[str, Field(max_length=256)] | None = None
    """A Hardhat project that was built, which Slither reads where it is configured."""
    scenes: Annotated[str, Field(max_length=256)] | None = None
    """A file of calls that show what made-up ones cannot: whether a brake stops a liquidation."""


class Manifest(_Strict):
    """One protocol on one chain."""

    protocol: Annotated[str, Field(pattern=KEY)]
    """Names the protocol on every topic; unique among all manifests."""
    name: Annotated[str, Field(max_length=128)] = ""
    chain: Annotated[str, Field(pattern=CHAIN)]
    explorer: Annotated[str, Field(pattern=f"{PAGE}|^$", max_length=256)] = ""
    """Where people look at the chain; alerts link to their transaction under `/tx/` of it."""
    contracts: Annotated[tuple[Contract, ...], Field(min_length=1, max_length=5000)]
    tokens: tuple[TokenInfo, ...] = ()
    markets: tuple[Market, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    budget: Budget = Budget()
    halt: Halt | None = None
    loss: Loss | None = None
    griefing: Griefing | None = None
    assets: Annotated[tuple[Asset, ...], Field(max_length=64)] = ()
    limits: Limits = Limits()
    brakes: tuple[Brake, ...] = ()
    cuts: Annotated[tuple[Cut, ...], Field(max_length=256)] = ()
    watchers: Watchers | None = None
    quorum: Quorum | None = None
    issuers: Annotated[tuple[Issuer, ...], Field(max_length=64)] = ()
    underwriting: Underwriting = Underwriting()
    known: Annotated[tuple[Known, ...], Field(max_length=256)] = ()
    invariants: Annotated[tuple[Invariant, ...], Field(max_length=64)] = ()
    source: Source | None = None
    fast_path: FastPath | None = None

    @model_validator(mode="after")
    def _unambiguous(self) -> Self:
        for table, field, values in (
            ("contracts", "address", [contract.address for contract in self.contracts]),
            ("tokens", "address", [token.address for token in self.tokens]),
            ("brakes", "name", [brake.name for brake in self.brakes]),
            ("invariants", "name", [invariant.name for invariant in self.invariants]),
            ("known", "token", [(known.token, known.holder) for known in self.known]),
            ("assets", "token", [self.token_named(a.token) or a.token for a in self.assets]),
            ("cuts", "brake", [cut.brake for cut in self.cuts]),
            ("issuers", "address", [issuer.address for issuer in self.issuers]),
        ):
            seen: set[object] = set()
            for place, value in enumerate(values):
                if value in seen:
                    told = value if isinstance(value, str) else " of ".join(filter(None, value))
                    raise _mistake(f"{told} is named twice", table, place, field)
                seen.add(value)
        if self.brakes and self.halt is None:
            reason = "brakes need a [halt] table: without costs no halt can be justified"
            raise _mistake(reason, "brakes", 0)
        for place, contract in enumerate(self.contracts):
            if contract.role == "requests" and (
                self.watchers is None or self.watchers.least_bond is None
            ):
                reason = "halt requests need a [watchers] table with a least_bond to be heard"
                raise _mistake(reason, "contracts", place, "role")
        for reason, table, place, field in (*self._unpriced(), *self._unwatched()):
            raise _mistake(reason, table, place, field)
        for place, invariant in enumerate(self.invariants):
            for reason in self._unresolved(invariant.statement):
                raise _mistake(reason, "invariants", place, "expression")
        return self

    @model_validator(mode="after")
    def _fit_for_its_quorum(self) -> Self:
        for reason, spot in unfit(self.quorum, self.brakes) if self.quorum else ():
            raise _mistake(reason, *spot)
        return self

    def _unpriced(self) -> Iterator[tuple[str, str, int, str]]:
        """Say what in `[[assets]]` and `[[cuts]]` names nothing of this manifest."""
        for place, asset in enumerate(self.assets):
            if self.token_named(asset.token) is None:
                yield f"no token {asset.token!r} among [[tokens]]", "assets", place, "token"
            elif self.decimals(self.token_named(asset.token) or "") is None:
                reason = f"the decimals of {asset.token!r} are not known; name it in [[tokens]]"
                yield reason, "assets", place, "token"
            if self.loss is None:
                reason = "assets need a [loss] table: how long a brake takes bounds what is lost"
                yield reason, "assets", place, "token"
        for place, cut in enumerate(self.cuts):
            if cut.brake not in {brake.name for brake in self.brakes}:
                yield f"no brake {cut.brake!r} among [[brakes]]", "cuts", place, "brake"
            if cut.halts is not None and self.address_named(cut.halts) not in self.addresses:
                reason = f"no contract {cut.halts!r} among [[contracts]]"
                yield reason, "cuts", place, "halts"

    def _unwatched(self) -> Iterator[tuple[str, str, int, str]]:
        """Say which brakes guard a contract that nobody watches: nothing would ever pull them."""
        for place, brake in enumerate(self.brakes):
            for address in sorted(set(brake.guards) - self.addresses)[:1]:
                yield f"no contract {address} among [[contracts]]", "brakes", place, "guards"

    def _unresolved(self, statement: Statement) -> Iterator[str]:
        """Say what in a statement names nothing of this manifest."""
        for token in units(statement):
            if self.token_named(token) is None:
                yield f"no token {token!r} among [[tokens]]"
            elif self.decimals(self.token_named(token) or "") is None:
                yield f"the decimals of {token!r} are not known; name it in [[tokens]]"
        known = {(item.token, item.holder) for item in self.known}
        for quantity in quantities(statement):
            kinds, _ = QUANTITIES[quantity.name]
            named: list[str | None] = []
            for kind, text in zip(kinds, quantity.arguments, strict=False):
                found = text
                if kind == "token":
                    found = self.token_named(text) or ""
                elif kind == "address":
                    found = self.address_named(text) or ""
                if not found:
                    table = "[[tokens]]" if kind == "token" else "[[contracts]], by one name each"
                    yield f"no {kind} {text!r} among {table}"
                named.append(found)
            subject = (*named, None)[:2]
            if quantity.name in ("supply", "balance") and subject not in known:
                yield f"{quantity} is not known at any block; state it in [[known]]"

    def token_named(self, name: str) -> str | None:
        """Return a token by its address or its symbol, if only one has that."""
        if re.match(TOKEN, name):
            return name.lower()
        found = [info.address for info in self.tokens if info.symbol == name]
        return found[0] if len(found) == 1 else None

    def address_named(self, name: str) -> str | None:
        """Return an address as it is, or a contract's or dependency's by its name, if only one has
        that."""
        if re.match(ADDRESS, name):
            return name.lower()
        found = {contract.address for contract in self.contracts if contract.name == name}
        found |= {item.address for item in self.dependencies if item.name == name and item.address}
        return found.pop() if len(found) == 1 else None

    def asset(self, token: str) -> Asset | None:
        """Return what the manifest says of a token's worth, None if it says nothing."""
        return next((a for a in self.assets if self.token_named(a.token) == token), None)

    def halted_by(self, brake: Brake) -> str:
        """Return the contract that stands still while a brake holds."""
        named = next((cut.halts for cut in self.cuts if cut.brake == brake.name), None)
        return (self.address_named(named) if named is not None else None) or brake.target

    def cost_of(self, brake: Brake) -> Decimal:
        """Return what pulling a brake costs if it was right, in the currency of `[halt]`."""
        stated = next((cut.cost for cut in self.cuts if cut.brake == brake.name), None)
        if stated is not None:
            return stated
        return self.halt.halt_cost if self.halt is not None else Decimal(0)

    def false_cost_of(self, brake: Brake) -> Decimal:
        """Return what pulling a brake costs if it was wrong, in the currency of `[halt]`."""
        stated = next((cut.false_cost for cut in self.cuts if cut.brake == brake.name), None)
        if stated is not None:
            return stated
        return self.halt.false_halt_cost if self.halt is not None else Decimal(0)

    @property
    def addresses(self) -> frozenset[str]:
        """Every contract of the protocol."""
        return frozenset(contract.address for contract in self.contracts)

    @property
    def holders(self) -> frozenset[str]:
        """The contracts whose outgoing assets leave the protocol."""
        return frozenset(c.address for c in self.contracts if c.holds_value)

    def with_role(self, *roles: str) -> Iterator[Contract]:
        """Return the contracts that play one of these roles."""
        return (contract for contract in self.contracts if contract.role in roles)

    def decimals(self, token: str) -> int | None:
        """Return a token's decimals, None for one the manifest does not know."""
        if token == NATIVE:
            return 18
        return next((info.decimals for info in self.tokens if info.address == token), None)

    def symbol(self, token: str) -> str:
        """Return what people call a token: its symbol, or its shortened address."""
        known = next((info.symbol for info in self.tokens if info.address == token), None)
        return known or (token if token == NATIVE else f"{token[:6]}…{token[-4:]}")
