"""What is remembered of accounts: the signs, their horizon, and never more memory."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.posture import HORIZON, MOST_HOPS, MOST_ODDS, PROBES_TO_ENTER, PostureMemory, odds
from ingest.sketch import Sketch

NOW = 1_700_000_000


def account(number: int) -> str:
    return f"0x{number:040x}"


@pytest.fixture
def memory() -> PostureMemory:
    return PostureMemory(1_000)


def test_of_an_account_without_signs_nothing_is_said(memory: PostureMemory) -> None:
    assert memory.of(account(1), NOW) is None


def test_each_sign_is_counted_and_raises_the_odds(memory: PostureMemory) -> None:
    memory.funded(account(1), NOW)
    funded = memory.of(account(1), NOW + 1)
    memory.deployed(account(1), NOW + 10)
    for second in range(PROBES_TO_ENTER):
        memory.probed(account(1), NOW + 20 + second)
    found = memory.of(account(1), NOW + 60)
    assert funded is not None
    assert found is not None
    assert (found.mixer_fundings, found.deployments, found.probes) == (1, 1, PROBES_TO_ENTER)
    assert found.first == NOW
    assert 1.0 < funded.odds < found.odds <= MOST_ODDS


def test_a_few_probes_alone_are_nothing(memory: PostureMemory) -> None:
    for _ in range(PROBES_TO_ENTER - 1):
        memory.probed(account(1), NOW)
    assert memory.of(account(1), NOW) is None
    memory.probed(account(1), NOW)
    found = memory.of(account(1), NOW)
    assert found is not None
    assert found.probes == PROBES_TO_ENTER


def test_sixty_days_later_it_is_still_known_and_after_the_horizon_not(
    memory: PostureMemory,
) -> None:
    memory.funded(account(1), NOW)
    assert memory.of(account(1), NOW + 61 * 86_400) is not None
    assert memory.of(account(1), NOW + HORIZON) is None
    memory.probed(account(1), NOW + HORIZON)
    memory.funded(account(1), NOW + HORIZON)
    found = memory.of(account(1), NOW + HORIZON)
    assert found is not None
    assert (found.mixer_fundings, found.first) == (1, NOW + HORIZON)


def test_a_mixers_money_is_followed_so_far_and_no_farther(memory: PostureMemory) -> None:
    memory.funded(account(0), NOW)
    for hop in range(MOST_HOPS + 2):
        memory.passed_on(account(hop), account(hop + 1), NOW)
    known = [memory.of(account(hop), NOW) is not None for hop in range(MOST_HOPS + 3)]
    assert known == [True] * (MOST_HOPS + 1) + [False, False]


def test_money_of_an_unknown_account_tells_nothing(memory: PostureMemory) -> None:
    memory.passed_on(account(1), account(2), NOW)
    assert memory.of(account(2), NOW) is None


def test_a_flood_of_probing_accounts_pushes_out_nobody_of_worth() -> None:
    memory = PostureMemory(1_000)
    held = memory.bytes
    for number in range(100):
        memory.funded(account(number), NOW)
        memory.deployed(account(1_000 + number), NOW)
    chance = Random(1)
    for _ in range(5_000):
        stranger = account(chance.getrandbits(150) + 10**6)
        for _ in range(PROBES_TO_ENTER):
            memory.probed(stranger, NOW + 1)
    assert memory.bytes == held
    assert all(memory.of(account(number), NOW + 2) for number in range(100))
    assert all(memory.of(account(1_000 + number), NOW + 2) for number in range(100))


def test_ten_million_accounts_fit_into_two_gibibytes() -> None:
    # Made of empty pages: what counts is what it could ever hold.
    memory = PostureMemory(10_000_000)
    assert memory.bytes <= 2 * 1024**3
    assert memory.bytes / 10_000_000 <= 96, "bytes for each address"
    memory.funded(account(1), NOW)
    assert memory.of(account(1), NOW) is not None
    assert memory.bytes / 10_000_000 <= 96


def test_what_was_saved_goes_on(memory: PostureMemory, tmp_path: Path) -> None:
    memory.funded(account(1), NOW)
    memory.probed(account(2), NOW)
    memory.probed(account(2), NOW)
    memory.save(tmp_path / "chain.npz")
    again = PostureMemory(1_000)
    again.load(tmp_path / "chain.npz")
    for each in (memory, again):
        each.probed(account(2), NOW)
    assert again.of(account(1), NOW) == memory.of(account(1), NOW) is not None
    assert again.of(account(2), NOW) == memory.of(account(2), NOW) is not None


def test_a_file_of_another_size_is_refused(memory: PostureMemory, tmp_path: Path) -> None:
    memory.save(tmp_path / "chain.npz")
    with pytest.raises(ValueError, match="another number of addresses"):
        PostureMemory(100_000).load(tmp_path / "chain.npz")


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_odds_never_fall_with_another_sign_and_are_bounded(a: int, b: int, c: int) -> None:
    assert 1.0 <= odds(a, b, c) <= MOST_ODDS
    assert odds(a, b, c) <= min(odds(a + 1, b, c), odds(a, b + 1, c), odds(a, b, c + 1))


@settings(max_examples=50)
@given(st.lists(st.integers(0, 40), max_size=200))
def test_a_sketch_never_counts_too_few(numbers: list[int]) -> None:
    sketch, truth = Sketch(16), dict.fromkeys(numbers, 0)
    for number in numbers:
        key = np.uint64(number * 0x9E3779B97F4A7C15 % 2**64)
        truth[number] += 1
        assert sketch.add(key, 0) >= truth[number]


def test_a_new_epoch_halves_what_was_counted() -> None:
    sketch = Sketch(1024)
    for _ in range(8):
        sketch.add(np.uint64(7), 0)
    assert sketch.add(np.uint64(7), 1) == 5
    assert sketch.add(np.uint64(7), 9) == 1
