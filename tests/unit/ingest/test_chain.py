"""What a header asks for, given what was published."""

import pytest

from ingest.chain import Append, Duplicate, Gap, HashChain, Retract, WalkBack
from schemas.errors import UnsafeToContinueError
from schemas.operations import BlockRef


def block(number: int, branch: str = "a", parent_branch: str | None = None) -> BlockRef:
    parent = f"{number - 1}{parent_branch or branch}"
    return BlockRef(number=number, hash=f"{number}{branch}", parent=parent, timestamp=number)


def chain(first: int, last: int, finality: int = 5) -> HashChain:
    made = HashChain(finality)
    for number in range(first, last + 1):
        made.append(block(number))
    return made


def test_an_empty_chain_begins_with_whatever_comes() -> None:
    assert HashChain(5).next(block(7)) == Append()


def test_an_empty_chain_with_a_beginning_asks_for_it() -> None:
    assert HashChain(5, begin=3).next(block(7)) == Gap(3, 6)
    assert HashChain(5, begin=3).next(block(3)) == Append()
    assert HashChain(5, begin=3).next(block(2)) == Duplicate()


def test_a_published_block_is_a_duplicate() -> None:
    made = chain(10, 14)
    for number in range(10, 15):
        assert made.next(block(number)) == Duplicate()


def test_a_child_of_the_newest_block_is_appended() -> None:
    assert chain(10, 14).next(block(15)) == Append()


def test_a_gap_is_backfilled() -> None:
    assert chain(10, 14).next(block(18)) == Gap(15, 17)


def test_a_wrong_parent_is_walked_back_by_hash() -> None:
    made = chain(10, 14)
    assert made.next(block(15, "b")) == WalkBack(14, "14b")
    assert made.next(block(14, "b")) == WalkBack(13, "13b")


def test_from_the_common_ancestor_on_the_old_branch_is_retracted_highest_first() -> None:
    made = chain(10, 14)
    move = made.next(block(12, "b", "a"))
    assert move == Retract((block(14), block(13), block(12)))


def test_after_the_retractions_the_new_branch_is_appended() -> None:
    made = chain(10, 14)
    for old in (block(14), block(13)):
        made.retract(old)
    assert made.next(block(13, "b", "a")) == Append()
    made.append(block(13, "b", "a"))
    assert made.next(block(13, "b", "a")) == Duplicate()


def test_a_shorter_branch_wins_when_the_node_says_so() -> None:
    assert chain(10, 14).next(block(13, "b", "a")) == Retract((block(14), block(13)))


def test_the_first_block_may_be_replaced_while_it_is_not_final() -> None:
    made = chain(10, 12)
    assert made.next(block(10, "b")) == Retract((block(12), block(11), block(10)))
    for old in (block(12), block(11), block(10)):
        made.retract(old)
    assert made.next(block(12, "b")) == Gap(10, 11)
    assert made.next(block(10, "b")) == Append()


def test_blocks_before_the_first_one_are_of_no_concern() -> None:
    assert chain(10, 12).next(block(9, "b")) == Duplicate()


def test_a_branch_that_leaves_at_a_final_block_is_followed() -> None:
    made = chain(10, 20)
    assert made.final == 15
    assert isinstance(made.next(block(16, "b", "a")), Retract)


@pytest.mark.parametrize("number", [15, 16])
def test_a_branch_that_replaces_a_final_block_stops_loudly(number: int) -> None:
    with pytest.raises(UnsafeToContinueError, match="final block 15"):
        chain(10, 20).next(block(number, "b"))


def test_a_final_block_stays_final_after_a_retraction() -> None:
    made = chain(10, 20)
    for number in (20, 19, 18, 17, 16):
        made.retract(block(number))
    with pytest.raises(UnsafeToContinueError):
        made.retract(block(15))
    with pytest.raises(UnsafeToContinueError):
        made.next(block(16, "b"))


def test_only_what_may_still_be_retracted_and_one_final_block_are_kept() -> None:
    assert [kept.number for kept in chain(10, 200).blocks] == list(range(195, 201))


def test_it_goes_on_from_what_was_saved() -> None:
    made = chain(10, 20)
    for number in (20, 19):
        made.retract(block(number))
    again = HashChain(5, made.blocks, final=made.final)
    assert again.blocks == made.blocks
    assert again.final == 15
    assert again.next(block(19, "b", "a")) == Append()


def test_nothing_is_appended_that_does_not_follow() -> None:
    made = chain(10, 12)
    for wrong in (block(14), block(13, "b"), block(12)):
        with pytest.raises(UnsafeToContinueError):
            made.append(wrong)


def test_only_the_newest_block_can_be_retracted() -> None:
    with pytest.raises(UnsafeToContinueError):
        chain(10, 12).retract(block(11))


def test_with_finality_zero_every_published_block_is_final() -> None:
    made = chain(10, 12, finality=0)
    with pytest.raises(UnsafeToContinueError):
        made.next(block(13, "b"))
