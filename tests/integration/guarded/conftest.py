"""A guarded protocol's place, and the table of what became of the attacks (`-n 0` shows it)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from responders.journal import Journal
from sandbox.node import LocalNode
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.tally import Tally, markdown

_ROWS: Tally = []


@pytest.fixture
def guarded(node: LocalNode, cache: Path, tmp_path: Path) -> Iterator[Guarded]:
    """A theatre, a gate and a responder on a chain of their own."""
    with Journal(tmp_path / "journal.jsonl") as journal:
        made = Guarded(node, cache, journal)
        yield made
        made.stage.close()


@pytest.fixture
def tally() -> Tally:
    """Where a test says what became of its attack."""
    return _ROWS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table."""
    if _ROWS:
        terminalreporter.section("attacks on guarded protocols")
        terminalreporter.write(markdown(_ROWS))
