"""What is believed before a protocol's own history speaks: shipped with Firebreak, versioned.

`priors.json` holds, per built-in detector, a prior for each family of features and a reference
histogram of scores, measured on recorded benign transactions by `python -m bench.fit_priors`; its
card is in `docs/detection.md`. A detector without an entry starts from nothing and alerts only once
it has a history of its own.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from detectors.baseline import Prior


@cache
def _shipped() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("detectors") / "priors.json").read_text())
    return found


def prior(detector: str, family: str) -> Prior:
    """Return the shipped prior of one family of features."""
    mean, spread, weight = _shipped()["detectors"][detector]["families"][family]
    return Prior(mean, spread, weight)


def reference(detector: str) -> list[float]:
    """Return the reference histogram of a detector's scores, empty for one we do not ship."""
    entry = _shipped()["detectors"].get(detector)
    return list(entry["reference"]) if entry else []
