"""How far the transparency log vouches for a record: asked of the log, told plainly.

The console checks no proof itself and says so: a proof is a file that anybody checks offline, with
the log's key, by `firebreak audit check`. A log that is away leaves every line "not proved yet".
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import httpx
import msgspec
from msgspec import Meta

from runtime.clock import Clock
from runtime.logs import logger

State = Literal["proved", "waiting", "unknown", "away", "off"]

WORDS: dict[State, tuple[str, str]] = {
    "proved": ("⛨", "in the log"),
    "waiting": ("…", "not proved yet"),
    "unknown": ("…", "not proved yet"),
    "away": ("?", "the log does not answer"),
    "off": ("·", "no log is configured"),
}
"""A sign and words for each: `waiting` is in the log and not sealed, `unknown` not in it yet."""

SECONDS = 2.0
MAX_BYTES = 512 * 1024
AT_ONCE = 8
REMEMBERED = 5_000
AGAIN_SECONDS = 5.0
"""How long it is believed that a line is not proved yet."""

_log = logger(__name__)


class Leaf(msgspec.Struct, frozen=True):
    """One leaf of the log that holds a record's id."""

    leaf: int
    hash: str
    topic: str
    kind: str
    sealed: int | None
    witnesses: Annotated[list[str], Meta(max_length=64)] = []
    anchor: dict[str, Any] | None = None


class _Leaves(msgspec.Struct, frozen=True):
    leaves: Annotated[list[Leaf], Meta(max_length=5000)]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the log says of one record."""

    state: State
    leaf: Leaf | None = None

    @property
    def sign(self) -> str:
        """A sign for it."""
        return WORDS[self.state][0]

    @property
    def words(self) -> str:
        """It in words."""
        if self.leaf is None or self.state != "proved":
            return WORDS[self.state][1]
        told = f"leaf {self.leaf.leaf}, under the checkpoint of size {self.leaf.sealed}"
        if self.leaf.witnesses:
            told += f", seen by {len(self.leaf.witnesses)} witnesses"
        return told + (", on chain" if self.leaf.anchor else "")


class Proofs:
    """Asks the log; remembers what is proved for good, and the rest for seconds."""

    def __init__(
        self,
        url: str | None,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`url` is where the log answers, None for no log."""
        self._url = url
        self._clock = clock
        self._client = httpx.AsyncClient(
            timeout=SECONDS, transport=transport, follow_redirects=False, trust_env=False
        )
        self._known: OrderedDict[str, tuple[Standing, float]] = OrderedDict()
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def standings(self, records: Iterable[str]) -> dict[str, Standing]:
        """Return how far each of these records is vouched for, within a few seconds."""
        wanted = list(dict.fromkeys(records))
        found = await asyncio.gather(*map(self.standing, wanted))
        return dict(zip(wanted, found, strict=True))

    async def standing(self, record: str) -> Standing:
        """Return how far a record is vouched for."""
        if self._url is None:
            return Standing("off")
        known = self._known.get(record)
        if known is not None:
            fresh = self._clock.monotonic() - known[1] < AGAIN_SECONDS
            if known[0].state == "proved" or fresh:
                return known[0]
        async with self._turns:
            found = await self._asked(record)
        self._known[record] = found, self._clock.monotonic()
        self._known.move_to_end(record)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return found

    async def file(self, record: str) -> bytes | None:
        """Return a record's proof as a file, None while there is none."""
        standing = await self.standing(record)
        if self._url is None or standing.leaf is None:
            return None
        try:
            status, data = await self._get(f"/proof/{record}?leaf={standing.leaf.leaf}")
        except (httpx.HTTPError, ValueError):
            return None
        return data if status == httpx.codes.OK else None

    async def _asked(self, record: str) -> Standing:
        try:
            status, data = await self._get(f"/records/{record}")
            if status == httpx.codes.NOT_FOUND:
                return Standing("unknown")
            if status != httpx.codes.OK:
                return Standing("away")
            leaves = msgspec.json.decode(data, type=_Leaves).leaves
        except (httpx.HTTPError, ValueError, msgspec.MsgspecError) as error:
            _log.warning("log_away", error=str(error))
            return Standing("away")
        # Others may name this record. Its own leaf came before theirs, but for actions, which lie
        # on another topic than the alert that they name.
        own = min(leaves, key=lambda leaf: (leaf.kind == "action", leaf.leaf), default=None)
        if own is None:
            return Standing("unknown")
        return Standing("waiting" if own.sealed is None else "proved", own)

    async def _get(self, path: str) -> tuple[int, bytes]:
        data = bytearray()
        async with self._client.stream("GET", f"{self._url}{path}") as answer:
            async for part in answer.aiter_bytes():
                data += part
                if len(data) > MAX_BYTES:
                    raise ValueError("the log answers too much")
        return answer.status_code, bytes(data)
