"""A clock for tests (`runtime.clock.Clock`)."""


class ManualClock:
    """It stands until a test moves it; both of its times are the same."""

    def __init__(self, seconds: float = 1000.0) -> None:
        self.seconds = float(seconds)

    def now_ns(self) -> int:
        return int(self.seconds * 1e9)

    def monotonic(self) -> float:
        return self.seconds
