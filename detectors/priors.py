"""What is believed before a protocol's own history speaks: shipped with Firebreak, versioned.

`priors.json` holds, per built-in detector, a prior or a reference histogram for each family of
features and a reference histogram of scores, measured on recorded benign transactions by
`python -m bench.fit_priors`; its card is in `docs/detection.md`. A detector without an entry starts
from nothing and alerts only once it has a history of its own.
"""

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from detectors.baseline import Prior
from detectors.tail import BINS


@cache
def _shipped() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("detectors") / "priors.json").read_text())
    return found


def size(detector: str, family: str) -> Prior:
    """Return the shipped prior of a family of sizes."""
    mean, spread, weight = _shipped()["detectors"][detector]["sizes"][family]
    return Prior(mean, spread, weight)


def counts(detector: str, family: str) -> tuple[float, ...]:
    """Return the shipped reference of a family of counts."""
    return _expanded(_shipped()["detectors"][detector]["counts"][family])


def scores(detector: str, view: str) -> tuple[float, ...]:
    """Return the reference histogram of a detector's scores where as much is seen as `view` says
    (`detectors.host.view_of`), empty for one we did not measure."""
    entry = _shipped()["detectors"].get(detector, {}).get("scores", {}).get(view)
    return _expanded(entry) if entry else ()


def evidence(detectors: Iterable[str], view: str) -> tuple[float, ...]:
    """Return the reference histogram of the evidence of a set, empty for one we did not measure."""
    entry = _shipped()["evidence"].get("+".join(detectors), {}).get(view)
    return _expanded(entry) if entry else ()


def _expanded(histogram: dict[str, float]) -> tuple[float, ...]:
    """Return all bins of a histogram that names only those in use."""
    return tuple(histogram.get(str(index), 0.0) for index in range(BINS))
