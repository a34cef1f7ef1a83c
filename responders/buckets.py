"""A bucket on chain as it stands, in money: its limits, and whether all that holds the asset draws
on it. What a manifest says of it is believed in nothing but where it is."""

from dataclasses import dataclass
from fractions import Fraction

from responders.adapters.calls import called, words
from responders.adapters.outflow import asset_of, standing
from responders.allowance import Bucket, stated_buckets
from responders.bucket import Limits
from responders.chain import Call, Chain
from responders.holdings import MOST_READ, Held, Holdings
from schemas.manifest import Brake, Manifest

_GAS = 500_000


@dataclass(frozen=True, slots=True)
class Found:
    """An asset's bucket."""

    present: Bucket
    """What it lets through until people come."""
    lasting: Bucket
    """As its owner set it."""

    def wider(self, said: Bucket) -> bool:
        """Say whether its owner lets more through than is said."""
        return self.lasting.capacity > said.capacity or self.lasting.refill > said.refill


def tightens(brake: Brake) -> str | None:
    """Return the token whose bucket a brake tightens, None for any other brake."""
    return str(brake.parameters.get("asset")) if brake.adapter == "outflow" else None


def bucket_of(manifest: Manifest, token: str) -> str | None:
    """Return the contract that bounds what leaves of a token, None where none is named."""
    asset = manifest.asset(token)
    if asset is not None and asset.bucket is not None:
        return asset.bucket
    return next((brake.target for brake in manifest.brakes if tightens(brake) == token), None)


def look_at(chain: Chain, holdings: Holdings, token: str, held: Held, block: int) -> Found | str:
    """Return an asset's bucket as the chain has it, or what is amiss; '' where there is no bucket,
    and none is said to be. `held` is what there is after the block.

    Raises `TransientError` when no node answers.
    """
    manifest = holdings.manifest
    bucket = bucket_of(manifest, token)
    if bucket is None:
        said = token in stated_buckets(manifest)
        return "the manifest does not say which contract the bucket is" if said else ""
    if not holdings.readable:
        return f"more than {MOST_READ} balances: nobody looks at the bucket"
    asset = asset_of(token)
    stands = standing(chain, bucket, asset, block)
    terms = words(chain, bucket, called("terms(address)", asset), block)
    if stands is None or len(terms) != 8 or not terms[2]:
        return "there is no such bucket, or it does not list the asset"
    if token not in held.by_token:
        return "what is held cannot be read, and so not who has to be enrolled"
    if (outside := _outside(chain, bucket, token, held, block)) is not None:
        return f"{outside} is not enrolled with the bucket"
    # However the feed moves, no more of the asset leaves than at the lowest price believed.
    worth = Fraction(terms[4], terms[2]) * Fraction(holdings.units[token])
    lasting, now = _money(stands.lasting, worth), _money(stands.limits, worth)
    until_people_come = (
        manifest.halt is not None and stands.seconds >= manifest.halt.response_seconds
    )
    return Found(now if until_people_come else lasting, lasting)


def _outside(chain: Chain, bucket: str, token: str, held: Held, block: int) -> str | None:
    """Return a contract that holds the asset and may not draw on its bucket, None without one.

    The bucket has no question for that; it answers `open` only to who is enrolled.
    """
    question = Call(bucket, called("open(address,uint256)", asset_of(token), 0), _GAS)
    held_by = (place for place, money in sorted(held.balances.items()) if money)
    for holder in (holder for holder, kind in held_by if kind == token):
        if not chain.call(question, sender=holder, block=block).ok:
            return holder
    return None


def _money(limits: Limits, worth: Fraction) -> Bucket:
    return Bucket(limits.capacity * worth, limits.rate * worth)
