"""Fits `detectors/bytecode/code_model.json` on labelled contracts and measures it out of fold.

    python -m bench.fit_code_model CONTRACTS.jsonl.gz [--write] [--packages] [--probe]

Each line is a record with `label`, `cls`, `source`, `note`, `tx`, `address`, `init_code` and
`runtime_code`. Prints, as Markdown, what `docs/deployments.md` says of it. The same file gives the
same numbers. With --packages, all that was built from one package is one family.
With --probe, it measures instead whether the features tell where code comes from, and whether that
would find attacks.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.grow import Floats, fit
from bench.labelled_code import Example, examples, families
from detectors.bytecode.model import CodeModel
from schemas.manifest import Budget

FOLDS = 10
SEEDS = (0, 1, 2)
TARGET = Path(__file__).parent.parent / "detectors" / "bytecode" / "code_model.json"
RESAMPLES = 1_000
SHOWN = 12
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def folds(family: Ints, attack: Bools, seed: int) -> Ints:
    """Deal whole families out to the folds, attacks evenly."""
    chance = np.random.default_rng(seed)
    numbers = chance.permutation(np.unique(family))
    attacks = {n: int(attack[family == n].sum()) for n in numbers}
    sizes = {n: int((family == n).sum()) for n in numbers}
    held = np.zeros((FOLDS, 2))
    fold = np.zeros(len(family), dtype=np.int64)
    for n in sorted(numbers, key=lambda n: (-attacks[n], -sizes[n])):
        load = held[:, 0] * 1000 + held[:, 1] if attacks[n] else held[:, 1]
        chosen = int(np.argmin(load))
        fold[family == n] = chosen
        held[chosen] += attacks[n], sizes[n]
    return fold


def weights(attack: Bools, built: Bools) -> Floats:
    """Let attacks, built services and deployed services count a third each, so that telling a
    build from a deployment is of no use."""
    weight = np.zeros(len(attack))
    kinds = [kind for kind in (attack, ~attack & built, ~attack & ~built) if kind.any()]
    for kind in kinds:
        weight[kind] = len(attack) / len(kinds) / kind.sum()
    return weight


def out_of_fold(found: Sequence[Example], names: list[str], family: Ints) -> Floats:
    """Score every example by models that saw nothing of its family; the mean over the seeds."""
    x = np.array([[example.x[name] for name in names] for example in found])
    attack = np.array([example.attack for example in found])
    built = np.array([example.built for example in found])
    total = np.zeros(len(found))
    for seed in SEEDS:
        fold = folds(family, attack, seed)
        for number in range(FOLDS):
            rest = fold != number
            model = fit(names, x[rest], attack[rest], weights(attack[rest], built[rest]), seed)
            for i in np.flatnonzero(~rest).tolist():
                total[i] += model.score(found[i].x)
    return total / len(SEEDS)


def source_probe(found: Sequence[Example], names: list[str], family: Ints) -> Floats:
    """Score every example by models of the same kind that were taught to tell deployed services
    from built ones, out of fold: what is in the features about where code comes from."""
    x = np.array([[example.x[name] for name in names] for example in found])
    attack = np.array([example.attack for example in found])
    deployed = np.array([not example.built for example in found])
    fold, score = folds(family, attack, SEEDS[0]), np.zeros(len(found))
    for number in range(FOLDS):
        rest = (fold != number) & ~attack
        model = fit(names, x[rest], deployed[rest], weights(deployed[rest], ~deployed[rest]), 0)
        for i in np.flatnonzero(fold == number).tolist():
            score[i] = model.score(found[i].x)
    return score


def probe_report(found: Sequence[Example], names: list[str], family: Ints) -> list[str]:
    """Return how well the source can be told, and how well its score would find attacks."""
    score = source_probe(found, names, family)
    judged = np.array([example.judged for example in found])
    attack = np.array([example.attack for example in found])[judged]
    deployed = np.array([not example.built for example in found])[judged]
    s = score[judged]
    return [
        f"deployed services told from built ones: AUC {auc(s[~attack], deployed[~attack]):.3f}",
        f"attacks told from services by that score: AUC {auc(s, attack):.3f}",
        f"recall of attacks at 1% false alerts by that score: {recall(s, attack, 0.01):.3f}",
    ]


def auc(score: Floats, positive: Bools) -> float:
    """Return the share of pairs that are in order, ties half."""
    above, below = score[positive][:, None], score[~positive][None, :]
    return float(((above > below) + 0.5 * (above == below)).mean())


def recall(score: Floats, attack: Bools, rate: float) -> float:
    """Return the share of attacks above the score that `rate` of the services exceed."""
    services = np.sort(score[~attack])[::-1]
    return float((score[attack] > services[int(rate * len(services))]).mean())


def best_f1(score: Floats, attack: Bools) -> float:
    """Return the largest F1 over all thresholds."""
    hits = np.cumsum(attack[np.argsort(-score, kind="stable")])
    return float((2 * hits / (np.arange(1, len(hits) + 1) + attack.sum())).max())


def table(score: Floats, attack: Bools, family: Ints) -> list[str]:
    """Return the rows of measures with 90% intervals, resampled by family."""
    measures = {
        "AUC": auc,
        "recall at 1% false alerts": lambda s, a: recall(s, a, 0.01),
        "recall at 0.25% false alerts": lambda s, a: recall(s, a, 0.0025),
        "best F1": best_f1,
    }
    chance = np.random.default_rng(0)
    members = [np.flatnonzero(family == n) for n in np.unique(family)]
    drawn: list[list[float]] = []
    for _ in range(RESAMPLES):
        rows = np.concatenate([members[i] for i in chance.integers(0, len(members), len(members))])
        if 0 < attack[rows].sum() < len(rows):
            drawn.append([measure(score[rows], attack[rows]) for measure in measures.values()])
    low, high = np.quantile(np.array(drawn), (0.05, 0.95), axis=0)
    return [
        f"| {name} | {measure(score, attack):.3f} | {low[i]:.3f} - {high[i]:.3f} |"
        for i, (name, measure) in enumerate(measures.items())
    ]


def tail(services: Floats) -> list[tuple[float, float]]:
    """Return (score, ln share above) at steps of the services' scores, and one point of the
    exponential that is fitted to the highest 2%: its mean excess has a prior of four excesses of
    one nat."""
    ranked = np.sort(services)[::-1]
    n = len(ranked)
    ranks = sorted({round(0.02 * n * 2 ** (k / 2)) for k in range(14)} & set(range(1, n)) | {n - 1})
    knots = [(float(ranked[r]), float(np.log((r + 1) / (n + 1)))) for r in reversed(ranks)]
    top = int(0.02 * n)
    excess = ranked[:top] - ranked[top]
    mean = (4.0 + excess.sum()) / (4.0 + top)
    start, level = float(ranked[top]), float(np.log((top + 1) / (n + 1)))
    knots = [knot for knot in knots if knot[0] < start - 1e-6]
    distinct = [k for i, k in enumerate(knots) if i == 0 or k[0] > knots[i - 1][0] + 1e-6]
    points = [*distinct, (start, level), (start + mean, level - 1.0)]
    return [(round(score, 6), round(log, 6)) for score, log in points]


def taught(found: Sequence[Example]) -> CodeModel:
    """Return the model that every example taught, not yet calibrated."""
    names = sorted(found[0].x)
    x = np.array([[example.x[name] for name in names] for example in found])
    attack = np.array([example.attack for example in found])
    built = np.array([example.built for example in found])
    return fit(names, x, attack, weights(attack, built), SEEDS[0])


def calibrated(found: Sequence[Example], score: Floats) -> CodeModel:
    """Return the model that every example taught, calibrated by their scores out of fold."""
    model = taught(found)
    services = np.array([example.judged and not example.attack for example in found])
    model.tail = tail(score[services])
    return model


def alerted(score: Floats, attack: Bools) -> str:
    """Return how many would alert at the default budget, by the tail that is shipped with the
    model."""
    curve = CodeModel([], [], [], [], 0.0, [], tail=tail(score[~attack]))
    budget = Budget().transactions_per_false_alert
    alert = np.array([curve.p_value(s) <= 1 / budget for s in score.tolist()])
    return (
        f"at 1 in {budget}, {alert[attack].sum()} of {attack.sum()} attacks alert and "
        f"{alert[~attack].sum()} of {(~attack).sum()} services"
    )


def report(found: Sequence[Example], score: Floats, family: Ints) -> list[str]:
    """Return the measures, what they are on each kind of service, what alerts, and the ranking's
    top with every attack."""
    attack = np.array([example.attack for example in found])
    built = np.array([example.built for example in found])
    judged = np.array([example.judged for example in found])
    s, a, b, f = score[judged], attack[judged], built[judged], family[judged]
    deployed, packaged = a | ~b, a | b
    return [
        f"{a.sum()} attacks, {(~a).sum()} services, {len(np.unique(f))} families",
        "",
        "| out of fold | | 90% interval |",
        "|---|---|---|",
        *table(s, a, f),
        f"| AUC against deployed services alone | {auc(s[deployed], a[deployed]):.3f} | |",
        f"| AUC against built services alone | {auc(s[packaged], a[packaged]):.3f} | |",
        f"| AUC of the score for deployed against built services | {auc(s[~a], ~b[~a]):.3f} | |",
        "",
        alerted(s, a),
        "",
        *ranking([example for example in found if example.judged], s),
    ]


def ranking(found: Sequence[Example], score: Floats) -> list[str]:
    """Return every attack with the number of services that score higher, and the services that
    score highest."""
    lines, before = [], 0
    for i in np.argsort(-score).tolist():
        example = found[i]
        before += not example.attack
        if example.attack or before <= SHOWN:
            kind = "attack" if example.attack else "service"
            name = f"{example.package} {example.name}".strip()[:70]
            lines.append(f"{kind:8}{before:4}{score[i]:7.2f}  {name}")
    return lines


def main() -> None:
    """Measure, and with --write replace the shipped model."""
    found = examples(Path(sys.argv[1]))
    names = sorted(found[0].x)
    family = families(found, by_package="--packages" in sys.argv)
    if "--probe" in sys.argv:
        sys.stdout.write("\n".join(probe_report(found, names, family)) + "\n")
        return
    score = out_of_fold(found, names, family)
    sys.stdout.write("\n".join(report(found, score, family)) + "\n")
    if "--write" in sys.argv:
        model = calibrated(found, score)
        TARGET.write_text(json.dumps(model.dump(), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
