"""Number and values of storage writes against what is usual."""

from detectors.builtin.storage_invariant import StorageInvariant
from schemas.chain import Transaction
from tests.unit.detectors.scenes import THIEF, scope, tx, write

OWNER, TOTAL, INDEX = 0, 1, 2


def ordinary(number: int) -> Transaction:
    total = 10**24 + (number % 7) * 10**21
    balance = write(10_000 + number, 10**20)
    return tx(number, writes=(write(OWNER, 0xABC), write(TOTAL, total), balance))


def taught() -> StorageInvariant:
    found = StorageInvariant(scope())
    for number in range(120):
        found.learn_one(found.features(ordinary(number)), 1.0)
    return found


def score(subject: StorageInvariant, of: Transaction) -> float:
    return subject.score_one(subject.features(of))


def test_ordinary_writes_score_low() -> None:
    assert score(taught(), ordinary(121)) < 3.0


def test_a_constant_that_changes_stands_out() -> None:
    subject = taught()
    changed = tx(1, writes=(write(OWNER, 0xBAD), write(TOTAL, 10**24), write(9_999, 10**20)))
    assert score(subject, changed) > score(subject, ordinary(121)) + 3.0
    told = subject.explain_one(subject.features(changed), changed)
    assert told.reasons[0].feature.startswith("value:")
    assert any("became" in item.what for item in told.evidence)


def test_a_ratio_that_jumps_stands_out() -> None:
    subject = taught()
    drained = tx(1, writes=(write(OWNER, 0xABC), write(TOTAL, 10**19), write(9_999, 10**20)))
    assert score(subject, drained) > score(subject, ordinary(121)) + 3.0


def test_far_more_writes_than_ever_stand_out() -> None:
    subject = taught()
    many = tx(1, writes=tuple(write(20_000 + number, 1) for number in range(300)))
    assert score(subject, many) > score(subject, ordinary(121)) + 8.0


def test_a_contract_that_was_never_written_to_is_news() -> None:
    subject = taught()
    assert score(subject, tx(1, writes=(write(1, 1, THIEF),))) > 3.0


def test_without_storage_there_is_nothing_to_say() -> None:
    assert StorageInvariant(scope()).features(tx(seen=("calls", "flows"))) == {}
