"""The model of code, fitted without what a fold of recorded transactions deploys."""

from collections.abc import Sequence

import numpy as np

from bench.fit_code_model import calibrated, out_of_fold
from bench.labelled_code import Example, families
from detectors.bytecode.model import CodeModel


def held_code(found: Sequence[Example], created: Sequence[Example]) -> CodeModel:
    """Return the model fitted and calibrated on the labelled contracts that are of no family with
    the created ones: no near-duplicate of theirs, none of their incidents or transactions."""
    family = families([*found, *created], by_package=False)
    away = np.isin(family[: len(found)], family[len(found) :])
    rest = [example for example, held in zip(found, away.tolist(), strict=True) if not held]
    score = out_of_fold(rest, sorted(rest[0].x), family[: len(found)][~away])
    return calibrated(rest, score)
