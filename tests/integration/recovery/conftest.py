"""A protocol that was robbed and is braked, on a node of its own, and people who lead it back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.kafka import KafkaBroker
from sandbox import fetch
from sandbox.node import LocalNode, NodeOptions
from schemas.topics import RECOVERIES
from tests.integration.recovery.village import Village


def _report(line: str) -> None:
    """Say nothing."""


@pytest.fixture
def village(
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    broker: KafkaBroker,
    bootstrap: str,
    namespace: str,
) -> Iterator[Village]:
    """A village whose granary is ours to save; what happens is told to a broker."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", bootstrap)
    monkeypatch.setenv("FIREBREAK_KAFKA__NAMESPACE", namespace)
    broker.create([RECOVERIES])
    anvil = fetch.anvil(cache, _report)
    with LocalNode(tmp_path, anvil, NodeOptions(mining=False)) as node:
        made = Village(node, lambda name: fetch.npm_package(cache, name, _report), tmp_path)
        monkeypatch.setenv("FIREBREAK_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("FIREBREAK_PROTOCOLS", str(made.manifests))
        monkeypatch.setenv("FIREBREAK_RESPOND__ENDPOINTS", str(node.ipc))
        yield made
