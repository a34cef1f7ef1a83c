import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress

import pytest
from prometheus_client import generate_latest

from runtime import health
from runtime.health import STALLED_AFTER, Health
from runtime.metrics import Metrics
from schemas.errors import ConfigurationError
from tests.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def state(clock: ManualClock) -> Health:
    return Health(clock)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def port(state: Health, metrics: Metrics) -> Iterator[int]:
    taken, stop = health.serve(state, metrics, "127.0.0.1", 0)
    yield taken
    stop()


def _ask(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_service_is_alive_before_it_is_ready(port: int, state: Health, metrics: Metrics) -> None:
    assert metrics.registry.get_sample_value("firebreak_ready") == 0
    assert _ask(port, "/livez") == (200, "ok\n")
    assert _ask(port, "/readyz") == (503, "waiting for its first turn\n")

    state.beat()
    assert _ask(port, "/readyz") == (200, "ok\n")
    assert metrics.registry.get_sample_value("firebreak_ready") == 1

    state.beat("the node")
    assert metrics.registry.get_sample_value("firebreak_ready") == 0
    assert _ask(port, "/livez") == (200, "ok\n")
    assert _ask(port, "/readyz") == (503, "waiting for the node\n")


def test_a_loop_that_stands_still_is_neither_alive_nor_ready(
    port: int, state: Health, clock: ManualClock
) -> None:
    state.beat()
    clock.seconds += STALLED_AFTER
    for path in ("/livez", "/readyz"):
        assert _ask(port, path) == (503, "waiting for a turn of its loop\n")

    state.beat()
    assert _ask(port, "/livez")[0] == 200


def test_metrics_are_given_in_prometheus_format(port: int, metrics: Metrics) -> None:
    metrics.blocks.labels("eip155:1").inc(3)

    status, text = _ask(port, "/metrics")

    assert status == 200
    assert 'firebreak_blocks_total{chain="eip155:1"} 3.0' in text


def test_any_other_path_is_told_which_there_are(port: int) -> None:
    assert _ask(port, "/") == (404, "/livez, /readyz or /metrics\n")


def test_a_client_that_says_nothing_keeps_nobody_waiting(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)):
        assert _ask(port, "/livez")[0] == 200


def test_a_port_that_is_taken_is_named(port: int, state: Health, metrics: Metrics) -> None:
    with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}.*health.port"):
        health.serve(state, metrics, "127.0.0.1", port)


def test_nobody_answers_after_the_end(state: Health, metrics: Metrics) -> None:
    port, stop = health.serve(state, metrics, "127.0.0.1", 0)
    stop()

    with pytest.raises(urllib.error.URLError):
        _ask(port, "/livez")


def ours(metrics: Metrics) -> list[str]:
    """Return what we count; the process itself goes on."""
    lines = generate_latest(metrics.registry).decode().splitlines()
    return [line for line in lines if line.startswith("firebreak_") and "_created" not in line]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_who_watches_can_only_ask(port: int, state: Health, metrics: Metrics, method: str) -> None:
    """Nothing comes of whatever is sent."""
    state.beat()
    before = ours(metrics)
    for path in ("/livez", "/readyz", "/metrics", "/-/reload"):
        asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
        with suppress(urllib.error.HTTPError):  # declined, or answered like any question
            urllib.request.urlopen(asked, timeout=10).close()
    assert _ask(port, "/readyz") == (200, "ok\n")
    assert ours(metrics) == before
