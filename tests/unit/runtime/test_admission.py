"""A signal is taken once, in its time; what is cheap to check is checked before the signature."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime import statement
from runtime.admission import WIDTH, Admission, RefusedSignalError, Window, read
from schemas.codec import encode
from schemas.signals import MAX_LIFETIME, MAX_SIGNAL_BYTES, Signal
from tests.unit.neighbours.examples import NOW, address, key, signal, unsigned


@pytest.fixture
def recoveries(monkeypatch: pytest.MonkeyPatch) -> list[Signal]:
    """The signals whose signature was looked at."""
    seen: list[Signal] = []

    def counted(told: Signal) -> str:
        seen.append(told)
        return original(told)

    original = statement.signer_of
    monkeypatch.setattr(statement, "signer_of", counted)
    return seen


def taking(*issuers: int) -> Admission:
    return Admission([address(number) for number in issuers or (1,)])


def test_a_signal_is_taken(recoveries: list[Signal]) -> None:
    taking().admit(signal(), NOW)
    assert recoveries == [signal()]


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("issuer", {"issuer": address(2)}),
        ("expiry", {"expiry": NOW}),
        ("expiry", {"expiry": NOW + MAX_LIFETIME + 1}),
        ("form", {"target": "eip155:1:somewhere"}),
        ("form", {"technique": "T1190"}),
        ("form", {"evidence_root": "0x" + "EE" * 32}),
    ],
)
def test_what_is_cheap_to_refuse_costs_no_recovery(
    why: str, changes: dict[str, Any], recoveries: list[Signal]
) -> None:
    with pytest.raises(RefusedSignalError) as refused:
        taking().admit(unsigned(**changes), NOW)
    assert refused.value.why == why
    assert recoveries == []


def test_a_replay_costs_no_recovery(recoveries: list[Signal]) -> None:
    taken = taking()
    taken.admit(signal(seq=100), NOW)
    for seq in (100, 100 - WIDTH, 0):
        with pytest.raises(RefusedSignalError) as refused:
            taken.admit(signal(seq=seq), NOW)
        assert refused.value.why == "sequence"
    assert len(recoveries) == 1


def test_size_is_looked_at_before_anything_else(recoveries: list[Signal]) -> None:
    with pytest.raises(RefusedSignalError) as refused:
        read(encode(signal()) + b" " * MAX_SIGNAL_BYTES)
    assert refused.value.why == "size"
    with pytest.raises(RefusedSignalError) as refused:
        read(b"{}")
    assert refused.value.why == "form"
    assert recoveries == []


def test_who_signs_for_another_is_refused_and_uses_up_nothing() -> None:
    taken = taking(1, 2)
    stolen = unsigned(1)
    forged = msgspec.structs.replace(stolen, signature=statement.signed_by(key(2), stolen))
    with pytest.raises(RefusedSignalError) as refused:
        taken.admit(forged, NOW)
    assert refused.value.why == "signature"
    taken.admit(signal(1), NOW)


def test_carriers_may_overtake_each_other() -> None:
    taken = taking()
    for seq in (5, 3, 4, 9, 7):
        taken.admit(signal(seq=seq), NOW)
    assert [seq for seq in range(12) if Window_of(taken).fresh(seq)] == [0, 1, 2, 6, 8, 10, 11]


def Window_of(taken: Admission) -> Window:  # noqa: N802 - reads as what it gives
    return taken._windows[address(1)]


@given(st.lists(st.integers(0, 200), max_size=60))
def test_the_window_is_a_set_that_forgets_only_what_is_far_behind(numbers: list[int]) -> None:
    window, taken, newest = Window(), set[int](), -1
    for number in numbers:
        fresh = number not in taken and number > newest - WIDTH
        assert window.fresh(number) == fresh
        if fresh:
            window.take(number)
            taken.add(number)
            newest = max(newest, number)
