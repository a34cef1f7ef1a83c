"""Whatever a stranger's process answers, it is one of our messages or a clear refusal."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.api import Explanation
from detectors.guarded import printable, sound, usable
from detectors.strangers import messages as m
from schemas.alerts import Alert, Evidence, Reason, Vote
from schemas.codec import encode

TEXT = st.text(max_size=40) | st.text(min_size=480, max_size=520)
NUMBERS = st.floats() | st.integers(-(2**70), 2**70).map(float)
REASONS = st.builds(
    Reason, feature=TEXT, observed=NUMBERS, expected=NUMBERS, distance=NUMBERS, unit=TEXT, text=TEXT
)
EVIDENCE = st.builds(
    Evidence,
    what=TEXT,
    log=st.none() | st.integers(-(2**33), 2**33),
    call=st.none() | st.integers(-5, 5),
)


TECHNIQUES = st.sampled_from(("", "ADT3012", "ADT3012.004\n", "x" * 200)) | TEXT


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_are_an_answer_or_refused(data: bytes) -> None:
    try:
        found = m.answer(data)
    except ValueError:
        return
    assert isinstance(found, m.Answer)


def test_a_nest_without_end_is_refused() -> None:
    for bomb in (b"\x91" * 100_000, b"\x81\xa1x" * 50_000, b"\xdf\xff\xff\xff\xff"):
        try:
            m.answer(bomb)
        except ValueError:
            continue
        raise AssertionError


@given(st.dictionaries(TEXT, NUMBERS, max_size=5))
def test_features_are_kept_as_they_are_or_refused_whole(x: dict[str, float]) -> None:
    try:
        found = usable(x, frozenset())
    except ValueError:
        return
    assert found == x
    assert all(math.isfinite(value) for value in found.values())


@given(NUMBERS)
def test_a_score_is_finite_and_not_negative_or_refused(score: float) -> None:
    try:
        assert 0.0 <= sound(score) < math.inf
    except ValueError:
        assert not math.isfinite(score) or score < 0.0


@settings(max_examples=100, deadline=None)
@given(st.builds(Explanation, st.tuples(REASONS), st.tuples(EVIDENCE), TECHNIQUES))
def test_an_explanation_fits_into_an_alert_or_is_refused(explanation: Explanation) -> None:
    try:
        found = printable(explanation)
    except ValueError:
        return
    vote = Vote(
        detector="x", version="1.0.0", score=1.0, p_value=0.5, tail="fitted", learned=1,
        alerted=True, technique=found.technique, reasons=found.reasons, evidence=found.evidence,
    )  # fmt: skip
    alert = Alert(
        id="0" * 64, chain="eip155:1", protocol="p", set="core", phase="head", block=1,
        block_hash="", timestamp=1, index=0, tx="0x", score=1.0, p_value=0.5, budget=0.1,
        severity="low", summary="s", votes=(vote,),
    )  # fmt: skip
    assert encode(alert)
