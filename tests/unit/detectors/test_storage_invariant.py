"""Number and values of storage writes against what is usual."""

from detectors.builtin.storage_invariant import StorageInvariant
from detectors.guarded import MAX_NAME
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


def vault(number: int, supply: float, assets: float) -> Transaction:
    """Shares and assets, both of which move by a few per cent with every deposit."""
    grown = 1.0 + 0.03 * (number % 5)
    return tx(
        number,
        writes=(write(2, int(supply * grown * 1e24)), write(3, int(assets * grown * 1e24))),
    )


def kept() -> StorageInvariant:
    found = StorageInvariant(scope())
    for number in range(120):
        found.learn_one(found.features(vault(number, 1.0, 1.1)), 1.0)
    return found


def test_assets_that_leave_the_shares_behind_stand_out_though_each_moved_as_usual() -> None:
    subject = kept()
    broken = vault(2, 1.0, 1.1 * 0.97)
    assert score(subject, broken) > score(subject, vault(2, 1.0, 1.1)) + 4.0
    told = subject.explain_one(subject.features(broken), broken).reasons
    assert any(reason.feature.startswith("ratio:") for reason in told)


def test_shares_and_assets_that_move_together_are_quiet_however_far() -> None:
    subject = kept()
    names = [name for name in subject.features(vault(4, 3.0, 3.3)) if name.startswith("ratio:")]
    features = subject.features(vault(4, 3.0, 3.3))
    assert names
    assert subject.score_one({name: features[name] for name in names}) < 1.0


def test_hashed_slots_make_names_that_fit() -> None:
    subject = StorageInvariant(scope())
    wide = tx(1, writes=tuple(write(2**256 - 1 - number, 5) for number in range(4)))
    for _ in range(20):
        subject.learn_one(subject.features(wide), 1.0)
    names = list(subject.features(wide))
    assert any(name.startswith("ratio:") for name in names)
    assert max(map(len, names)) <= MAX_NAME


def test_without_storage_there_is_nothing_to_say() -> None:
    assert StorageInvariant(scope()).features(tx(seen=("calls", "flows"))) == {}
