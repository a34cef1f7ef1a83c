"""What a manifest may say: which contracts make up a protocol, what it may lose, who may brake it.

One TOML file per protocol, in `protocols/`. Everything here is checked before anything runs;
`runtime.manifests` reads the files and names file, line and field of every mistake.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.brakes import Brake, Limits, Parameters, Roles
from schemas.fast_path import FastPath
from schemas.invariants import Invariant, Known
from schemas.issuers import Issuer
from schemas.links import PAGE
from schemas.loss import Asset, Budget, Cut, Griefing, Halt, Loss
from schemas.operators import Quorum, unfit
from schemas.statements import QUANTITIES, Statement, quantities, units
from schemas.strict import ADDRESS, CHAIN, KEY, TOKEN, LowerAddress, Strict, mistake
from schemas.underwriting import Underwriting
from schemas.units import NATIVE
from schemas.watched import Contract, Dependency, Market, Source, TokenInfo
from schemas.watchers import Watchers

__all__ = [
    "Brake",
    "Budget",
    "Contract",
    "Dependency",
    "Halt",
    "Invariant",
    "Known",
    "Limits",
    "Manifest",
    "Market",
    "Parameters",
    "Roles",
    "Source",
    "TokenInfo",
]


class Manifest(Strict):
    """One protocol on one chain."""

    protocol: Annotated[str, Field(pattern=KEY)]
    """Names the protocol on every topic; unique among all manifests."""
    name: Annotated[str, Field(max_length=128)] = ""
    chain: Annotated[str, Field(pattern=CHAIN)]
    explorer: Annotated[str, Field(pattern=f"{PAGE}|^$", max_length=256)] = ""
    """Where people look at the chain; alerts link to their transaction under `/tx/` of it."""
    contracts: Annotated[tuple[Contract, ...], Field(min_length=1, max_length=5000)]
    deployers: Annotated[tuple[LowerAddress, ...], Field(max_length=64)] = ()
    """Accounts that create contracts for the protocol alone; `assure` looks at each of them."""
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
            ("assets", "token", [self.token_of(a) for a in self.assets]),
            ("cuts", "brake", [cut.brake for cut in self.cuts]),
            ("issuers", "address", [issuer.address for issuer in self.issuers]),
        ):
            seen: set[object] = set()
            for place, value in enumerate(values):
                if value in seen:
                    told = value if isinstance(value, str) else " of ".join(filter(None, value))
                    raise mistake(f"{told} is named twice", table, place, field)
                seen.add(value)
        if self.brakes and self.halt is None:
            reason = "brakes need a [halt] table: without costs no halt can be justified"
            raise mistake(reason, "brakes", 0)
        for place, contract in enumerate(self.contracts):
            if contract.role == "requests" and (
                self.watchers is None or self.watchers.least_bond is None
            ):
                reason = "halt requests need a [watchers] table with a least_bond to be heard"
                raise mistake(reason, "contracts", place, "role")
        for reason, table, place, field in (*self._unpriced(), *self._unwatched()):
            raise mistake(reason, table, place, field)
        for place, invariant in enumerate(self.invariants):
            for reason in self._unresolved(invariant.statement):
                raise mistake(reason, "invariants", place, "expression")
        return self

    @model_validator(mode="after")
    def _fit_for_its_quorum(self) -> Self:
        for reason, spot in unfit(self.quorum, self.brakes) if self.quorum else ():
            raise mistake(reason, *spot)
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

    def token_of(self, asset: Asset) -> str:
        """Return the token that an asset is of; each names one, or there is no manifest."""
        return self.token_named(asset.token) or asset.token

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
        return next((a for a in self.assets if self.token_of(a) == token), None)

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
