"""Several nodes as one: ask the best, move on when it fails, come back to it later."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from ingest.evm.branch import Branch, agreed, judge
from ingest.evm.connection import Connection
from ingest.evm.errors import EndpointError, FaultyAnswerError
from ingest.evm.traces import TracePort, Traces, choose_port
from runtime.clock import Clock
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.errors import ConfigurationError, PipelineError, PoisonRecordError, TransientError
from schemas.operations import BlockRef

_log = logger(__name__)

T = TypeVar("T")

SHORTEST_REST = 0.25
LONGEST_REST = 30.0
"""Seconds that an endpoint is left alone after its first failure, and after many."""

TOLERATED_LAG = 2
"""Blocks behind the best that an endpoint may be and still be asked in its turn: the news of a
block reaches good nodes at different times."""


SILENT_SECONDS = 15.0
"""After this long without a head from anywhere we do not know where the chain is. Every endpoint is
asked at least every five seconds."""

Lane = Literal["blocks", "traces"]
"""What is asked for. A node that cannot keep up with traces still serves blocks."""


class RestingError(TransientError):
    """Every endpoint failed lately and is left alone for a while: ask again in `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"every endpoint rests after failures, the first for {seconds:.2f} s")
        self.seconds = seconds


@dataclass(slots=True)
class Rest:
    """How an endpoint does in one lane."""

    failures: int = 0
    """In a row."""
    until: float = 0.0


@dataclass(eq=False, slots=True)
class Endpoint:
    """A node as we know it."""

    connection: Connection
    head: int = 0
    """The newest block it told us of."""
    heard: float = float("-inf")
    """When it told us its head for the last time, be it a new one or not."""
    branch: Branch = field(default_factory=Branch)
    rests: dict[Lane, Rest] = field(default_factory=lambda: {"blocks": Rest(), "traces": Rest()})
    traces: TracePort | None = None
    """How it gives traces; None until it was asked for the first time."""
    outvoted: bool = False
    """Whether most endpoints contradict it; see `ingest.evm.branch`."""
    block_receipts: bool = True
    """False once it said that it does not know `eth_getBlockReceipts`."""

    @property
    def name(self) -> str:
        """Its address without credentials."""
        return self.connection.name


class Endpoints:
    """The configured nodes, in the operator's order of preference."""

    def __init__(
        self,
        addresses: Sequence[str],
        seconds: float,
        traces: Traces,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        """Take the addresses, the bound on a request, and which kind of traces to ask for."""
        if not addresses:
            raise ConfigurationError(
                "no EVM endpoint is configured: give --endpoint, FIREBREAK_EVM__ENDPOINTS or "
                "evm.endpoints in the settings file (an IPC path, ws:// or http:// address)"
            )
        self.all = [Endpoint(Connection(address, seconds)) for address in addresses]
        self.chain = ""
        """CAIP-2 name of the chain; known once an endpoint answered."""
        self._traces = traces
        self._metrics = metrics
        self._clock = clock

    @property
    def give_traces(self) -> bool:
        """Whether any of them is known to give traces, now or at other times."""
        return any(endpoint.traces and endpoint.traces.name != "none" for endpoint in self.all)

    async def first(
        self, operation: Callable[[Endpoint], Awaitable[T | None]], lane: Lane = "blocks"
    ) -> T | None:
        """Run the operation at one endpoint after the other until one succeeds; return what it
        returned, or None when none of those that answered knows what was asked for.

        Raises `TransientError` saying how each failed, `RestingError` when there is none to ask,
        `ConfigurationError` when one serves another chain.
        """
        awake = self._awake(lane)
        reasons: list[str] = []
        for endpoint in awake:
            try:
                await self._greet(endpoint)
                found = await operation(endpoint)
            except (EndpointError, PoisonRecordError) as error:
                self._failed(endpoint, lane, error)
                reasons.append(str(error))
                continue
            endpoint.rests[lane].failures = 0
            if found is not None:
                return found
        if len(reasons) == len(awake):
            raise TransientError("no endpoint could do it: " + "; ".join(reasons))
        return None

    def _awake(self, lane: Lane) -> list[Endpoint]:
        now = self._clock.monotonic()
        awake = [endpoint for endpoint in self.all if endpoint.rests[lane].until <= now]
        if not awake:
            raise RestingError(min(endpoint.rests[lane].until for endpoint in self.all) - now)
        best = max((e.head for e in awake if not e.outvoted), default=0)
        # sorted() keeps the operator's order among equals
        return sorted(awake, key=lambda e: (e.outvoted, e.head + TOLERATED_LAG < best))

    def hear(self, endpoint: Endpoint, head: BlockRef) -> bool:
        """Take note of an endpoint's head; say whether it is one to go by, which it is unless most
        endpoints contradict it."""
        endpoint.heard = self._clock.monotonic()
        endpoint.branch.hear(head)
        self._judge()
        return not endpoint.outvoted

    def show(self, endpoint: Endpoint, block: BlockRef) -> None:
        """Take note of an earlier block of an endpoint; see `unseen`."""
        endpoint.branch.show(block)
        self._judge()

    def _judge(self) -> None:
        votes = judge([e.branch for e in self.all], [e.outvoted for e in self.all])
        for endpoint, out in zip(self.all, votes, strict=True):
            if out != endpoint.outvoted:
                endpoint.outvoted = out
                _log.warning("outvoted" if out else "agrees_again", name=endpoint.name)
            self._metrics.outvoted.labels(endpoint.name).set(out)

    def unseen(self, endpoint: Endpoint) -> int | None:
        """Return the height at which most agree, if this endpoint claims to be further and has not
        shown its block there; else None."""
        found = agreed([other.branch for other in self.all])
        if found is None or endpoint.head <= found[0] or endpoint.branch.at(found[0]) is not None:
            return None
        return found[0]

    def silence(self) -> str:
        """Say that no endpoint tells its head any more; '' while one does."""
        latest = max((e.heard for e in self.all if not e.outvoted), default=float("-inf"))
        silent = self._clock.monotonic() - latest > SILENT_SECONDS
        return "a node: none tells its head any more" if silent else ""

    async def _greet(self, endpoint: Endpoint) -> None:
        """Make sure, the first time, that it serves our chain, and learn how it gives traces."""
        if endpoint.traces is not None:
            return
        number = await endpoint.connection.request("eth_chainId")
        try:
            chain = f"eip155:{int(number, 16)}"
        except (TypeError, ValueError) as error:
            raise FaultyAnswerError(f"{endpoint.name}: no chain id: {number!r:.90}") from error
        if self.chain and chain != self.chain:
            raise ConfigurationError(
                f"{endpoint.name} serves {chain}, the other endpoints {self.chain}: "
                "remove it from evm.endpoints"
            )
        self.chain = chain
        endpoint.traces = await choose_port(self._traces, endpoint.connection)
        _log.info("endpoint", name=endpoint.name, chain=chain, traces=endpoint.traces.name)

    def _failed(self, endpoint: Endpoint, lane: Lane, error: PipelineError) -> None:
        rest = endpoint.rests[lane]
        seconds = min(LONGEST_REST, SHORTEST_REST * 2.0 ** min(rest.failures, 16))
        if isinstance(error, EndpointError) and error.after is not None:
            seconds = min(LONGEST_REST, max(seconds, error.after))
        rest.failures += 1
        rest.until = self._clock.monotonic() + seconds
        self._metrics.endpoint_faults.labels(endpoint.name).inc()
        _log.warning("endpoint_failed", name=endpoint.name, reason=str(error), rests=seconds)

    async def close(self) -> None:
        """Let go of every connection."""
        for endpoint in self.all:
            await endpoint.connection.close()
