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
from detectors.tail import BINS, Reference


@cache
def _shipped() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("detectors") / "priors.json").read_text())
    return found


def size(detector: str, family: str) -> Prior:
    """Return the shipped prior of a family of sizes."""
    mean, spread, weight = _shipped()["detectors"][detector]["sizes"][family]
    return Prior(mean, spread, weight)


@cache
def counts(detector: str, family: str) -> Reference:
    """Return the shipped reference of a family of counts, empty for one we did not measure."""
    return _expanded(_shipped()["detectors"].get(detector, {}).get("counts", {}).get(family, {}))


@cache
def scores(detector: str, view: str) -> Reference:
    """Return the reference histogram of a detector's scores where as much is seen as `view` says
    (`detectors.scales.view_of`), empty for one we did not measure."""
    return _expanded(_shipped()["detectors"].get(detector, {}).get("scores", {}).get(view, {}))


def evidence(detectors: Iterable[str], view: str) -> Reference | None:
    """Return the reference histogram of the evidence of a set: of the largest measured set that is
    a part of it, None where there is none.

    What joins a measured set and is silent about ordinary transactions adds no evidence; what
    speaks shows in the protocol's own sums.
    """
    return _evidence(tuple(detectors), view)


@cache
def _evidence(names: tuple[str, ...], view: str) -> Reference | None:
    measured = [
        (len(parts), key)
        for key in _shipped()["evidence"]
        if set(parts := key.split("+")) <= set(names)
    ]
    entry = _shipped()["evidence"][max(measured)[1]].get(view) if measured else None
    return _expanded(entry) if entry else None


def _expanded(histogram: dict[str, float]) -> Reference:
    """Return all bins of a histogram that names only those in use."""
    return Reference([histogram.get(str(index), 0.0) for index in range(BINS)])
