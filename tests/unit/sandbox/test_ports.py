import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import ports
from schemas.errors import ConfigurationError


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((ports.HOST, 0)) as server:
        yield server.getsockname()[1]


def test_a_free_port_is_free() -> None:
    port = ports.free_port()
    assert ports.is_free(port)
    assert not ports.answers(port)
    assert ports.listener(port) is None
    ports.require_free(port, "The test")


def test_a_taken_port_is_taken(taken: int) -> None:
    assert not ports.is_free(taken)
    assert ports.answers(taken)


def test_a_port_is_free_again_although_a_connection_lingers() -> None:
    with socket.create_server((ports.HOST, 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((ports.HOST, port)) as client:
            accepted, _ = server.accept()
            accepted.close()  # whoever closes first keeps the port for a while (TIME_WAIT)
            assert client.recv(1) == b""
    assert ports.is_free(port)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows who listens")
def test_a_taken_port_is_refused_with_the_name_of_who_has_it(taken: int) -> None:
    with pytest.raises(ConfigurationError, match=rf"port {taken} .* taken by .*pid {os.getpid()}"):
        ports.require_free(taken, "The test")


def test_no_connection_is_given_a_port_that_somebody_is_about_to_listen_on() -> None:
    told = Path("/proc/sys/net/ipv4/ip_local_port_range")
    first = int(told.read_text().split()[0]) if told.exists() else 49_152
    assert all(ports.free_port() < first for _ in range(50))
