"""No detector scores a transaction by the file that it was read from."""

from pathlib import Path

import numpy as np
import pytest

from bench.artefacts import Records, area, emptied, scores
from bench.fit_likeness import Sample

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def recorded(data: Path) -> Records:
    return Records(data / "exploit_traces", [data / "benign_traces"])


def test_given_only_artefacts_the_core_set_does_no_better_than_chance(recorded: Records) -> None:
    assert area(scores(map(emptied, recorded.txs)), recorded.y) == pytest.approx(0.5)


def test_the_recordings_do_differ_in_form_so_that_the_question_means_something(
    recorded: Records,
) -> None:
    differing = np.abs(recorded.x[recorded.y == 1].mean(0) - recorded.x[recorded.y == 0].mean(0))
    assert differing.max() > 0.2


def test_with_their_content_the_same_records_are_told_apart(data: Path) -> None:
    sample = Sample(data / "exploit_traces", [data / "benign_traces"])
    assert area(sample.x[:, 0], sample.y) > 0.7
