"""Connections to chains' nodes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from runtime.evm import Endpoints
from runtime.service import Service
from runtime.settings import Settings


@contextmanager
def nodes(addresses: Sequence[str], settings: Settings, service: Service) -> Iterator[Endpoints]:
    """Give the nodes at these addresses to a service; its metrics count their faults."""
    faults = service.metrics.endpoint_faults
    endpoints = Endpoints(
        addresses,
        settings.evm.request_seconds,
        fault=lambda endpoint: faults.labels(endpoint).inc(),
    )
    try:
        yield endpoints
    finally:
        endpoints.close()
