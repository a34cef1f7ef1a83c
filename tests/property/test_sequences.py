"""Whatever comes, in whatever order: no budget is exceeded, nothing stale or twice is sent.

The short set runs always; `make sequences` runs a million.
"""

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests import word_sequences
from tests.absolutes import KINDS, Absolute, Bitmap, Cap, Rates
from tests.promises import BrokenPromiseError
from tests.sequences import LIMITS, run

LONGEST = 16
TOGETHER = 10
"""Sequences in one example of the million: making an example takes longer than playing one."""

sequences = st.binary(min_size=1, max_size=LONGEST)


@settings(deadline=None, derandomize=True, max_examples=1000)
@given(sequences)
def test_no_sequence_breaks_a_promise(data: bytes) -> None:
    run(data)


NARROWED = {Bitmap: 6, Cap: 5, Rates: 4}
"""Which of its settings people make it take while the brake waits: narrower than what it sets."""

AS_SIGNED, ANEW = 0b01, 0b11


def waited(kind: type[Absolute], then: int) -> Absolute:
    """Play a brake that waits in the pool while people narrow its target; return that."""
    of_kind = (1 + KINDS.index(kind)) * len(LIMITS)
    alert, waits, fails, goes_on = (0, 0), 4, 7, 7
    scene = run(bytes((of_kind, *alert, waits, fails, goes_on, NARROWED[kind] << 2 | then)))
    target = next(iter(scene.targets.values()))
    assert isinstance(target, kind)
    return target


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_signed_too_early_is_told_and_signed_anew_lets_nothing_loose(
    kind: type[Absolute],
) -> None:
    assert waited(kind, AS_SIGNED).let_loose(), "told, or it would be a broken promise"
    kept = waited(kind, ANEW)
    assert kept.states[1:] == [kept.settings[NARROWED[kind]]], "signed anew, not mined yet"


@pytest.mark.parametrize("kind", KINDS)
def test_a_family_that_does_not_look_again_is_found_out(
    kind: type[Absolute], monkeypatch: pytest.MonkeyPatch
) -> None:
    family = type(kind._made)
    with monkeypatch.context() as patched:
        patched.setattr(family, "calldata", lambda self, _block: self.deed.calldata)
        with pytest.raises(BrokenPromiseError, match="signed what lets loose"):
            waited(kind, ANEW)
    monkeypatch.setattr(family, "undone", lambda *_: "")
    with pytest.raises(BrokenPromiseError, match="let loose in silence"):
        waited(kind, AS_SIGNED)


@pytest.fixture
def without_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let signatures be told by their text."""
    monkeypatch.setattr("responders.voices.author", word_sequences.author)
    monkeypatch.setattr("responders.consents.author", word_sequences.author)


@pytest.mark.usefixtures("without_curves")
@settings(
    deadline=None,
    derandomize=True,
    max_examples=1000,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.binary(min_size=1, max_size=40))
def test_no_words_of_one_thief_brake_or_block(data: bytes) -> None:
    word_sequences.run(data)


EACH = 20_000
"""Sequences of one part of the million."""


class Silent:
    """A log that keeps nothing: telling of all the budgets takes longer than spending them."""

    def error(self, *_: object, **__: object) -> None:
        pass


@pytest.fixture
def unlogged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("responders.figures._log", Silent())


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.usefixtures("unlogged")
@pytest.mark.parametrize("part", range(1_000_000 // EACH))
def test_none_of_a_million_sequences_breaks_a_promise(part: int) -> None:
    """In parts, each with a seed of its own: what Hypothesis remembers of one run is forgotten."""

    @seed(part)
    @settings(
        deadline=None,
        max_examples=EACH // TOGETHER,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(sequences, min_size=TOGETHER, max_size=TOGETHER))
    def of_this_part(all_of_it: list[bytes]) -> None:
        for data in all_of_it:
            run(data)
            played.append(len(data))

    played: list[int] = []
    of_this_part()
    assert len(played) >= EACH, "Hypothesis gave up before all were played"
