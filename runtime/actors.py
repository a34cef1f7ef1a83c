"""Whose steps of brakes are believed: those that a responder's key signed, where any is named.

A step is read long after it was signed, so its signature does not expire; a key's term ends as any
other's does. Where a step stood on its topic is not signed: it can be said again, and is the same
step then.
"""

from pathlib import Path

from runtime.broker import Message
from runtime.signatures import Verifier, verifier_of
from schemas.actions import Action
from schemas.codec import decode


class Actors:
    """Those whose steps are believed; everybody where no key is named."""

    def __init__(self, keys: Verifier | None = None) -> None:
        self._keys = keys

    def read(self, message: Message) -> Action:
        """Return the step of a message of `actions-v1`.

        Raises `PoisonRecordError` for one that cannot be read, or is not to be believed.
        """
        action = decode(message.value or b"", Action)
        self.require(message, action)
        return action

    def require(self, message: Message, action: Action) -> None:
        """Raise `PoisonRecordError` unless one of them signed the bytes that this step was read
        from, within that key's term."""
        if self._keys is not None:
            newest = max(action.alert_block or 0, action.block or 0)
            self._keys.require(message, action.chain, newest)


def actors_of(folder: Path | None) -> Actors:
    """Return those whose keys are in a folder, everybody without one.

    Raises `ConfigurationError` for keys that are none.
    """
    return Actors(verifier_of(folder))
