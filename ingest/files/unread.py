"""How a piece that cannot be read is kept."""

import json
from typing import Any

from ingest.files.items import Unreadable
from schemas.errors import PoisonRecordError
from schemas.topics import MAX_RECORD_BYTES


def unread(where: str, error: PoisonRecordError | str, value: Any) -> Unreadable:
    """Return the piece with the reason; bytes are kept as they are, parsed JSON is written out."""
    raw = value if isinstance(value, bytes) else _written(value)
    return Unreadable(where=where, reason=str(error), raw=raw[:MAX_RECORD_BYTES])


def _written(value: Any) -> bytes:
    try:
        return json.dumps(value, default=str).encode()
    except RecursionError:
        return b""  # nested as deeply as could just be read; the file itself still has it
