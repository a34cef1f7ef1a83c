"""A node for unit tests: answers from a table, no connection anywhere."""

from collections.abc import Callable, Mapping
from typing import Any

from ingest.evm.connection import Connection
from ingest.evm.endpoints import Endpoint, Endpoints
from ingest.evm.errors import RefusedError
from ingest.evm.traces import Traces
from runtime.metrics import Metrics
from tests.clock import ManualClock

CHAIN_ID = {"eth_chainId": "0x7a69"}

Answer = Any
"""A result, an exception to raise, or what makes one of them from the parameters."""


class FakeConnection(Connection):
    """Answers from a table, by method; keeps what it was asked."""

    def __init__(self, answers: Mapping[str, Answer], name: str = "fake") -> None:
        super().__init__(name, 1.0)
        self.answers = {**CHAIN_ID, **answers}
        self.asked: list[tuple[str, tuple[Any, ...]]] = []

    async def request(self, method: str, *params: Any) -> Any:
        self.asked.append((method, params))
        if method not in self.answers:
            raise RefusedError(f"no {method}", -32601)
        answer = self.answers[method]
        if isinstance(answer, Callable):  # type: ignore[arg-type]  # mypy knows no such class
            answer = answer(*params)
        if isinstance(answer, Exception):
            raise answer
        return answer


def endpoints(
    *tables: Mapping[str, Answer], clock: ManualClock | None = None, traces: Traces = "none"
) -> Endpoints:
    names = [f"http://node{number}" for number in range(len(tables))]
    made = Endpoints(names, 1.0, traces, Metrics(), clock or ManualClock(0.0))
    made.all = [
        Endpoint(FakeConnection(table, name)) for table, name in zip(tables, names, strict=True)
    ]
    return made
