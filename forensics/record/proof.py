"""Proofs to take away (C2SP tlog-proof): a leaf is in a log, checked without anybody's help. Pure.

The file's `extra` line carries the entry itself. It is not trusted for being there: it has to hash
to the leaf that the proof proves.
"""

import base64
import binascii
from collections.abc import Collection
from typing import NamedTuple

from forensics.record.checkpoint import Checkpoint, opened
from forensics.record.errors import UntrustedError
from forensics.record.merkle import LONGEST_PROOF, check_inclusion, leaf_hash
from forensics.record.note import LONGEST_NOTE, Key

HEADER = "c2sp.org/tlog-proof@v1"
LONGEST = 2 * 65_536 + LONGEST_NOTE
"""Bytes: an entry in base64, a proof and a note."""


class LogProof(NamedTuple):
    """A leaf's place, the way to the root, and the signed checkpoint, as they stand in the file."""

    position: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def __str__(self) -> str:
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {base64.b64encode(self.extra).decode()}")
        lines.append(f"index {self.position}")
        lines += [base64.b64encode(node).decode() for node in self.hashes]
        return "\n".join(lines) + "\n\n" + self.checkpoint.decode()


class Proven(NamedTuple):
    """What a proof showed: an entry, where it stands, under which checkpoint, and when which
    witness saw that."""

    entry: bytes
    position: int
    checkpoint: Checkpoint
    witnesses: dict[Key, int]


def parse_proof(data: bytes) -> LogProof:
    """Read a proof. Raises `UntrustedError` for what is none."""
    if len(data) > LONGEST:
        raise UntrustedError(f"a proof of {len(data):,} bytes, the limit is {LONGEST:,}")
    try:
        head, gap, checkpoint = data.decode().partition("\n\n")
    except UnicodeDecodeError as error:
        raise UntrustedError(f"a proof is UTF-8; byte {error.start} is not") from error
    first, *lines = head.split("\n")
    if first != HEADER or not gap:
        raise UntrustedError(f"a proof begins with {HEADER} and ends with a checkpoint")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = _decoded(lines.pop(0).removeprefix("extra "))
    index = lines.pop(0).removeprefix("index ") if lines else ""
    if not (index.isascii() and index.isdigit()) or len(index) > 19 or len(lines) > LONGEST_PROOF:
        raise UntrustedError("a proof has a line `index N` and at most 63 hashes")
    found = LogProof(int(index), tuple(map(_decoded, lines)), checkpoint.encode(), extra)
    if str(found).encode() != data:
        raise UntrustedError("a proof has one way to be written, and this is another")
    return found


def check_proof(
    proof: LogProof, log: Key, witnesses: Collection[Key] = (), quorum: int = 0
) -> Proven:
    """Return what a proof shows, resting on the log's key and on `quorum` of the witnesses' alone.

    Raises `UntrustedError` with the first thing that does not hold.
    """
    if proof.extra is None:
        raise UntrustedError("the proof does not carry its entry")
    checkpoint, note = opened(proof.checkpoint, log)
    seen = note.signed_by(witnesses)
    if len(seen) < quorum:
        raise UntrustedError(f"{len(seen)} witnesses saw this checkpoint, {quorum} are needed")
    hashed = leaf_hash(proof.extra)
    check_inclusion(proof.position, checkpoint.size, hashed, proof.hashes, checkpoint.root)
    return Proven(proof.extra, proof.position, checkpoint, seen)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UntrustedError(f"not base64: {text[:80]!r}") from error
