"""How many transactions a day has left, whatever happens to the process."""

from pathlib import Path

from runtime.durable import replace_synced
from schemas.errors import ConfigurationError, UnsafeToContinueError

DAY = 86_400
MOST_BYTES = 64 * 1024
"""Of the file; the largest budget takes a third of that."""


class Budget:
    """So many transactions in any 24 hours, counted in a file. One is on disk before it is sent, so
    a crash may waste one and never sends one too many. One process alone may use a file."""

    def __init__(self, path: Path, most: int) -> None:
        """Raises `ConfigurationError` for a file that holds anything but times."""
        self._path = path
        self._most = most
        self._spent = _read(path)
        """When each was sent, in seconds since 1970."""

    def left(self, now: int) -> int:
        """Return how many more may be sent at `now`."""
        return max(0, self._most - sum(time > now - DAY for time in self._spent))

    def spend(self, now: int) -> None:
        """Count one that is about to be sent.

        Raises `UnsafeToContinueError` when the disk does not take it.
        """
        spent = [*(time for time in self._spent if time > now - DAY), now]
        try:
            replace_synced(self._path, "".join(f"{time}\n" for time in spent).encode())
        except OSError as error:
            raise UnsafeToContinueError(
                f"{self._path}: {error.strerror}: without it a restart would send without a bound"
            ) from error
        self._spent = spent


def _read(path: Path) -> list[int]:
    try:
        with path.open() as file:
            lines = file.read(MOST_BYTES + 1).split()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    if not all(line.isascii() and line.isdigit() and len(line) < 16 for line in lines):
        raise ConfigurationError(
            f"{path} holds no times of transactions: remove it, and a day's budget is spent anew"
        )
    return [int(line) for line in lines]
