"""Answers that belong together make a block; any others are refused."""

from collections.abc import Callable
from typing import Any

import pytest

from ingest.evm.assemble import add_frames, block_ref, raw_block, read_receipts
from ingest.raw import RawFrame, RawLog
from schemas.errors import PoisonRecordError
from tests.unit.ingest.recorded_block import (
    CHILD,
    HASH,
    HEADER,
    NAMES,
    POOL,
    USER,
    block,
    receipts,
    sealed,
)

Outcomes = list[dict[str, Any]]


def test_a_block_and_its_receipts_are_joined() -> None:
    made = raw_block("eip155:1", block(), read_receipts(receipts()))
    assert (made.chain, made.number, made.hash, made.timestamp) == (
        "eip155:1",
        16,
        HASH,
        1_700_000_000,
    )
    called, creation = made.transactions
    assert (called.hash, called.index, called.sender, called.to) == (NAMES[0], 0, USER, POOL)
    assert (called.value, called.input, called.ok, called.gas_used) == (
        7,
        "0xdeadbeef",
        True,
        21_000,
    )
    assert called.logs == [RawLog(POOL, ("0x" + "ee" * 32,), "0x01", 0)]
    assert (creation.to, creation.created) == (None, CHILD)


def test_a_header_is_read() -> None:
    assert block_ref(block()) == HEADER


def test_text_is_made_lower_case() -> None:
    made = block()
    made["transactions"][0]["from"] = USER.upper().replace("0X", "0x")
    assert raw_block("eip155:1", made, read_receipts(receipts())).transactions[0].sender == USER


def test_before_byzantium_a_receipt_does_not_tell_whether_it_succeeded() -> None:
    outcomes = receipts()
    for outcome in outcomes:
        del outcome["status"], outcome["type"]
        outcome["root"] = "0x" + "44" * 32
    made = raw_block("eip155:1", sealed(block(), outcomes), read_receipts(outcomes))
    assert made.transactions[0].ok is None
    assert made.transactions[1].created == CHILD


def test_a_failed_creation_created_nothing() -> None:
    outcomes = receipts()
    outcomes[1]["status"] = "0x0"
    made = raw_block("eip155:1", sealed(block(), outcomes), read_receipts(outcomes))
    assert made.transactions[1].created is None


def _drop_a_receipt(outcomes: Outcomes) -> None:
    outcomes.pop()


def _drop_a_log(outcomes: Outcomes) -> None:
    outcomes[0]["logs"].pop()


def _change_a_log(outcomes: Outcomes) -> None:
    outcomes[0]["logs"][0]["data"] = "0x02"


def _swap(outcomes: Outcomes) -> None:
    outcomes.reverse()


def _of_another_block(outcomes: Outcomes) -> None:
    outcomes[0]["blockHash"] = "0x" + "b9" * 32


def _of_another_transaction(outcomes: Outcomes) -> None:
    outcomes[0]["transactionHash"] = NAMES[1]


def _claim_success(outcomes: Outcomes) -> None:
    outcomes[0]["status"] = "0x0"


@pytest.mark.parametrize(
    "tamper",
    [
        _drop_a_receipt,
        _drop_a_log,
        _change_a_log,
        _swap,
        _of_another_block,
        _of_another_transaction,
        _claim_success,
    ],
)
def test_receipts_that_do_not_fit_the_header_are_refused(
    tamper: Callable[[Outcomes], None],
) -> None:
    outcomes = receipts()
    tamper(outcomes)
    with pytest.raises(PoisonRecordError):
        raw_block("eip155:1", block(), read_receipts(outcomes))


def test_where_receipts_are_encoded_otherwise_the_bloom_has_to_fit() -> None:
    outcomes = receipts()
    outcomes[0]["type"] = "0x7e"
    made = block()
    made["receiptsRoot"] = "0x" + "00" * 32
    assert raw_block("eip155:10", made, read_receipts(outcomes)).transactions[0].logs
    outcomes[0]["logs"].pop()
    with pytest.raises(PoisonRecordError, match="do not fit the header"):
        raw_block("eip155:10", made, read_receipts(outcomes))


@pytest.mark.parametrize(
    ("field", "value"),
    [("from", "0x12"), ("to", 7), ("value", "-1"), ("input", "0xabc"), ("hash", None)],
)
def test_a_field_that_cannot_be_read_is_named(field: str, value: object) -> None:
    made = block()
    made["transactions"][0][field] = value
    with pytest.raises(PoisonRecordError, match=field):
        raw_block("eip155:1", made, read_receipts(receipts()))


@pytest.mark.parametrize("nonsense", [None, [], "block", {"transactions": [None]}])
def test_nonsense_is_refused(nonsense: object) -> None:
    with pytest.raises(PoisonRecordError):
        raw_block("eip155:1", nonsense, read_receipts(receipts()))


@pytest.mark.parametrize("topics", [None, "0x", ["0x"], ["0x" + "ee" * 32] * 5])
def test_topics_are_at_most_four_hashes(topics: object) -> None:
    outcomes = receipts()
    outcomes[0]["logs"][0]["topics"] = topics
    with pytest.raises(PoisonRecordError, match="topic"):
        raw_block("eip155:1", block(), read_receipts(outcomes))


def test_frames_are_given_to_all_transactions_or_to_none() -> None:
    made = raw_block("eip155:1", block(), read_receipts(receipts()))
    frame = RawFrame(0, "call", USER, POOL, 0, "0x", "0x", ok=True)
    assert not add_frames(made, {0: [frame]})
    assert [transaction.frames for transaction in made.transactions] == [None, None]
    assert add_frames(made, {0: [frame], 1: [frame, frame]})
    assert [len(transaction.frames or ()) for transaction in made.transactions] == [1, 2]
