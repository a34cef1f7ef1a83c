"""What warnings are worth and what lies can do, in `sandbox.neighbourhood`: the same campaigns
with and without them, over as many seeds as it takes to say how sure that is."""

from math import sqrt
from statistics import mean, stdev

from scipy.stats import t

from sandbox.neighbourhood import simulate
from sandbox.village import trusting
from schemas.actions import Heard


def deaf(heard: Heard | None) -> Heard | None:
    """Hear nobody."""
    del heard
    return None


def compared(seed: int, campaigns: int) -> dict[str, float]:
    """Play the same campaigns without signals, with them, and with all of them trusted."""
    alone, ours, all_ = (
        simulate(seed, campaigns, hear) for hear in (deaf, lambda heard: heard, trusting)
    )
    gained = [
        before - after
        for before, after, told in zip(alone.seconds, ours.seconds, ours.warned, strict=True)
        if told
    ]
    return {
        "attacks": len(ours.seconds),
        "warned_before": len(gained),
        "seconds_to_brake_alone": round(sum(alone.seconds) / len(alone.seconds), 1),
        "seconds_to_brake_with_signals": round(sum(ours.seconds) / len(ours.seconds), 1),
        "seconds_gained_where_warned": round(sum(gained) / max(1, len(gained)), 1),
        "loss_spared_percent": round(100 * (1 - ours.lost / alone.lost), 1),
        "lies_at_the_best_moment": ours.chances,
        "false_brakes_by_liars": ours.by_liars,
        "false_brakes_if_all_were_trusted": all_.by_liars,
        "ordinary_alerts_amid_an_attack": ours.amid,
        "brakes_on_those_without_signals": alone.by_both,
        "brakes_on_those_by_true_warnings": ours.by_truth,
        "brakes_on_those_with_lies_besides": ours.by_both,
        "brakes_on_those_that_rest_on_a_lie": ours.on_lies,
        "brakes_that_would_if_all_were_trusted": all_.on_lies,
        "loss_spared_percent_if_all_were_trusted": round(100 * (1 - all_.lost / alone.lost), 1),
    }


def repeated(seed: int, campaigns: int, seeds: int) -> dict[str, dict[str, float]]:
    """Compare with `seed` and those after it, two at least; return of each figure its mean, the
    95 % interval of the mean (Student's t over the seeds), the least and the most."""
    found = [compared(seed + number, campaigns) for number in range(seeds)]
    return {name: _spread([one[name] for one in found]) for name in found[0]}


def _spread(values: list[float]) -> dict[str, float]:
    middle = mean(values)
    half = float(t.ppf(0.975, len(values) - 1)) * stdev(values) / sqrt(len(values))
    shown = (middle, middle - half, middle + half, min(values), max(values))
    names = ("mean", "from", "to", "least", "most")
    return {name: round(value, 1) for name, value in zip(names, shown, strict=True)}
