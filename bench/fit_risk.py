"""Fits `underwriting/prior.json` on recorded incidents and histories.

    python -m bench.fit_risk DATA

DATA has `incidents` and `protocol_histories`. What is fitted, on what, and what is only assumed is
told in `docs/underwriting.md`. No amount, address or date of a single incident gets into the file;
the same folder gives the same file, byte for byte.
"""

import sys
from pathlib import Path

import numpy as np
import orjson

from cli.risk_records import Recorded, incidents, seen, windows
from runtime.tails import Tail, fit
from underwriting.backtest import alternative, chance_of, days, follow_of
from underwriting.severity import fitted

TARGET = Path(__file__).parent.parent / "underwriting" / "prior.json"

FIRST, LAST = 2021, 2025
"""Whole years of the record; before, few were written down."""

PROTOCOLS = 2_400
"""Protocols that hold anything, in each of these years. AN ASSUMPTION, since nobody recorded the
exposure: public aggregators tell of two to three thousand with a value above nought."""

UNSURE = 2.0
"""By how much the exposure may be wrong, either way."""

RESAMPLES = 60

_ABOUT = (
    "rate: recorded incidents of 2021 to 2025 over an ASSUMED 2,400 protocols; attacks: Beta(a, 1) "
    "of the p-values of the exploits in recorded histories; losses: lognormal body, generalised "
    "Pareto tail, US dollars; resampled: the same of bootstrap samples. Made by bench.fit_risk."
)


def losses_of(losses: list[float]) -> dict[str, float | int]:
    """Return the parameters of a body and a tail."""
    tail: Tail = fit(losses)
    mu, sigma = fitted(losses, tail)
    return {
        "mu": mu,
        "sigma": sigma,
        "threshold": tail.threshold,
        "share": tail.share,
        "shape": tail.shape,
        "scale": tail.scale,
        "exceeding": tail.exceeding,
    }


def rate_of(recorded: Recorded) -> dict[str, float | int]:
    """Return incidents and exposure, in protocol-years."""
    exposure = float(PROTOCOLS * (LAST - FIRST + 1))
    return {
        "incidents": sum(FIRST <= day.year <= LAST for day in recorded.dates),
        "exposure": exposure,
        "least_exposure": exposure / UNSURE,
        "most_exposure": exposure * UNSURE,
    }


def main() -> int:
    """Run the command; return its exit status."""
    folder = Path(sys.argv[1])
    recorded, follow = incidents(folder), follow_of(windows(folder))
    problems: list[str] = []
    held = [day for day in days(seen(folder, "core", problems)) if day.incident]
    law = alternative(
        [min((chance_of(p, d.chances) for _, p in d.alerts), default=1.0) for d in held], follow
    )
    rng = np.random.default_rng(0)
    drawn = [rng.choice(recorded.losses, len(recorded.losses)).tolist() for _ in range(RESAMPLES)]
    document = {
        "about": _ABOUT,
        "rate": rate_of(recorded),
        "attacks": {
            "a": law.a, "low": law.low, "high": law.high, "attacks": law.attacks, "follow": follow,
        },
        "losses": losses_of(recorded.losses),
        "resampled": [losses_of(sample) for sample in drawn],
    }  # fmt: skip
    TARGET.write_bytes(orjson.dumps(_rounded(document), option=orjson.OPT_INDENT_2) + b"\n")
    sys.stderr.write("\n".join([*problems, f"{TARGET}: {len(held)} attacks", ""]))
    return 0


def _rounded(value: object) -> object:
    """Keep six digits: more would say more than the data do."""
    if isinstance(value, dict):
        return {name: _rounded(held) for name, held in value.items()}
    if isinstance(value, list):
        return [_rounded(held) for held in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


if __name__ == "__main__":
    sys.exit(main())
