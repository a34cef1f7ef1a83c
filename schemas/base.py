"""What every record shares."""

import msgspec


class Record(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", gc=False):
    """A value that travels on a topic; immutable, tagged by its `kind`, defaults left out.

    A record holds nothing that differs between two runs over the same chain: times of our own
    hops, signatures and offsets travel in headers (`schemas.headers`). Nothing in one refers back
    to it, so the garbage collector need not walk it.
    """

    def check(self) -> None:
        """Raise `ValueError` for a value that the types let through and the record must not hold.

        Called when a record is encoded, not when it is read: who wrote it has checked it.
        """


class Part(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A piece of a record; never travels alone."""
