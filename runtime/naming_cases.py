"""Finds the case that people name by its id, or by how that begins."""

from runtime.broker import History, Message, read_topic
from runtime.keepers import Keepers
from schemas.errors import ConfigurationError, PoisonRecordError
from schemas.incidents import Incident
from schemas.topics import INCIDENTS

SHORTEST = 8
"""Digits of an id that name a case."""


def named_case(broker: History, start: str, keepers: Keepers) -> tuple[Message, Incident]:
    """Return the newest state of the one case whose id begins so, and the record that it was in.

    Raises `ConfigurationError` when none does, or more than one. What nobody can read, or `keepers`
    did not sign, is no case.
    """
    if len(start) < SHORTEST:
        raise ConfigurationError(f"{start!r}: give at least {SHORTEST} digits of the case's id")
    newest: dict[str, tuple[Message, Incident]] = {}

    def take(message: Message) -> None:
        try:
            case = keepers.read(message)
        except PoisonRecordError:
            return
        if case.id.startswith(start):
            newest[case.id] = message, case

    read_topic(broker, INCIDENTS.name, take)
    if len(newest) != 1:
        told = ", ".join(sorted(newest)[:5]) or "none"
        raise ConfigurationError(f"{start!r} must name one case; on {INCIDENTS.name}: {told}")
    return next(iter(newest.values()))
