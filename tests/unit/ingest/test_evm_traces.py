"""Which way of getting traces a node offers."""

import asyncio
from collections.abc import Mapping

import pytest

from ingest.evm.errors import FaultyAnswerError, NoAnswerError
from ingest.evm.traces import GethTraces, NoTraces, ParityTraces, Traces, choose_port
from schemas.errors import PoisonRecordError
from tests.unit.ingest.fake_node import Answer, FakeConnection
from tests.unit.ingest.recorded_block import HASH, block, geth_trees, parity_rows

LATEST = {"eth_getBlockByNumber": block()}
PARITY = {"trace_block": parity_rows()}
GETH = {"debug_traceBlockByHash": geth_trees()}


def chosen(wanted: Traces, table: Mapping[str, Answer]) -> str:
    return asyncio.run(choose_port(wanted, FakeConnection(table))).name


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ({**LATEST, **PARITY, **GETH}, "parity"),
        ({**LATEST, **GETH}, "geth"),
        (LATEST, "none"),
    ],
)
def test_auto_takes_the_first_way_that_is_not_refused(
    table: Mapping[str, Answer], name: str
) -> None:
    assert chosen("auto", table) == name


@pytest.mark.parametrize("wanted", ["parity", "geth", "none"])
def test_what_the_operator_wants_is_not_probed(wanted: Traces) -> None:
    assert chosen(wanted, {}) == wanted


@pytest.mark.parametrize("latest", [None, [], {"number": "0x1"}])
def test_a_node_without_a_head_cannot_be_probed(latest: object) -> None:
    with pytest.raises(FaultyAnswerError):
        chosen("auto", {"eth_getBlockByNumber": latest})


def test_a_node_that_does_not_answer_is_not_taken_for_one_without_traces() -> None:
    with pytest.raises(NoAnswerError):
        chosen("auto", {**LATEST, "trace_block": NoAnswerError("slow")})


def test_rows_of_another_block_are_refused() -> None:
    rows = parity_rows()
    rows[0]["blockHash"] = "0x" + "b9" * 32
    with pytest.raises(FaultyAnswerError, match="another block"):
        asyncio.run(ParityTraces().frames(FakeConnection({"trace_block": rows}), 16, HASH))


def test_rows_are_told_apart_by_transaction_and_rewards_left_out() -> None:
    frames = asyncio.run(ParityTraces().frames(FakeConnection(PARITY), 16, HASH))
    assert frames is not None
    assert {index: len(found) for index, found in frames.items()} == {0: 1, 1: 1}


@pytest.mark.parametrize("answer", [{}, [None], [{"error": "timeout"}], [{"result": None}]])
def test_an_answer_that_misses_a_tree_is_refused(answer: object) -> None:
    connection = FakeConnection({"debug_traceBlockByHash": answer})
    with pytest.raises(FaultyAnswerError):
        asyncio.run(GethTraces().frames(connection, 16, HASH))


def test_a_tree_that_cannot_be_read_is_refused() -> None:
    connection = FakeConnection({"debug_traceBlockByHash": [{"result": {"type": "CALL"}}]})
    with pytest.raises(PoisonRecordError, match="from"):
        asyncio.run(GethTraces().frames(connection, 16, HASH))


def test_without_traces_nobody_is_asked() -> None:
    connection = FakeConnection({})
    assert asyncio.run(NoTraces().frames(connection, 16, HASH)) is None
    assert connection.asked == []
