"""How many transactions a day has left, whatever happens to the process."""

from pathlib import Path

from runtime.durable import replace_synced
from schemas.errors import ConfigurationError, UnsafeToContinueError

DAY = 86_400
MOST_BYTES = 256 * 1024
"""Of the file; the largest budget takes less, with the longest names."""

_LONGEST_NAME = 128


class Budget:
    """So many transactions in any 24 hours, counted in a file. One is on disk before it is sent, so
    a crash may waste one and never sends one too many. One process alone may use a file."""

    def __init__(self, path: Path, most: int) -> None:
        """Raises `ConfigurationError` for a file that holds anything but times."""
        self._path = path
        self._most = most
        self._spent = _read(path)
        """When each was sent, in seconds since 1970, and for whom, '' for nobody by name."""

    def left(self, now: int) -> int:
        """Return how many more may be sent at `now`."""
        return max(0, self._most - sum(time > now - DAY for time, _ in self._spent))

    def spent(self, now: int, name: str) -> int:
        """Return how many were sent for one name in the 24 hours before `now`."""
        return sum(time > now - DAY and whom == name for time, whom in self._spent)

    def spend(self, now: int, name: str = "") -> None:
        """Count one that is about to be sent; `name`, for whom, has no blanks in it.

        Raises `UnsafeToContinueError` when the disk does not take it.
        """
        spent = [*(one for one in self._spent if one[0] > now - DAY), (now, name)]
        lines = "".join(f"{time} {whom}".rstrip() + "\n" for time, whom in spent)
        try:
            replace_synced(self._path, lines.encode())
        except OSError as error:
            raise UnsafeToContinueError(
                f"{self._path}: {error.strerror}: without it a restart would send without a bound"
            ) from error
        self._spent = spent


def _read(path: Path) -> list[tuple[int, str]]:
    try:
        with path.open() as file:
            lines = [line.partition(" ") for line in file.read(MOST_BYTES + 1).split("\n") if line]
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    if not all(
        time.isascii() and time.isdigit() and len(time) < 16 and len(whom) <= _LONGEST_NAME
        for time, _, whom in lines
    ):
        raise ConfigurationError(
            f"{path} holds no times of transactions: remove it, and a day's budget is spent anew"
        )
    return [(int(time), whom) for time, _, whom in lines]
