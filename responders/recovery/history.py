"""What a contract's past logs say, asked of a node in stretches, within bounds."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from runtime.evm import Endpoints, NodeRefusalError
from schemas.errors import ConfigurationError, TransientError

STEP = 2_000
"""Blocks of logs asked for at once: what public nodes allow."""

MAX_LOGS = 10_000_000
"""Of one question; what is more is for an archive of one's own."""


class Entry(msgspec.Struct, frozen=True):
    """What of a log is used."""

    topics: tuple[str, ...]
    data: str


def entries(
    endpoints: Endpoints, address: str, topics: Sequence[str | None], since: int, block: int
) -> Iterator[Entry]:
    """Return a contract's logs with these topics, in order, of blocks `since` to `block`.

    Raises `TransientError` when no node answers, `ConfigurationError` for too many.
    """
    count = 0
    for first in range(since, block + 1, STEP):
        wanted = {
            "address": address,
            "topics": list(topics),
            "fromBlock": hex(first),
            "toBlock": hex(min(first + STEP - 1, block)),
        }
        try:
            found = endpoints.ask("eth_getLogs", wanted, read=_read)
        except NodeRefusalError as error:
            raise TransientError(str(error)) from error
        count += len(found)
        if count > MAX_LOGS:
            raise ConfigurationError(f"{address}: more than {MAX_LOGS:,} logs to read")
        yield from found


def address_in(topic: str) -> str:
    """Return the address in a topic."""
    return "0x" + int(topic, 16).to_bytes(32).hex()[24:]


def _read(answer: Any) -> list[Entry]:
    return msgspec.convert(answer, type=list[Entry])
