"""What neighbours warn of, and how far that raises what is believed before an alert.

A signal never changes a detector's score, is no witness, and pulls nothing: without an alert of our
own it does nothing but have the brakes rehearsed. With one, it multiplies the odds of the prior.

By how much, at most a third of the neighbours that are listened to may lie, together and at the
best moment: the warnings of that many, the weightiest, are left out, and of what remains the
weightiest counts (leaving out the extremes that f faults could set is the rule of approximate
agreement: Dolev, Lynch, Pinter, Stark, Weihl, "Reaching Approximate Agreement in the Presence of
Faults", JACM 33, 1986). So the odds are never above what some honest neighbour stands for, and are
1 where only liars speak. Ratios are not multiplied: neighbours may all have read the same message.
Those whose word was wrong again and again are left out altogether, and are some of the third: one
less is left out for each.
"""

from collections.abc import Iterable, Mapping

from runtime.reputation import Standing, standing, weighed
from schemas.actions import Heard, Warned
from schemas.manifest import Manifest
from schemas.signals import Signal, Verdict
from schemas.units import Seconds, account

MAX_SIGNAL_ODDS = 10.0
"""How far neighbours may raise the odds: as far as the strongest sign of preparation (ADR 14)."""

MOST_SIGNALS = 256
"""Of one issuer that are remembered; the one that expires first is forgotten first."""

MOST_FINDINGS = 1000
"""On one issuer that are remembered; the oldest is forgotten first."""

GRAVE = frozenset({"high", "critical"})
"""Severities that raise the odds; others only have the brakes rehearsed."""


def doubted(heard: Heard) -> int:
    """Return how many warnings are left out: a third of the neighbours, less those of that third
    that are known already."""
    return max(0, heard.issuers // 3 - heard.unmasked)


def warned(heard: Heard | None) -> float:
    """Return by what the odds of the prior are multiplied: from 1 to `MAX_SIGNAL_ODDS`."""
    if heard is None:
        return 1.0
    ratios = sorted((one.ratio for one in heard.warnings), reverse=True)
    left = ratios[doubted(heard) :]
    return min(MAX_SIGNAL_ODDS, max(1.0, left[0])) if left else 1.0


class Neighbourhood:
    """Remembers signals that were taken and what people found of them. Pure: no clock, no IO."""

    def __init__(self, manifests: Iterable[Manifest]) -> None:
        self._manifests = {m.protocol: m for m in manifests if m.issuers}
        self._targets = {
            (name, issuer.address): _targets(manifest) | set(issuer.concerns)
            for name, manifest in self._manifests.items()
            for issuer in manifest.issuers
        }
        self._findings: dict[str, dict[str, Verdict]] = {issuer: {} for issuer in self.issuers}
        self._standings = dict.fromkeys(self._findings, Standing())
        self._signals: dict[str, dict[str, Signal]] = {issuer: {} for issuer in self.issuers}
        self._read: dict[int, int] = {}

    @property
    def issuers(self) -> frozenset[str]:
        """Every account that some protocol listens to."""
        return frozenset(issuer for _, issuer in self._targets)

    @property
    def protocols(self) -> frozenset[str]:
        """The protocols that listen to somebody."""
        return frozenset(self._manifests)

    def take(self, signal: Signal) -> frozenset[str]:
        """Remember a signal that was admitted; return the protocols that it warns. An older one
        about the same matter, or one that takes a matter back, warns nobody."""
        known = self._signals[signal.issuer]
        before = known.get(signal.id)
        if before is not None and before.seq > signal.seq:
            return frozenset()
        known[signal.id] = signal
        if len(known) > MOST_SIGNALS:
            del known[min(known.values(), key=lambda one: (one.expiry, one.seq)).id]
        if not signal.confidence:
            return frozenset()
        return frozenset(
            name
            for (name, issuer), targets in self._targets.items()
            if issuer == signal.issuer and signal.target in targets
        )

    def passed(self, partition: int, offset: int) -> None:
        """Note how far the topic was read: `offset` is that of the next record."""
        self._read[partition] = offset

    def learn(self, verdict: Verdict) -> None:
        """Let a finding count for, or against, whoever issued the signal. Of several on one signal
        the latest counts."""
        known = self._findings.get(verdict.issuer)
        before = None if known is None else known.get(verdict.signal)
        if known is None or (before is not None and before.time > verdict.time):
            return
        known[verdict.signal] = verdict
        if len(known) > MOST_FINDINGS:
            del known[min(known.values(), key=lambda one: (one.time, one.signal)).signal]
        self._standings[verdict.issuer] = standing(known.values())

    def standings(self, protocol: str, now: Seconds) -> Mapping[str, Standing]:
        """Return what is known of each neighbour that a protocol listens to."""
        manifest = self._manifests.get(protocol)
        return {
            one.address: self._standings[one.address]
            .at(now)
            .with_stated(one.confirmed, one.refuted)
            for one in (manifest.issuers if manifest else ())
        }

    def heard(self, protocol: str, now: Seconds) -> Heard | None:
        """Return what warns a protocol now; None where nothing does."""
        warnings, unmasked = [], 0
        standings = self.standings(protocol, now)
        for issuer, known in standings.items():
            if known.unmasked:
                unmasked += 1
                continue
            heaviest = max(
                self._grave(protocol, issuer, now), key=lambda s: (s.confidence, s.id), default=None
            )
            if heaviest is not None:
                ratio = weighed(known.ratio, heaviest.confidence)
                warnings.append(Warned(issuer=issuer, signal=heaviest.id, ratio=ratio))
        if not warnings:
            return None
        return Heard(
            issuers=len(standings),
            unmasked=unmasked,
            warnings=tuple(warnings),
            time=now,
            read=tuple(
                self._read.get(number, 0) for number in range(max(self._read, default=-1) + 1)
            ),
        )

    def _grave(self, protocol: str, issuer: str, now: Seconds) -> Iterable[Signal]:
        targets = self._targets[protocol, issuer]
        return (
            signal
            for signal in self._signals[issuer].values()
            if signal.expiry > now
            and signal.confidence
            and signal.severity in GRAVE
            and signal.target in targets
        )


def _targets(manifest: Manifest) -> set[str]:
    """Return what reaches a protocol: its contracts, and those that it depends on."""
    addresses = set(manifest.addresses)
    addresses |= {item.address for item in manifest.dependencies if item.address is not None}
    return {account(manifest.chain, address) for address in addresses}
