"""A time stamp that is older than what it covers."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from forensics.cases.antedating import SKEW, antedated
from forensics.cases.catalogue import Entry
from forensics.cases.stamp import Stamp
from runtime.consensus.headers import header_hash
from tests.unit.runtime.consensus.test_headers import GENESIS

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def block(number: int, at: datetime, **changes: str) -> dict[str, Any]:
    told = GENESIS | {"number": hex(number), "timestamp": hex(int(at.timestamp()))} | changes
    return told | {"hash": "0x" + header_hash(told).hex()}


def held(stamp: datetime, *blocks: dict[str, Any] | None) -> str:
    """Hold a stamp of this time against a folder with these answers."""
    answers = {str(place): json.dumps({"result": one}).encode() for place, one in enumerate(blocks)}
    entries = [
        Entry(
            number=int(place),
            method="eth_getBlockByNumber",
            parameters=[(one or {"number": "0xff"})["number"], True],
            outcome="given",
            response=place,
        )
        for place, one in zip(answers, blocks, strict=True)
    ]
    return antedated(Stamp(stamp, "CN=somebody"), entries, answers.__getitem__)


def test_a_stamp_is_not_older_than_the_newest_block_that_it_covers() -> None:
    blocks = [block(7, NOON), block(5, NOON - timedelta(hours=1)), block(6, NOON - SECOND)]
    for at in (NOON, NOON + timedelta(days=300), NOON - SKEW):
        assert held(at, *blocks) == ""
    said = held(NOON - SKEW - SECOND, *blocks)
    assert said.startswith("says that it was made at 2026-05-01T11:58:59+00:00, before block 7,")
    assert "2026-05-01T12:00:00+00:00" in said
    assert "stamped by another one" in said


def test_a_block_whose_hash_does_not_follow_dates_nothing() -> None:
    bent = block(9, NOON + timedelta(days=1)) | {"hash": "0x" + "ab" * 32}
    assert held(NOON, bent, block(7, NOON), None) == ""
    assert "before block 7" in held(NOON - timedelta(hours=1), bent, block(7, NOON), None)


def test_a_time_that_is_none_dates_nothing() -> None:
    assert held(NOON, block(9, NOON, timestamp="0x" + "f" * 60), block(7, NOON)) == ""


def test_without_a_block_nothing_is_known() -> None:
    assert held(datetime(1990, 1, 1, tzinfo=UTC)) == ""
    assert held(datetime(1990, 1, 1, tzinfo=UTC), None) == ""
