from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.files import Item, Tally, Unreadable, read
from ingest.raw import RawBlock

Put = Callable[..., Path]
Blocks = Callable[..., list[RawBlock]]
Broken = Callable[..., list[Unreadable]]

POOL = "0x" + "Ab" * 20
ZERO = "0x" + "0" * 40
HEADER = "block_number,block_timestamp,transaction_hash,transaction_index,log_index,topics,data"


def digest(number: int) -> str:
    return f"0x{number:064x}"


def row(log: int, block: int = 5, topics: str = f"['{digest(1)}', '{digest(2)}']") -> str:
    return f'{block},2024-01-05 00:00:23,{digest(log)},{log},{log},"{topics}",0x01'


def test_rows_become_blocks(put: Put, blocks: Blocks) -> None:
    put(f"{POOL}-day.raw.csv.gz", HEADER, row(9, 6), row(4), row(3))
    first, second = blocks()
    assert (first.number, second.number) == (5, 6)
    assert first.timestamp == 1704412823
    assert [tx.index for tx in first.transactions] == [3, 4]
    (log,) = first.transactions[0].logs or []
    assert (log.contract, log.topics, log.log) == (POOL.lower(), (digest(1), digest(2)), 3)


def test_ends_and_values_lie_beside(put: Put, items: Callable[..., list[Item]]) -> None:
    put(f"{POOL}-day.raw.csv", HEADER, row(3), row(4))
    put(
        f"{POOL}-day.tx.raw.csv",
        "transaction_hash,block_number,transaction_index,from,to,value",
        f"{digest(4)},5,4,{POOL},,12",
    )
    (found,) = items()
    assert found.case == f"{POOL}-day"
    assert isinstance(found.body, RawBlock)
    first, second = found.body.transactions
    assert first.sender is None
    assert (second.sender, second.to, second.value) == (POOL.lower(), None, 12)


def test_two_days_are_two_cases(put: Put, items: Callable[..., list[Item]]) -> None:
    put("one.raw.csv", HEADER, row(3))
    put("two.raw.csv", HEADER, row(3))
    assert [item.case for item in items()] == ["one", "two"]


def test_an_emitter_nobody_names_is_the_zero_address_and_said(put: Put) -> None:
    tally = Tally()
    path = put("day.raw.csv", HEADER, row(3))
    (found,) = read(path, tally=tally)
    assert isinstance(found.body, RawBlock)
    assert (found.body.transactions[0].logs or [])[0].contract == ZERO
    assert any("zero address" in note for note in tally.files["day.raw.csv"].notes)


def test_an_address_that_was_searched_for_is_not_the_emitter(put: Put, blocks: Blocks) -> None:
    searched = f"['{digest(1)}', '0x{'0' * 24}{POOL[2:].lower()}']"
    put(f"asset-{POOL}.raw.csv", HEADER, row(3, topics=searched))
    (found,) = blocks()
    assert (found.transactions[0].logs or [])[0].contract == ZERO


@pytest.mark.parametrize(
    ("topics", "expected"),
    [
        ("[]", ()),
        ("", ()),
        (f"['{digest(1)}']", (digest(1),)),
        (f"[ '{digest(1)}' ,'{digest(2)}' ]", (digest(1), digest(2))),
    ],
)
def test_topics_are_a_list_in_text(
    put: Put, blocks: Blocks, topics: str, expected: tuple[str, ...]
) -> None:
    put("day.raw.csv", HEADER, row(3, topics=topics))
    (found,) = blocks()
    assert (found.transactions[0].logs or [])[0].topics == expected


@pytest.mark.parametrize(
    "topics",
    [
        "__import__('os').system('true')",
        f"['{digest(1)}'" + f", '{digest(1)}'" * 4 + "]",
        "['0x12']",
        "[1]",
        f"('{digest(1)}',)",
        "[" * 500,
    ],
)
def test_topics_are_never_evaluated(put: Put, broken: Broken, topics: str) -> None:
    put("day.raw.csv", HEADER, row(3), row(4, topics=topics))
    (bad,) = broken()
    assert bad.where == "line 3"
    assert "topics" in bad.reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("5,2024-01-05 00:00:23", "2 fields under 7 names"),
        (row(4) + ",more", "8 fields under 7 names"),
        (row(4).replace("0x01", '"0x01'), "quote"),
        (row(4).replace("2024-01-05", "2024-13-05"), "block_timestamp"),
        (row(4).replace("2024-01-05", "1924-01-05"), "block_timestamp"),
        (row(-4), "log_index"),
        (row(4, block=2**63), "block_number"),
    ],
)
def test_a_bad_line_is_unreadable_alone(
    put: Put, items: Callable[..., list[Item]], line: str, reason: str
) -> None:
    put("day.raw.csv", HEADER, row(3), line, row(9))
    bad, good = items()
    assert isinstance(bad.body, Unreadable)
    assert bad.body.where == "line 3"
    assert reason in bad.body.reason
    assert bad.body.raw.strip().decode() == line
    assert isinstance(good.body, RawBlock)
    assert len(good.body.transactions) == 2


def test_bytes_that_are_not_text_spoil_their_line_alone(put: Put, broken: Broken) -> None:
    lines = (HEADER, row(3), "\udcff\udcfe", row(9))
    put("day.raw.csv", "\n".join(lines).encode("utf-8", "surrogateescape"))
    (bad,) = broken()
    assert bad.reason == "not UTF-8 at byte 0"


def test_fields_may_be_longer_than_pythons_own_limit(put: Put, blocks: Blocks) -> None:
    put("day.raw.csv", HEADER, row(3).replace("0x01", "0x" + "ab" * 200_000))
    (found,) = blocks()
    assert len((found.transactions[0].logs or [])[0].data) == 400_002
