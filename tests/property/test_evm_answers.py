"""Whatever a node answers, ingest asks another one or waits; it never falls over."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.evm import source as source_module
from ingest.evm.pending import pending_record
from ingest.evm.source import NodeSource
from runtime.metrics import Metrics
from schemas.errors import PoisonRecordError, TransientError
from tests.unit.ingest.fake_node import endpoints
from tests.unit.ingest.recorded_block import HEADER, block, geth_trees, parity_rows, receipts

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from(["0x", "0x1", "0x" + "11" * 20, "0x" + "22" * 32, "0x" + "f" * 65])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


@st.composite
def damaged(draw: st.DrawFn, value: Any) -> Any:
    """A good answer in which one place, however deep, holds something else."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(value)))
        return {**value, name: draw(damaged(value[name]))}
    if isinstance(value, list) and value and draw(st.booleans()):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], draw(damaged(value[place])), *value[place + 1 :]]
    return draw(JSON)


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "TRACE_PATIENCE", 0.001)


GOOD: dict[str, Any] = {
    "eth_getBlockByHash": block(),
    "eth_getBlockByNumber": block(),
    "eth_getBlockReceipts": receipts(),
    "eth_getTransactionReceipt": receipts()[0],
    "trace_block": parity_rows(),
    "debug_traceBlockByHash": geth_trees(),
}


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), method=st.sampled_from(sorted(GOOD)), missing=st.sampled_from(sorted(GOOD)))
def test_no_answer_raises_anything_but_ask_another(
    data: st.DataObject, method: str, missing: str
) -> None:
    table = {**GOOD, method: data.draw(damaged(GOOD[method]))}
    if missing != method:
        del table[missing]
    source = NodeSource(endpoints(table, traces="auto"), Metrics())
    try:
        found = asyncio.run(source.block(HEADER))
    except TransientError:
        return
    assert found is None or (found.hash, found.number) == (HEADER.hash, HEADER.number)


@given(
    st.dictionaries(
        st.sampled_from(["hash", "from", "to", "value", "nonce", "input", "gasPrice"]), JSON
    )
)
def test_no_pending_transaction_raises_anything_else(transaction: dict[str, Any]) -> None:
    try:
        pending_record("eip155:1", transaction)
    except PoisonRecordError:
        pass
    else:
        raise AssertionError("nothing here is whole")
