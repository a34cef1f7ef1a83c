"""Writing down who vouches for the log. Beside the writer, from a thread of its own."""

from collections.abc import Iterable

from sqlalchemy import Connection, Engine, delete, insert, update

from forensics.record.database import errors_named
from forensics.record.log_reader import Anchored
from forensics.record.tables import ANCHORS, SEALS


class Vouched:
    """Cosignatures and anchors of one log. Raises as `database.errors_named` does."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def cosigned(self, size: int, note: str) -> None:
        """Replace a checkpoint's note by the same with more signatures."""
        with errors_named(self._engine), self._engine.begin() as connection:
            connection.execute(update(SEALS).where(SEALS.c.size == size).values(note=note))

    def anchored(self, anchors: Iterable[Anchored], *, up_to: int) -> None:
        """Write down what is on chain, where nothing is known of `up_to` leaves and more."""
        with errors_named(self._engine), self._engine.begin() as connection:
            connection.execute(delete(ANCHORS).where(ANCHORS.c.size > up_to))
            for anchor in anchors:
                _put(connection, anchor)


def _put(connection: Connection, anchor: Anchored) -> None:
    connection.execute(delete(ANCHORS).where(ANCHORS.c.size == anchor.size))
    connection.execute(insert(ANCHORS).values(anchor._asdict()))
