"""A log that commands are asked about, and what is written into it."""

import zlib
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import msgspec
from typer.testing import Result

from cli.audit_keep import engine_of
from forensics.record.leaf import leaf_of
from forensics.record.log_writer import LogWriter
from runtime.broker import Message, Partition
from runtime.settings import load
from schemas.actions import Action
from schemas.codec import decode_from, encode
from schemas.examples import FOLDER
from schemas.topics import ACTIONS, TopicSpec
from tests.forensic_log import (
    seal,
)

Run = Callable[..., Result]

ALERT = (FOLDER / "alerts-v1" / "alert.json").read_bytes()


def decided() -> Action:
    """A decision with every number that it rests on."""
    record = decode_from(ACTIONS, (FOLDER / "actions-v1" / "action.json").read_bytes())
    assert isinstance(record, Action)
    return record


def record(*values: tuple[TopicSpec, bytes], key: bytes = b"meadow", left_out: int = 0) -> None:
    """Let the log go on by these records, each behind what its topic has, and so many that are
    left out."""
    engine = engine_of(load())
    with LogWriter.open(engine) as log:
        for spec, value in values:
            number = zlib.crc32(key) % spec.partitions
            end = log.ends.get(Partition(spec.name, number), 0) + left_out
            log.append([leaf_of(Message(spec.name, number, end, key, value, ()))])
        seal(log)
    engine.dispose()


def with_fields(name: str, **changes: Any) -> Action:
    """Record the decision as another action's, with these changes."""
    action = sha256(name.encode()).hexdigest()
    made = msgspec.structs.replace(
        decided(), id=sha256(action.encode()).hexdigest(), action=action, **changes
    )
    record((ACTIONS, encode(made)))
    return made
