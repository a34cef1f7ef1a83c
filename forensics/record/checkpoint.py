"""Checkpoints (C2SP tlog-checkpoint): a log's size and root, in a signed note. Pure."""

import base64
import binascii
from typing import NamedTuple

from forensics.record.errors import UntrustedError
from forensics.record.merkle import HASH_BYTES
from forensics.record.note import Key, Note, NoteSigner, parse_note

LARGEST_SIZE = 2**63 - 1


class Checkpoint(NamedTuple):
    """What a log says of itself: its first `size` leaves have this root."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def signed(self, signer: NoteSigner) -> Note:
        """Return the checkpoint as a note of its log."""
        return Note(str(self), (signer.sign(str(self)),))


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a note's text. Raises `UntrustedError` for what is no checkpoint.

    Extension lines are refused: nobody could audit what they say.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise UntrustedError("a checkpoint is three lines: origin, size, root")
    origin, digits, packed, _ = lines
    try:
        root = base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UntrustedError("a checkpoint's third line is its root in base64") from error
    if not (digits.isascii() and digits.isdigit()) or len(digits) > len(str(LARGEST_SIZE)):
        raise UntrustedError("a checkpoint's second line is its size")
    found = Checkpoint(origin, int(digits), root)
    if not origin or found.size > LARGEST_SIZE or len(root) != HASH_BYTES or str(found) != text:
        raise UntrustedError("no checkpoint: origin, size and root have one way to be written")
    return found


def opened(data: bytes, log: Key) -> tuple[Checkpoint, Note]:
    """Read a checkpoint that this log signed. Raises `UntrustedError` for any other."""
    note = parse_note(data)
    if log not in note.signed_by([log]):
        raise UntrustedError(f"the checkpoint is not signed by {log}")
    found = parse_checkpoint(note.text)
    if found.origin != log.name:
        raise UntrustedError(f"a checkpoint of {found.origin!r}, not of {log.name!r}")
    return found, note
