"""What bounds a loss on chain, looked at again as what there is to lose moves.

Once a minute each asset is held against its maximum allowable loss (`responders.allowance`), with
what is there to lose and with the bucket that the chain has: its real limits, and whether every
contract that holds the asset is enrolled with it. What a manifest says of a bucket is compared and
never believed. Nothing is sent from here; `responders.tightener` acts on what is found.

**What is there to lose** is the less of what was held at a block that is final and what is held at
the newest one. So funds that come and go within a block, or for less than finality takes, move
nothing.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from responders.allowance import Allowance, Bucket, allowances, stated_buckets, together
from responders.buckets import Found, look_at
from responders.chain import Chain
from responders.holdings import Holdings
from runtime.clock import Clock
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.errors import PipelineError
from schemas.manifest import Manifest

_log = logger(__name__)

EVERY = 60.0
"""Seconds between two looks."""

DEEPEST = 100
"""Blocks behind the newest one that are looked back at most: nodes that prune have 128 states."""


@dataclass(frozen=True, slots=True)
class Look:
    """How one protocol stood."""

    protocol: str
    allowances: tuple[Allowance, ...]
    """By what each bucket's owner set: what a tightening makes of it lapses."""
    present: Bucket | None
    """What the buckets let through together until people come, None unless every asset has one."""
    faults: Mapping[str, str]
    """By token, what the manifest says of its bucket and the chain does not; none when it does."""


class Bounds:
    """Looks at the protocols of one chain."""

    def __init__(
        self,
        chain: Chain,
        manifests: Iterable[Manifest],
        finality: int,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        """`finality` is how many blocks behind the newest one a block counts as final."""
        self._chain = chain
        self._depth = min(finality, DEEPEST)
        self._metrics = metrics
        self._clock = clock
        self._holdings = [
            Holdings(chain, manifest)
            for manifest in manifests
            if manifest.chain == chain.name and manifest.assets
        ]
        self._looked()

    def look(self) -> tuple[Look, ...]:
        """Return how every protocol stands; show it, and log what people have to do.

        Raises `TransientError` when no node answers.
        """
        head = self._chain.head().number
        found = tuple(self._at(own, head) for own in self._holdings)
        for look in found:
            self._show(look)
        self._looked()
        return found

    def _looked(self) -> None:
        for own in self._holdings:
            now = self._clock.now_ns() / 1e9
            self._metrics.bounds_looked.labels(own.manifest.protocol).set(now)

    def _at(self, holdings: Holdings, head: int) -> Look:
        manifest = holdings.manifest
        held = holdings.at(head)
        final = holdings.at(max(0, head - self._depth)).by_token
        least = {
            token: min(money, final[token])
            for token, money in held.by_token.items()
            if token in final
        }
        buckets: dict[str, Found] = {}
        faults: dict[str, str] = {}
        for token in holdings.units:
            one = look_at(self._chain, holdings, token, held, head)
            if isinstance(one, Found):
                buckets[token] = one
            elif one:
                faults[token] = one
        for token, says in stated_buckets(manifest).items():
            real = buckets.get(token)
            if real is not None and real.wider(says):
                faults[token] = "the bucket lets more through than the manifest says"
        return Look(
            protocol=manifest.protocol,
            allowances=allowances(
                manifest, least, {token: one.lasting for token, one in buckets.items()}
            ),
            present=together(manifest, {token: one.present for token, one in buckets.items()}),
            faults=faults,
        )

    def _show(self, look: Look) -> None:
        for one in look.allowances:
            amiss = look.faults.get(one.token, "")
            beyond, unlike = self._metrics.loss_beyond_allowable, self._metrics.bucket_amiss
            beyond.labels(look.protocol, one.symbol).set(one.wanted is not None)
            unlike.labels(look.protocol, one.symbol).set(bool(amiss))
            if amiss:
                _log.error("bucket_amiss", protocol=look.protocol, asset=one.symbol, reason=amiss)
            if one.wanted is not None:
                _log.warning(
                    "loss_beyond_allowable",
                    protocol=look.protocol,
                    asset=one.symbol,
                    worst=str(one.worst),
                    allowable=str(one.allowable),
                    needed=f"a bucket of {one.wanted.capacity} a {one.wanted.window} s",
                )


def run(bounds: Bounds, stop: threading.Event, tell: Callable[[Look], None]) -> None:
    """Look until told to stop. `tell` takes what was found; a look that no node answers is left
    out, and its age tells; the one before stands."""
    while not stop.is_set():
        try:
            for look in bounds.look():
                tell(look)
        except PipelineError as error:
            _log.error("bounds_unread", error=str(error))
        stop.wait(EVERY)
