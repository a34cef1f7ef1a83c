import pytest

from ingest.files import assembly
from ingest.files.assembly import Assembly
from ingest.raw import RawBlock, RawLog, RawTransaction, RawTransfer
from schemas.errors import PoisonRecordError

FILE = "file.json"


def digest(number: int) -> str:
    return f"0x{number:064x}"


def block(
    *transactions: RawTransaction, number: int = 5, name: str = "", time: int = 0
) -> RawBlock:
    return RawBlock("eip155:1", number, name, "", time, list(transactions))


def tx(name: str, index: int, value: int | None = None) -> RawTransaction:
    return RawTransaction(hash=name, index=index, value=value)


def log(index: int) -> RawLog:
    return RawLog("0x" + "a" * 40, (), "0x", index)


def finished(made: Assembly) -> list[RawBlock]:
    bodies = [assembled.body for assembled in made.finish()]
    assert all(isinstance(body, RawBlock) for body in bodies)
    return [body for body in bodies if isinstance(body, RawBlock)]


def test_what_knows_only_the_number_joins_what_knows_the_hash() -> None:
    made = Assembly()
    made.add(block(tx(digest(1), 0, value=7)), FILE)
    made.add(block(name=digest(100), time=9), FILE)
    made.add(block(tx(digest(2), 1)), FILE)
    (found,) = finished(made)
    assert (found.hash, found.timestamp, len(found.transactions)) == (digest(100), 9, 2)


def test_two_hashes_are_two_blocks() -> None:
    made = Assembly()
    made.add(block(tx(digest(1), 0), name=digest(100)), FILE)
    made.add(block(tx(digest(1), 0), name=digest(101)), FILE)
    assert [found.hash for found in finished(made)] == [digest(100), digest(101)]


def test_what_knows_only_the_position_joins_what_knows_the_hash() -> None:
    made = Assembly()
    made.add(block(RawTransaction(hash="", index=3, ok=True)), FILE)
    made.add(block(tx(digest(1), 3, value=7)), FILE)
    (found,) = finished(made)
    (told,) = found.transactions
    assert (told.hash, told.index, told.value, told.ok) == (digest(1), 3, 7, True)


def test_the_first_word_counts() -> None:
    made = Assembly()
    made.add(block(tx(digest(1), 0, value=7)), FILE)
    made.add(block(tx(digest(1), 0, value=8)), "other.json")
    assert finished(made)[0].transactions[0].value == 7


def test_transfers_are_taken_from_one_file_alone() -> None:
    moved = RawTransfer("native", "0x" + "a" * 40, "0x" + "b" * 40, 5)
    made = Assembly()
    for file in (FILE, FILE, "again.csv"):
        told = RawTransaction(hash=digest(1), index=-1, transfers=[moved])
        made.add(block(told), file, "transfers")
    assert finished(made)[0].transactions[0].transfers == [moved, moved]


def test_a_position_nobody_told_comes_after_the_others_by_its_logs() -> None:
    made = Assembly()
    for name, first in ((3, 9), (2, 4)):
        told = RawTransaction(hash=digest(name), index=-1, logs=[log(first)])
        made.add(block(told), FILE)
    made.add(block(tx(digest(1), 6)), FILE)
    (found,) = finished(made)
    assert [(told.hash, told.index) for told in found.transactions] == [
        (digest(1), 6),
        (digest(2), 7),
        (digest(3), 8),
    ]


def test_a_case_that_would_not_fit_into_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "MAX_RECORDS", 2)
    made = Assembly()
    made.add(block(number=1), FILE)
    made.add(block(number=2), FILE)
    with pytest.raises(PoisonRecordError, match="more than 2 records"):
        made.add(block(number=3), FILE)
    assert len(finished(made)) == 2
