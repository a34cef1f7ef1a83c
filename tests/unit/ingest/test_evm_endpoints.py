"""Several nodes, some of which fail."""

import asyncio
from typing import Any

import pytest

from ingest.evm.endpoints import LONGEST_REST, Endpoint, Endpoints, RestingError
from ingest.evm.errors import BusyError, FaultyAnswerError, NoAnswerError
from runtime.metrics import Metrics
from schemas.errors import ConfigurationError, PoisonRecordError, TransientError
from tests.clock import ManualClock
from tests.unit.ingest.fake_node import FakeConnection, endpoints

DOWN = NoAnswerError("down")


async def ask(endpoint: Endpoint) -> Any:
    return await endpoint.connection.request("question")


def first(nodes: Endpoints) -> Any:
    return asyncio.run(nodes.first(ask))


def questions(nodes: Endpoints) -> list[int]:
    """How often each endpoint was asked."""
    counts = []
    for endpoint in nodes.all:
        assert isinstance(endpoint.connection, FakeConnection)
        counts.append(sum(method == "question" for method, _ in endpoint.connection.asked))
    return counts


def test_the_first_endpoint_is_asked_while_it_answers() -> None:
    nodes = endpoints({"question": 1}, {"question": 2})
    assert [first(nodes), first(nodes)] == [1, 1]
    assert questions(nodes) == [2, 0]


@pytest.mark.parametrize("fault", [DOWN, FaultyAnswerError("nonsense"), PoisonRecordError("bad")])
def test_a_request_that_fails_moves_to_the_next_endpoint(fault: Exception) -> None:
    assert first(endpoints({"question": fault}, {"question": 2})) == 2


def test_a_failed_endpoint_is_left_alone_for_longer_each_time() -> None:
    clock = ManualClock(0.0)
    nodes = endpoints({"question": DOWN}, {"question": 2}, clock=clock)
    rests = []
    for _ in range(12):
        first(nodes)
        until = nodes.all[0].rests["blocks"].until
        rests.append(until - clock.seconds)
        clock.seconds = until
    assert rests[:4] == [0.25, 0.5, 1.0, 2.0]
    assert rests[-1] == LONGEST_REST


def test_a_resting_endpoint_is_not_asked() -> None:
    nodes = endpoints({"question": DOWN}, {"question": 2})
    assert [first(nodes), first(nodes)] == [2, 2]
    assert questions(nodes) == [1, 2]


def test_an_endpoint_that_recovers_is_preferred_again_and_forgiven() -> None:
    clock = ManualClock(0.0)
    nodes = endpoints({"question": DOWN}, {"question": 2}, clock=clock)
    first(nodes)
    clock.seconds = 1.0
    assert isinstance(nodes.all[0].connection, FakeConnection)
    nodes.all[0].connection.answers["question"] = 1
    assert first(nodes) == 1
    assert nodes.all[0].rests["blocks"].failures == 0


def test_an_endpoint_that_says_how_long_to_wait_is_left_alone_that_long() -> None:
    nodes = endpoints({"question": BusyError("429", 7.0)}, {"question": 2})
    first(nodes)
    assert nodes.all[0].rests["blocks"].until == 7.0


def test_when_all_fail_the_error_says_how_each_did() -> None:
    nodes = endpoints({"question": DOWN}, {"question": FaultyAnswerError("nonsense")})
    with pytest.raises(TransientError, match="down; nonsense"):
        first(nodes)


def test_when_all_rest_nobody_is_asked_and_the_error_says_for_how_long() -> None:
    nodes = endpoints({"question": DOWN})
    with pytest.raises(TransientError):
        first(nodes)
    with pytest.raises(RestingError, match=r"0\.25 s"):
        first(nodes)
    assert questions(nodes) == [1]


def test_what_one_endpoint_does_not_know_the_next_is_asked_for() -> None:
    assert first(endpoints({"question": None}, {"question": 2})) == 2
    assert first(endpoints({"question": None}, {"question": None})) is None
    assert first(endpoints({"question": DOWN}, {"question": None})) is None


def test_an_endpoint_that_lags_behind_is_asked_last() -> None:
    nodes = endpoints({"question": 1}, {"question": 2})
    nodes.all[0].head, nodes.all[1].head = 97, 100
    assert first(nodes) == 2
    nodes.all[0].head = 98
    assert first(nodes) == 1


def test_failures_with_traces_do_not_keep_an_endpoint_from_serving_blocks() -> None:
    nodes = endpoints({"question": DOWN})
    with pytest.raises(TransientError):
        asyncio.run(nodes.first(ask, "traces"))
    assert isinstance(nodes.all[0].connection, FakeConnection)
    nodes.all[0].connection.answers["question"] = 1
    assert first(nodes) == 1


def test_each_failure_is_counted_by_endpoint() -> None:
    metrics = Metrics()
    nodes = Endpoints(["http://user:secret@a/key"], 1.0, "none", metrics, ManualClock())
    nodes.all = [Endpoint(FakeConnection({"question": DOWN}, "http://a/…"))]
    with pytest.raises(TransientError):
        first(nodes)
    assert metrics.endpoint_faults.labels("http://a/…")._value.get() == 1


def test_an_endpoint_of_another_chain_is_a_mistake_of_the_operator() -> None:
    nodes = endpoints({"question": DOWN}, {"eth_chainId": "0x1", "question": 2})
    with pytest.raises(ConfigurationError, match="http://node1 serves eip155:1"):
        first(nodes)


def test_the_chain_is_named_by_what_the_endpoints_say() -> None:
    nodes = endpoints({"question": 1})
    first(nodes)
    assert nodes.chain == "eip155:31337"


def test_a_chain_id_that_is_none_is_a_fault() -> None:
    nodes = endpoints({"eth_chainId": None, "question": 1})
    with pytest.raises(TransientError, match="no chain id"):
        first(nodes)


def test_without_any_endpoint_the_error_says_where_to_name_one() -> None:
    with pytest.raises(ConfigurationError, match="--endpoint"):
        Endpoints([], 1.0, "auto", Metrics(), ManualClock())
