"""What is shipped reaches the sets that people run."""

import pytest

from detectors import priors
from runtime.settings import CORE


@pytest.mark.parametrize("view", ["storage", "calls", "logs"])
def test_the_core_set_starts_from_a_measured_reference(view: str) -> None:
    found, joined = priors.evidence(CORE, view), priors.evidence((*CORE, "a-stranger"), view)
    assert found is not None
    assert joined is not None
    assert found.counts == joined.counts


def test_a_set_that_nobody_measured_has_no_reference() -> None:
    assert priors.evidence(("a-stranger",), "calls") is None
