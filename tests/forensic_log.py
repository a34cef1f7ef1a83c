"""Logs for tests: records to fill them with, and what signs them."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from forensics.record.checkpoint import Checkpoint
from forensics.record.leaf import Leaf, leaf_of
from forensics.record.log_reader import Kept, LogReader, Sealed
from forensics.record.log_writer import LogWriter
from forensics.record.note import COSIGNATURE, NoteSigner
from forensics.record.order import Order, placed
from runtime.broker import Message
from schemas.actions import Action
from schemas.base import Record
from schemas.codec import decode_from, encode
from schemas.examples import FOLDER
from schemas.ids import content_id
from schemas.incidents import Recovery, Turn
from schemas.services import RECORDED
from schemas.topics import ACTIONS, TopicSpec

ORIGIN = "firebreak.example/log"
BRAKE = content_id("action", "a brake")
INCIDENT = content_id("incident", "an incident")
STATES = ("proposed", "authorised", "nonce-reserved", "signed", "broadcast", "included", "final")


def private(name: str) -> Ed25519PrivateKey:
    """A key that is the same in every run."""
    return Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())


SIGNER = NoteSigner(ORIGIN, private("log"))
WITNESS = NoteSigner("witness.example/w1", private("witness"), COSIGNATURE)


def action(step: int, brake: str = BRAKE, **changes: Any) -> Action:
    """One step of a brake; its journal wrote them all, in this order."""
    state = STATES[step % len(STATES)]
    given: dict[str, Any] = {
        "id": content_id("action-step", brake, step, state),
        "action": brake,
        "step": step,
        "state": state,
        "chain": "eip155:1",
        "protocol": "meadow",
        "incident": INCIDENT,
        "alert": content_id("alert", "an alert"),
        "adapter": "gate",
        "target": "eip155:1:0x1a87e6e058b131e4abd03f2bbdf185a93f619c02",
        "calldata": "0x8456cb59",
        "scope": "T1",
        "reason": "the expected loss outweighs the cost",
    }
    return Action(**given | changes)


def message(offset: int, record: Action | None = None, partition: int = 0) -> Message:
    """A record as it lies on `actions-v1`."""
    value = encode(record or action(offset))
    return Message(ACTIONS.name, partition, offset, b"meadow", value, (("record-id", b"\xff\x00"),))


def leaves(count: int, start: int = 0, partition: int = 0) -> list[Leaf]:
    """So many leaves of one partition."""
    return [leaf_of(message(offset, None, partition)) for offset in range(start, start + count)]


def seal(log: LogWriter, *, brake: bool = False) -> Sealed:
    """Sign what there is, without any topic."""
    checkpoint = Checkpoint(ORIGIN, log.frontier.size, log.frontier.root())
    sealed = Sealed(checkpoint.size, checkpoint.root, str(checkpoint.signed(SIGNER)), brake)
    log.seal(sealed)
    return sealed


def grown(log: LogWriter, sizes: Sequence[int]) -> Iterator[Sealed]:
    """Let a log grow to each of these sizes, and seal it there."""
    for size in sizes:
        log.append(leaves(size - log.frontier.size, log.frontier.size))
        yield seal(log)


def disordered(*records: Action | Recovery) -> list[str]:
    """Say what stands out of its order in a log of these."""
    placed_ = ((at, placed(encode(one))) for at, one in enumerate(records))
    return list(Order().disordered((at, one) for at, one in placed_ if one is not None))


def of_kind(log: LogReader, kind: str) -> list[Kept]:
    """Return a log's leaves of a kind, in their order."""
    return [leaf for leaf in log.leaves(0, log.size()) if leaf.kind == kind]


def real_leaves(count: int, start: int = 0) -> list[Leaf]:
    """So many leaves as the log really has them: the published examples of all that it records, in
    turn, in their own sizes, and in an order that is sound."""
    return [leaf_of(_real_message(number)) for number in range(start, start + count)]


def _real_message(number: int) -> Message:
    turn, which = divmod(number, len(_REAL))
    spec, record = _REAL[which]
    changes: dict[str, Any] = {"id": content_id("record", str(number))}
    if isinstance(record, Action):
        brake, step = divmod(turn, len(STATES))
        action = content_id("action", str(brake))
        changes |= {"action": action, "step": step, "state": STATES[step]}
    elif isinstance(record, Recovery):
        changes["turn"] = Turn(place=turn, event="elapsed" if turn else "opened")
    value = encode(replace(record, **changes))
    return Message(spec.name, which, turn, b"meadow", value, (("record-id", b"\xff\x00"),))


_REAL: list[tuple[TopicSpec, Record]] = [
    (spec, decode_from(spec, path.read_bytes()))
    for spec in RECORDED
    for path in sorted((FOLDER / spec.name).glob("*.json"))
]
