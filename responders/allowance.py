"""How much of an asset may be lost, whether it stays below that, and the bucket if it does not.

Until a brake holds, an incident costs at most

    worst = min(TVL, max_single_tx + v * (t_detect + t_decide + t_include))

Where that is more than the maximum allowable loss (MAL), speed does not help and the bound has to
lie on chain. A bucket of capacity C that an empty one takes W seconds to fill lets at most
C + T * C / W through in T seconds, so C = MAL / (1 + T / W) keeps every T seconds within MAL. T is
how long people take, not we: the bucket has to hold when every process of ours is dead. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from math import inf

from schemas.loss import Asset, Loss
from schemas.manifest import Manifest

_EXACT = Context(prec=120)
"""Digits: a uint256 has 78, prices and times have the rest."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What buckets on chain let through: at once, and per second after that. In money."""

    capacity: float
    refill: float


@dataclass(frozen=True, slots=True)
class WantedBucket:
    """The parameters of a token bucket on chain that keeps a loss within what is allowed."""

    token: str
    capacity: int
    """In the token's smallest unit; rounded down."""
    value: Decimal
    """The same in money, for a bucket that counts by value."""
    window: int
    """Seconds in which an empty bucket fills."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """One asset against its maximum allowable loss. Money in the manifest's currency."""

    token: str
    symbol: str
    allowable: Decimal
    worst: Decimal
    """The most that an incident costs until a brake holds."""
    held: Decimal | None
    """What there is to lose; None where that is not known."""
    wanted: WantedBucket | None
    """The bucket that is needed, None while speed is enough or one is in place that is as tight."""

    @property
    def within(self) -> bool:
        """Whether the brake is fast enough for what may be lost."""
        return self.worst <= self.allowable


def buckets(manifest: Manifest) -> Bucket | None:
    """Return what the buckets on chain let through together; None unless every asset has one."""
    found = [asset.bucket_capacity for asset in manifest.assets]
    if manifest.loss is None or not found or None in found:
        return None
    capacity = float(sum(filter(None, found)))
    return Bucket(capacity, capacity / manifest.loss.window_seconds)


def worst(asset: Asset, loss: Loss, held: Decimal | None) -> Decimal:
    """Return the most that is lost until a brake holds; `held` caps it, and stands in for a single
    transaction of unknown size. Infinite when neither is known."""
    single = asset.single_transaction
    at_once = single if single is not None else held
    if at_once is None:
        return Decimal("Infinity")
    seconds = Decimal(loss.detect_seconds + loss.decide_seconds + loss.include_seconds)
    all_of_it = at_once + asset.loss_per_second * seconds
    return all_of_it if held is None else min(held, all_of_it)


def capacity(allowable: Decimal, seconds: Decimal, window: int) -> Decimal:
    """Return the capacity with which a bucket passes no more than `allowable` in `seconds`."""
    return allowable / (1 + seconds / window)


def allowances(manifest: Manifest, held: Mapping[str, Decimal]) -> tuple[Allowance, ...]:
    """Return every asset of the manifest against its allowable loss; `held` is what there is of
    each token, in money, as far as that is known."""
    if manifest.loss is None or manifest.halt is None:
        return ()
    people = Decimal(manifest.halt.response_seconds)
    with localcontext(_EXACT):
        return tuple(_allowances(manifest, manifest.loss, people, held))


def _allowances(
    manifest: Manifest, loss: Loss, people: Decimal, held: Mapping[str, Decimal]
) -> Iterable[Allowance]:
    for asset in manifest.assets:
        token = manifest.token_named(asset.token) or asset.token
        known = held.get(token)
        lost = worst(asset, loss, known)
        enough = capacity(asset.allowable, people, loss.window_seconds)
        present = asset.bucket_capacity
        wanted = None
        if lost > asset.allowable and float(enough) < (inf if present is None else float(present)):
            units = enough / asset.price * 10 ** (manifest.decimals(token) or 0)
            whole = int(units.to_integral_value(ROUND_FLOOR))
            wanted = WantedBucket(token, whole, enough, loss.window_seconds)
        yield Allowance(token, manifest.symbol(token), asset.allowable, lost, known, wanted)
