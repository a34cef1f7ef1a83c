"""Morpho's Vault V2, for a sentinel: a lower cap, a revoked change, assets taken back.

- `cap` lowers the absolute or the relative cap of one id. Lowering to more than the cap that
  is there reverts: a lower one is success. A cap stops what is put in, not what is taken out.
- `revoke` takes back one change that waits for its timelock, named by its whole calldata;
  one that does not wait reverts: success.
- `deallocate` takes assets back from one adapter into the vault, where the caps of the
  market they were in no longer matter to them.

Raising a cap, submitting and allocating are the curator's and the allocators'.
"""

from typing import Annotated, Literal, Self

from eth_utils.crypto import keccak
from pydantic import Field, model_validator

from responders.adapters.base import AlsoStops
from responders.adapters.calls import called
from responders.adapters.caps import Capped, Ceiling, Zero
from responders.adapters.family import Deed, told
from responders.chain import Call, Chain
from responders.reverts import selector
from schemas.activities import Activity
from schemas.manifest import Brake, Parameters
from schemas.strict import HEX, LowerAddress

_ERRORS = {
    selector("Unauthorized()"): "the account is no sentinel",
    selector("NotAllocator()"): "the account is no sentinel",
}

Amount = Annotated[int, Field(ge=0, lt=2**128)]
Bytes = Annotated[str, Field(pattern=HEX, max_length=4096)]


class Cap(Parameters):
    """A cap and what to lower it to."""

    does: Literal["cap"]
    id_data: Bytes
    """What the id is the hash of."""
    absolute: Amount | None = None
    """In the asset's smallest unit."""
    relative: Annotated[int, Field(ge=0, le=10**18)] | None = None
    """Of the vault's assets, in 1e-18."""

    @model_validator(mode="after")
    def _one_cap(self) -> Self:
        if (self.absolute is None) is (self.relative is None):
            raise ValueError("give the absolute or the relative cap")
        return self


class Revocation(Parameters):
    """A change that may be submitted."""

    does: Literal["revoke"]
    data: Bytes
    """Its whole calldata."""


class Deallocation(Parameters):
    """What to take back from where."""

    does: Literal["deallocate"]
    adapter: LowerAddress
    data: Bytes
    """What the adapter is told, such as the market's parameters."""
    id_data: Bytes
    """What the id is the hash of, whose allocation is looked at."""
    assets: Annotated[int, Field(ge=1, lt=2**128)]
    """In the smallest unit; more than is there, or than is liquid there, reverts."""
    remaining: Amount = 0
    """Nothing is taken where no more than this is allocated."""


def build(brake: Brake, chain: Chain) -> Capped:
    """Make the family's brake that a manifest asks for."""
    models: tuple[type[Cap | Revocation | Deallocation], ...] = (Cap, Revocation, Deallocation)
    parameters = told(brake, *models)
    if isinstance(parameters, Cap):
        return _cap(brake, chain, parameters)
    if isinstance(parameters, Revocation):
        return _revoke(brake, chain, parameters)
    return _deallocate(brake, chain, parameters)


def _cap(brake: Brake, chain: Chain, parameters: Cap) -> Capped:
    kind, most = "Absolute", parameters.absolute
    if most is None:
        kind, most = "Relative", parameters.relative
    id_data = bytes.fromhex(parameters.id_data[2:])
    deed = Deed(
        target=brake.target,
        calldata=called(f"decrease{kind}Cap(bytes,uint256)", id_data, most),
        also_stops=AlsoStops("putting more of the vault's assets there", frozenset()),
        release=f"the curator of {brake.target}, by a change that waits for its timelock",
        errors=_ERRORS,
        already=frozenset({selector(f"{kind}CapNotDecreasing()")}),
    )
    question = called(f"{kind.lower()}Cap(bytes32)", keccak(id_data))
    return _capped(chain, deed, question, most or 0)


def _revoke(brake: Brake, chain: Chain, parameters: Revocation) -> Capped:
    data = bytes.fromhex(parameters.data[2:])
    deed = Deed(
        target=brake.target,
        calldata=called("revoke(bytes)", data),
        also_stops=AlsoStops("this one change", frozenset({Activity.GOVERNANCE})),
        release=f"the curator of {brake.target}, who can submit it again",
        errors=_ERRORS,
        already=frozenset({selector("DataNotTimelocked()")}),
    )
    return _capped(chain, deed, called("executableAt(bytes)", data), 0)


def _deallocate(brake: Brake, chain: Chain, parameters: Deallocation) -> Capped:
    deed = Deed(
        target=brake.target,
        calldata=called(
            "deallocate(address,bytes,uint256)",
            parameters.adapter,
            bytes.fromhex(parameters.data[2:]),
            parameters.assets,
        ),
        gas=1_500_000,
        also_stops=AlsoStops("earning there what the vault's assets would earn", frozenset()),
        release=f"the allocators of {brake.target}, who can allocate again",
        errors=_ERRORS,
    )
    id_ = keccak(bytes.fromhex(parameters.id_data[2:]))
    return _capped(chain, deed, called("allocation(bytes32)", id_), parameters.remaining)


def _capped(chain: Chain, deed: Deed, question: str, most: int) -> Capped:
    return Capped(chain, deed, Ceiling(most, Call(deed.target, question), Zero.CLOSED))
