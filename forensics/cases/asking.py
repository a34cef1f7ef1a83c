"""How an analysis asks: the same questions to a node that is recorded and to what was kept."""

from typing import Any, Protocol


class NotGivenError(Exception):
    """There is no answer, and why: the node declined, did not answer, or a bound was reached."""


class Evidence(Protocol):
    """Answers that can be pointed to afterwards."""

    def ask(self, method: str, *parameters: Any) -> Any:
        """Return what JSON holds as the answer's result. The same question has one answer.

        Raises `NotGivenError`.
        """
        ...
