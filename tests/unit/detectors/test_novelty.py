"""How surprising something new is depends on how often something new comes."""

import math

from detectors.novelty import CAPACITY, Vocabulary


def grown(transactions: int, new_every: int) -> Vocabulary:
    found = Vocabulary()
    for number in range(transactions):
        names = ["usual", f"new {number}"] if number % new_every == 0 else ["usual"]
        found.learn(names, 1.0)
    return found


def test_what_was_seen_surprises_nobody() -> None:
    assert grown(10, 2).surprise(["usual"]) == 0.0


def test_something_new_surprises_more_where_it_is_rare() -> None:
    assert grown(400, 100).surprise(["other"]) > grown(400, 2).surprise(["other"]) + 2.0


def test_the_first_transactions_of_a_protocol_may_bring_anything() -> None:
    assert Vocabulary().surprise(["a"]) < math.log(5)


def test_several_new_names_surprise_more_than_one_but_not_in_proportion() -> None:
    found = grown(400, 100)
    one, eight = found.surprise(["a"]), found.surprise(list("abcdefgh"))
    assert one < eight < 2 * one


def test_memory_is_bounded_and_spares_what_is_frequent() -> None:
    found = Vocabulary()
    for number in range(3 * CAPACITY):
        found.learn(["usual", f"once {number}"], 1.0)
    assert len(found.dump()["counts"]) <= CAPACITY + 2
    assert found.surprise(["usual"]) == 0.0
