from collections.abc import Sequence

import pytest

from ingest.evm.branch import Branch, agreed, judge
from schemas.operations import BlockRef


def ref(number: int, branch: str, parent: str = "") -> BlockRef:
    return BlockRef(
        number=number,
        hash=f"0x{number:04x}{branch}",
        parent=f"0x{number - 1:04x}{parent or branch}",
        timestamp=0,
    )


def branch(*heads: BlockRef) -> Branch:
    made = Branch()
    for head in heads:
        made.hear(head)
    return made


def outvoted(branches: Sequence[Branch]) -> list[bool]:
    return judge(branches, [False] * len(branches))


def test_one_of_three_on_a_branch_of_its_own_is_outvoted() -> None:
    lone = branch(ref(9, "b"), ref(10, "b"))
    assert outvoted([lone, branch(ref(10, "a")), branch(ref(11, "a"))]) == [True, False, False]


@pytest.mark.parametrize("names", ["a", "ab", "abc", "aabb"])
def test_without_a_majority_nobody_is(names: str) -> None:
    assert not any(outvoted([branch(ref(5, name)) for name in names]))


def test_one_that_says_nothing_or_lags_is_not_outvoted() -> None:
    votes = [branch(), branch(ref(3, "a")), branch(ref(90, "a")), branch(ref(90, "a"))]
    assert outvoted([*votes, branch(ref(90, "a"))]) == [False] * 5


def test_one_that_comes_round_counts_again() -> None:
    late = branch(ref(10, "b"))
    others = [branch(ref(10, "a")), branch(ref(10, "a"))]
    assert outvoted([late, *others])[0]
    late.hear(ref(10, "a"))
    assert not outvoted([late, *others])[0]


def test_one_that_is_far_ahead_is_judged_once_it_shows_its_block() -> None:
    ahead = branch(ref(50, "b"))
    votes = [ahead, branch(ref(9, "a")), branch(ref(9, "a"))]
    assert agreed(votes) == (9, ref(9, "a").hash)
    assert not any(outvoted(votes))
    ahead.show(ref(9, "b"))
    assert outvoted(votes) == [True, False, False]


def test_one_that_was_outvoted_stays_so_until_it_shows_that_it_agrees() -> None:
    lone, *others = votes = [branch(ref(9, "b")), branch(ref(9, "a")), branch(ref(9, "a"))]
    assert outvoted(votes) == [True, False, False]
    lone.hear(ref(90, "b"))
    assert judge(votes, [True, False, False]) == [True, False, False]
    for other in others:
        other.hear(ref(90, "b"))
    assert judge(votes, [True, False, False]) == [False, False, False]


def test_after_a_reorganisation_only_what_the_new_head_tells_is_known() -> None:
    """A polled endpoint tells its head alone: of the blocks below, only the parent is known."""
    told = branch(ref(8, "a"), ref(9, "a"), ref(10, "a"), ref(11, "b"))
    assert (told.at(11), told.at(10)) == (ref(11, "b").hash, ref(10, "b").hash)
    assert told.at(9) is None
