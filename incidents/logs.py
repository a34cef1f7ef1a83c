"""What Faust and its libraries log, in our own log."""

import logging

from runtime.logs import Forwarding

REPEAT_SECONDS = 10.0
"""How long a statement is not repeated. While a broker is away, the libraries say so a hundred
times a second."""

_REMEMBERED = 1000


class _Once(logging.Filter):
    """Lets the same statement through once in a while."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether it was not said lately."""
        statement = record.name, str(record.msg)
        if record.created - self._said.get(statement, -REPEAT_SECONDS) < REPEAT_SECONDS:
            return False
        if len(self._said) >= _REMEMBERED:
            self._said.clear()
        self._said[statement] = record.created
        return True


def adopt(level: str) -> None:
    """Take over the standard library's log, through which only libraries speak. They tell of every
    step they take: they are heard from WARNING on, unless `level` asks for DEBUG."""
    forwarding = Forwarding()
    heard = logging.DEBUG
    if level != "DEBUG":
        forwarding.addFilter(_Once())
        heard = logging.WARNING
    logging.basicConfig(handlers=[forwarding], level=heard, force=True)
