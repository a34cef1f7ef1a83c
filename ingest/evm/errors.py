"""How one endpoint can fail us; each way, another endpoint may do better."""

from schemas.errors import TransientError


class EndpointError(TransientError):
    """This endpoint could not do it: ask another, come back later."""

    after: float | None = None
    """Seconds it told us to wait."""


class NoAnswerError(EndpointError):
    """Nothing came back in time, or the connection broke."""


class BusyError(EndpointError):
    """It told us that we ask too much."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class RefusedError(EndpointError):
    """It answered with an error: it does not know the method, or will not do it."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class FaultyAnswerError(EndpointError):
    """What it answered contradicts itself or the block's header; it must not be published."""
