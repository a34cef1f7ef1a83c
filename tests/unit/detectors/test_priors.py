"""What is shipped reaches the sets that people run."""

import pytest

from detectors import likeness, priors
from detectors.builtin.call_shape import NAME, CallShape
from runtime.settings import CORE


@pytest.mark.parametrize("view", ["storage", "calls", "logs"])
def test_the_core_set_starts_from_a_measured_reference(view: str) -> None:
    found, joined = priors.evidence(CORE, view), priors.evidence((*CORE, "a-stranger"), view)
    assert found is not None
    assert joined is not None
    assert found.counts == joined.counts


def test_a_set_that_nobody_measured_has_no_reference() -> None:
    assert priors.evidence(("a-stranger",), "calls") is None


def test_every_count_that_starts_from_a_reference_was_measured() -> None:
    for family in CallShape.families:
        assert sum(priors.counts(NAME, family).counts) > 0.0, family


def test_the_model_weighs_every_count() -> None:
    assert set(likeness.terms(dict.fromkeys(likeness.NAMES, 1.0))) == set(likeness.NAMES)
