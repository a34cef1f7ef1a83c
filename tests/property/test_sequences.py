"""Whatever comes, in whatever order: no budget is exceeded, nothing stale or twice is sent.

The short set runs always; `make sequences` runs a million.
"""

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.sequences import run

LONGEST = 24
sequences = st.binary(min_size=1, max_size=LONGEST)


@settings(deadline=None, derandomize=True, max_examples=1500)
@given(sequences)
def test_no_sequence_breaks_a_promise(data: bytes) -> None:
    run(data)


EACH = 10_000


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("part", range(1_000_000 // EACH))
def test_none_of_a_million_sequences_breaks_a_promise(part: int) -> None:
    """In parts, each with a seed of its own: what Hypothesis remembers of one run is forgotten."""

    @seed(part)
    @settings(
        deadline=None,
        max_examples=EACH,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(sequences)
    def of_this_part(data: bytes) -> None:
        run(data)

    of_this_part()
