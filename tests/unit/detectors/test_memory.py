"""A detector's memory is bounded, and floods of fresh names do not wash out what matters."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import memory as module
from detectors.memory import EARNED, LOBBY, MAX_PLACES, Remembered


def taught(memory: Remembered[int], *names: str, times: int = 1) -> None:
    for _ in range(times):
        for name in names:
            memory.put(name, (memory.get(name) or 0) + 1, 1.0)


def copy(memory: Remembered[int]) -> Remembered[int]:
    state = orjson.loads(orjson.dumps(memory.dump(lambda value: value)))
    made: Remembered[int] = Remembered()
    made.load(state, lambda _name, value: int(value))
    return made


def test_fresh_names_without_end_leave_what_came_often() -> None:
    memory: Remembered[int] = Remembered()
    often = [f"outflow:{number}" for number in range(300)]
    taught(memory, *often, times=5)
    for number in range(50_000):
        taught(memory, f"outflow:fresh-{number}")
    assert len(memory) <= MAX_PLACES
    assert all(memory.get(name) == 5 for name in often)


def test_insistent_strangers_do_not_displace_what_came_oftener() -> None:
    memory: Remembered[int] = Remembered()
    often = [f"outflow:{number}" for number in range(100)]
    taught(memory, *often, times=50)
    for number in range(5_000):
        taught(memory, f"outflow:fresh-{number}", times=int(EARNED) + 1)
    assert len(memory) <= MAX_PLACES
    assert all(memory.get(name) == 50 for name in often)


def test_what_the_manifest_names_is_never_given_up() -> None:
    memory: Remembered[int] = Remembered(frozenset({"mine"}))
    taught(memory, "outflow:mine")
    for number in range(2_000):
        taught(memory, f"outflow:{number}", times=20)
    assert memory.get("outflow:mine") == 1


def test_a_new_regime_takes_over_from_one_that_went_quiet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "FADING", 500.0)
    memory: Remembered[int] = Remembered()
    old = [f"old:{number}" for number in range(MAX_PLACES - LOBBY)]
    taught(memory, *old, times=10)
    new = [f"new:{number}" for number in range(200)]
    taught(memory, *new, times=500)
    assert all(name in memory for name in new)
    assert sum(name in memory for name in old) < len(old)


def test_a_name_in_the_lobby_lives_as_long_as_few_others_come() -> None:
    memory: Remembered[int] = Remembered()
    taught(memory, "a:b")
    taught(memory, *(f"c:{number}" for number in range(MAX_PLACES - 1)))
    assert "a:b" in memory
    taught(memory, "c:one more")
    assert "a:b" not in memory


def test_of_a_crowd_the_known_come_first() -> None:
    memory: Remembered[int] = Remembered(frozenset({"pinned"}))
    taught(memory, "a:known")
    crowd = [f"a:{number}" for number in range(1_000)] + ["a:known", "a:pinned"]
    assert memory.first(crowd, 5, 2) == ["a:known", "a:pinned", "a:0", "a:1"]
    assert memory.first(crowd, 1, 2) == ["a:known"]


@given(st.lists(st.tuples(st.integers(0, 900), st.floats(0.01, 1.0)), max_size=400))
def test_it_is_bounded_and_its_snapshot_is_faithful(lessons: list[tuple[int, float]]) -> None:
    memory: Remembered[int] = Remembered()
    half = len(lessons) // 2
    for number, weight in lessons[:half]:
        memory.put(f"a:{number}", number, weight)
    other = copy(memory)
    for number, weight in lessons[half:]:
        memory.put(f"a:{number}", number, weight)
        other.put(f"a:{number}", number, weight)
    assert len(memory) <= MAX_PLACES
    assert _bytes(memory) == _bytes(other)


def _bytes(memory: Remembered[Any]) -> bytes:
    return orjson.dumps(memory.dump(lambda value: value))
