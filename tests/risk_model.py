"""`RiskSteps` (contracts/src) in Python: what the contract is held against."""

from typing import NamedTuple

WHOLE = 10_000


class Rule(NamedTuple):
    """As the contract takes it."""

    calm: int = 1_000_000
    alarm: int = 50_000_000
    solo: int = 2_000
    tighten: int = 2_500
    relax: int = 500
    tighten_every: int = 60
    relax_every: int = 600
    calm_for: int = 1_800
    fresh: int = 3_600
    silence: int = 86_400


class State(NamedTuple):
    """What the market is at, since when, and since when less is wanted (0: it is not)."""

    tightness: int = 0
    stepped_at: int = 0
    calm_since: int = 0


class Reading(NamedTuple):
    """What a source says."""

    probability: int = 0
    fresh: bool = True
    silent_since: int = 0


def wanted(rule: Rule, probability: int) -> int:
    """Return how tight a source that says this wants it."""
    if probability <= rule.calm:
        return 0
    if probability >= rule.alarm:
        return WHOLE
    return (probability - rule.calm) * WHOLE // (rule.alarm - rule.calm)


def aims(rule: Rule, a: Reading, b: Reading) -> tuple[int, int]:
    """Return up to where to tighten, and down to where to relax."""
    least, most = [], []
    for one in (a, b):
        tight = wanted(rule, one.probability)
        least.append(tight if one.fresh else 0)
        most.append(tight if one.fresh else 0 if one.silent_since else WHOLE)
    return sorted([*least, rule.solo])[1], sorted([*most, rule.solo])[1]


def nobody_since(a: Reading, b: Reading) -> int:
    """Return since when both are silent, 0 where one is not."""
    both = a.silent_since, b.silent_since
    return max(both) if all(both) else 0


def stepped(rule: Rule, state: State, a: Reading, b: Reading, time: int) -> State:
    """Return the state after a look at both sources."""
    up, down = aims(rule, a, b)
    tightness, stepped_at, calm_since = state
    nobody = nobody_since(a, b)
    calm_since = 0 if down >= tightness else calm_since or nobody or time
    if up > tightness and time >= stepped_at + rule.tighten_every:
        return State(min(up, tightness + rule.tighten), time, calm_since)
    since = max(stepped_at + rule.relax_every, calm_since + rule.calm_for)
    if down < tightness and time >= since:
        missed = (time - max(since, nobody)) // rule.relax_every if nobody else 0
        tightness = max(down, tightness - rule.relax * (1 + missed), 0)
        return State(tightness, time, 0 if down >= tightness else calm_since)
    return State(tightness, stepped_at, calm_since)
