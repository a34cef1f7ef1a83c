"""How often a quorum of detectors is wrong when some causes make all of them wrong at once. Pure.

The beta-factor model of common-cause failures (Fleming, 1975; IEC 61508-6, annex D): a share beta
of each detector's errors has a cause that all share (a node that lies, a decoder, a bug), the rest
are independent.
"""

from math import comb

COMMON_CAUSE = 0.05
"""Detectors of one operator share node, decoder and host. It dominates every quorum's error, which
is why they have to be made from different things before they count as several."""


def at_least(needed: int, among: int, share: float) -> float:
    """Return the probability that so many of `among` independent events happen."""
    return sum(
        comb(among, k) * share**k * (1.0 - share) ** (among - k) for k in range(needed, among + 1)
    )


def false_alarm(needed: int, among: int, each: float, beta: float = COMMON_CAUSE) -> float:
    """Return how often `needed` of `among` detectors alert on nothing when each does so with
    probability `each`."""
    apart = at_least(needed, among, (1.0 - beta) * each)
    return beta * each + (1.0 - beta * each) * apart


def miss(needed: int, among: int, each: float, beta: float = COMMON_CAUSE) -> float:
    """Return how often fewer than `needed` of `among` alert on an attack when each misses it with
    probability `each`."""
    apart = at_least(among - needed + 1, among, (1.0 - beta) * each)
    return beta * each + (1.0 - beta * each) * apart
