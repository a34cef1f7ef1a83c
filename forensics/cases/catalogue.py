"""The list of what a node was asked for a case: question, outcome, and where the bytes are."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from schemas.errors import PoisonRecordError

FILE = "rpc/catalogue.jsonl"

MAX_ENTRIES = 200_000

Outcome = Literal["given", "refused", "unanswered", "too large", "not asked"]
"""`refused`: the node answered that it will not. `not asked`: a bound of the collection had been
reached before."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One question to a node."""

    number: int
    method: Annotated[str, Meta(max_length=64)]
    parameters: list[Any]
    outcome: Outcome
    why: Annotated[str, Meta(max_length=600)] = ""
    """Why there is no result; '' when it was given."""
    node: Annotated[str, Meta(max_length=300)] = ""
    """Which node, without credentials."""
    asked: int = 0
    """When, in nanoseconds since 1970, by the clock of the machine that collected."""
    took: int = 0
    """How long until the answer was there, in microseconds."""
    request: str = ""
    response: str = ""
    """Where the bytes are, below the payload; '' when there are none."""
    request_sha256: str = ""
    response_sha256: str = ""
    response_bytes: int = 0


def question(method: str, parameters: Iterable[Any]) -> str:
    """Return the question as one text; the same question gives the same."""
    return msgspec.json.encode([method, list(parameters)], order="sorted").decode()


def write(entries: Iterable[Entry]) -> bytes:
    """Return the file's bytes, one line for each entry."""
    return b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries)


def read(data: bytes) -> Mapping[str, Entry]:
    """Return the entries by question. Raises `PoisonRecordError` for what is no catalogue."""
    lines = data.splitlines()
    if len(lines) > MAX_ENTRIES:
        raise PoisonRecordError(f"{FILE}: {len(lines):,} lines, the limit is {MAX_ENTRIES:,}")
    try:
        entries = [msgspec.json.decode(line, type=Entry) for line in lines]
    except msgspec.MsgspecError as error:
        raise PoisonRecordError(f"{FILE}: {str(error)[:300]}") from error
    return {question(entry.method, entry.parameters): entry for entry in entries}
