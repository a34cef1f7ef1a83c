"""Proofs and standings of what is in a log."""

from typing import Any, NamedTuple

from forensics.record import tiles
from forensics.record.log_reader import Anchored, Kept, LogReader, Sealed
from forensics.record.note import parse_note
from forensics.record.proof import LogProof
from schemas.errors import PoisonRecordError, TransientError


class Standing(NamedTuple):
    """How far a leaf is vouched for."""

    leaf: Kept
    sealed: Sealed | None
    """The checkpoint that a proof of it would rest on; None while it is not sealed."""
    anchored: Anchored | None
    """Where that checkpoint's root is on a chain."""

    @property
    def witnesses(self) -> tuple[str, ...]:
        """Who cosigned that checkpoint, as the note says; whoever relies on it checks."""
        if self.sealed is None:
            return ()
        own, *others = parse_note(self.sealed.note.encode()).lines
        return tuple(line.name for line in others if line.key_id != own.key_id)

    def shown(self) -> dict[str, Any]:
        """Return it for JSON."""
        anchored = self.anchored
        return {
            "leaf": self.leaf.position,
            "hash": self.leaf.hash.hex(),
            "topic": self.leaf.topic,
            "partition": self.leaf.partition,
            "offset": self.leaf.offset,
            "kind": self.leaf.kind,
            "sealed": self.sealed.size if self.sealed else None,
            "witnesses": list(self.witnesses),
            "anchor": anchored and anchored.shown(),
        }


def standing(reader: LogReader, position: int) -> Standing:
    """Return how far a leaf is vouched for. Raises `LookupError` for one that there is not."""
    leaf = reader.leaf(position)
    anchored = reader.anchor_above(position)
    sealed = reader.seal_of(anchored.size) if anchored else reader.newest_seal()
    if sealed is not None and sealed.size <= position:
        sealed = None
    return Standing(leaf, sealed, anchored)


def prove(reader: LogReader, position: int) -> LogProof:
    """Return a leaf's proof: under the first checkpoint that covers it and is on chain, else under
    the newest.

    Raises `LookupError` for a leaf that there is not, `TransientError` for one that is not sealed
    yet, `PoisonRecordError` for one of which only the hash is left.
    """
    found = standing(reader, position)
    if found.sealed is None:
        raise TransientError(f"leaf {position} is not sealed yet: ask again in a few seconds")
    if found.leaf.entry is None:
        raise PoisonRecordError(
            f"of leaf {position} only the hash is left: {found.leaf.hash.hex()}"
        )
    size = found.sealed.size
    return LogProof(
        position,
        tuple(tiles.inclusion(position, size, reader.tile)),
        found.sealed.note.encode(),
        found.leaf.entry,
    )
