"""Telling everyone what happens on the way back of a case (`recoveries-v1`)."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from schemas.incidents import Recovery

PersonKey = Annotated[
    Path | None,
    typer.Option(
        "--key", help="Your Ed25519 key, where paging names whose word counts.", metavar="FILE"
    ),
]


def telling(key: Path | None) -> "Callable[[Recovery], None]":
    """Return what tells one record and comes back once the topic has it; nothing is opened before.

    It raises as the broker does when there is none, or no such topic; and `PoisonRecordError` for
    what would not count, as far as the settings here tell: that is not sent.
    """

    def tell(record: "Recovery") -> None:
        from cli.wiring import connect, read_settings
        from runtime.acknowledging import people_of
        from runtime.broker import Message
        from runtime.signatures import load_signer, signed
        from schemas.codec import encode
        from schemas.topics import RECOVERIES

        settings, value, protocol = read_settings(), encode(record), record.protocol.encode()
        proof = () if key is None else signed(value, load_signer(key))
        message = Message(RECOVERIES.name, 0, 0, protocol, value, proof)
        people_of(settings.paging).require_key(message)
        producer = connect(settings, RECOVERIES).producer()
        producer.send(RECOVERIES.name, value, key=protocol, headers=proof)
        producer.flush()
        producer.close()

    return tell
