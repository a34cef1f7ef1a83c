"""How much of an asset may be lost, whether it stays below that, and the bucket if it does not.

Until a brake holds, an incident costs at most

    worst = min(TVL, max_single_tx + v * (t_detect + t_decide + t_include))

with max_single_tx from the manifest, or from the tail of recorded losses (`runtime.tails`) where
that is more. Where `worst` is more than the maximum allowable loss (MAL), speed does not help and
the bound has to lie on chain. A bucket of capacity C that an empty one takes W seconds to fill lets
at most C + T * C / W through in T seconds, so C = MAL / (1 + T / W) keeps every T seconds within
MAL. T is how long people take, not we: the bucket has to hold when every process of ours is dead.
Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from fractions import Fraction

from runtime.tails import Tail
from schemas.loss import Asset, Loss
from schemas.manifest import Manifest

_EXACT = Context(prec=120)
"""Digits: a uint256 has 78, prices and times have the rest."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What buckets on chain let through: at once, and per second after that. In money."""

    capacity: Fraction
    refill: Fraction

    def passes(self, seconds: float) -> Fraction:
        """Return the most that leaves within so many seconds."""
        return self.capacity + self.refill * Fraction(seconds)


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
    bucket: Bucket | None
    """The one that is in place, None without one."""
    wanted: WantedBucket | None
    """The bucket that is needed, None while speed is enough or one is in place that is as tight."""

    @property
    def within(self) -> bool:
        """Whether the brake is fast enough for what may be lost."""
        return self.worst <= self.allowable


def stated_buckets(manifest: Manifest) -> dict[str, Bucket]:
    """Return the buckets that a manifest says there are, by token; whether the chain has them is
    another question (`responders.bounds`)."""
    if manifest.loss is None:
        return {}
    capacities = {
        manifest.token_of(asset): Fraction(asset.bucket_capacity)
        for asset in manifest.assets
        if asset.bucket_capacity is not None
    }
    window = manifest.loss.window_seconds
    return {token: Bucket(found, found / window) for token, found in capacities.items()}


def together(manifest: Manifest, buckets: Mapping[str, Bucket]) -> Bucket | None:
    """Return what these buckets let through of all assets; None unless every asset has one."""
    tokens = {manifest.token_of(asset) for asset in manifest.assets}
    if not tokens or not tokens <= buckets.keys():
        return None
    found = [buckets[token] for token in tokens]
    return Bucket(
        sum((one.capacity for one in found), Fraction(0)),
        sum((one.refill for one in found), Fraction(0)),
    )


def single(asset: Asset) -> Decimal | None:
    """Return the most that one transaction takes, whatever there is: what the manifest says, or
    what recorded losses do where that is more. None where neither says anything."""
    stated, losses = asset.single_transaction, asset.tail
    if losses is None:
        return stated
    tail = Tail(losses.threshold, losses.share, losses.shape, losses.scale, exceeding=0)
    recorded = Decimal(tail.value_at_risk(losses.level))
    return recorded if stated is None else max(stated, recorded)


def worst(asset: Asset, loss: Loss, held: Decimal | None) -> Decimal:
    """Return the most that is lost until a brake holds; `held` caps it, and stands in for a single
    transaction of unknown size. Infinite when neither is known."""
    known = single(asset)
    at_once = known if known is not None else held
    if at_once is None:
        return Decimal("Infinity")
    seconds = Decimal(loss.detect_seconds + loss.decide_seconds + loss.include_seconds)
    all_of_it = at_once + asset.loss_per_second * seconds
    return all_of_it if held is None else min(held, all_of_it)


def capacity(allowable: Decimal, seconds: Decimal, window: int) -> Decimal:
    """Return the capacity with which a bucket passes no more than `allowable` in `seconds`."""
    return allowable / (1 + seconds / window)


def allowances(
    manifest: Manifest, held: Mapping[str, Decimal], buckets: Mapping[str, Bucket]
) -> tuple[Allowance, ...]:
    """Return every asset of the manifest against its allowable loss; `held` is what there is of
    each token, in money, as far as that is known, `buckets` what is in place."""
    loss = manifest.loss
    if loss is None or manifest.halt is None:
        return ()
    people = Decimal(manifest.halt.response_seconds)
    with localcontext(_EXACT):
        return tuple(
            _allowance(manifest, asset, loss, people, held, buckets) for asset in manifest.assets
        )


def _allowance(
    manifest: Manifest,
    asset: Asset,
    loss: Loss,
    people: Decimal,
    held: Mapping[str, Decimal],
    buckets: Mapping[str, Bucket],
) -> Allowance:
    token = manifest.token_of(asset)
    known, present = held.get(token), buckets.get(token)
    lost = worst(asset, loss, known)
    bounded = present is not None and present.passes(float(people)) <= Fraction(asset.allowable)
    wanted = None
    if lost > asset.allowable and not bounded:
        enough = capacity(asset.allowable, people, loss.window_seconds)
        units = enough / asset.price * 10 ** (manifest.decimals(token) or 0)
        whole = int(units.to_integral_value(ROUND_FLOOR))
        wanted = WantedBucket(token, whole, enough, loss.window_seconds)
    return Allowance(token, manifest.symbol(token), asset.allowable, lost, known, present, wanted)
