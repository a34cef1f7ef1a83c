"""What an alert's votes amount to as evidence: how many independent witnesses, of what. Pure."""

from schemas.alerts import Alert, Vote

_MOST_KINDS = 12
"""Kinds of feature told apart, so that 2 ** 12 combinations bound the search; votes that name
further ones count as if they named nothing."""


def alerting(alert: Alert) -> tuple[Vote, ...]:
    """Return the votes of those that alerted, one of each detector: versions of one count once."""
    by_name = {vote.detector: vote for vote in reversed(alert.votes) if vote.alerted}
    return tuple(by_name[name] for name in sorted(by_name))


def requested(alert: Alert) -> frozenset[str]:
    """Return the contracts that bonded requests from outside ask to be halted."""
    asking = (vote for vote in alerting(alert) if vote.tail == "rule" and _asks(vote))
    named = (reason.feature.partition(":") for vote in asking for reason in vote.reasons)
    return frozenset(target for kind, _, target in named if kind == "requested")


def _asks(vote: Vote) -> bool:
    """Say whether a vote is what somebody outside said, rather than what was seen."""
    return "requests" in vote.made_from


def _seen(alert: Alert) -> tuple[Vote, ...]:
    return tuple(vote for vote in alerting(alert) if not _asks(vote))


def witnessed(alert: Alert) -> frozenset[tuple[str, ...]]:
    """Return what those that alerted are made from, one entry for each that differs."""
    return frozenset(tuple(sorted(set(vote.made_from))) for vote in _seen(alert))


def families(alert: Alert) -> int:
    """Return the largest number of detectors that alerted of which no two are made from the same.

    A detector that does not say what it is made from is a witness only if there is no other. Who
    asks for a halt is none.
    """
    votes = _seen(alert)
    if len(votes) < 2:
        return len(votes)
    kinds = sorted({kind for vote in votes for kind in vote.made_from})[:_MOST_KINDS]
    place = {kind: 1 << number for number, kind in enumerate(kinds)}
    most = {0: 0}
    for vote in votes:
        if not vote.made_from or not place.keys() >= set(vote.made_from):
            continue
        own = sum(place[kind] for kind in set(vote.made_from))
        for taken, count in list(most.items()):
            if not taken & own:
                most[taken | own] = max(most.get(taken | own, 0), count + 1)
    return max(*most.values(), min(1, len(votes)))


def rules_broken(alert: Alert) -> int:
    """Return how many of those that alerted state what a broken rule means, not a statistic."""
    return sum(vote.tail == "rule" for vote in _seen(alert))


def only_volatility(alert: Alert) -> bool:
    """Say whether nothing alerted but detectors of how far a price moved, and nothing was lost but
    by the markets that moved: a price that is bent while another contract pays is no volatility."""
    votes = alerting(alert)
    moved = {reason.feature.partition(":")[2] for vote in votes for reason in vote.reasons}
    prices = bool(votes) and all("volatility" in vote.made_from for vote in votes)
    return prices and moved.issuperset(alert.losing)
