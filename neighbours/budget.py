"""How many postings a day has left, whatever happens to the process."""

from pathlib import Path

from runtime.durable import replace_synced
from schemas.errors import ConfigurationError, UnsafeToContinueError

DAY = 86_400
MOST_BYTES = 64 * 1024
"""Of the file; the largest budget takes a third of that."""


class Budget:
    """So many postings in any 24 hours, counted in a file. One is on disk before it is made, so a
    crash may waste one and never makes one too many. One process alone may use a file."""

    def __init__(self, path: Path, most: int) -> None:
        """Raises `ConfigurationError` for a file that holds anything but times."""
        self._path = path
        self._most = most
        self._spent = _read(path)
        """When each was made, in seconds since 1970."""

    def left(self, now: int) -> bool:
        """Say whether another may be made at `now`."""
        return sum(time > now - DAY for time in self._spent) < self._most

    def spend(self, now: int) -> None:
        """Count one that is about to be made.

        Raises `UnsafeToContinueError` when the disk does not take it.
        """
        spent = [*(time for time in self._spent if time > now - DAY), now]
        try:
            replace_synced(self._path, "".join(f"{time}\n" for time in spent).encode())
        except OSError as error:
            raise UnsafeToContinueError(
                f"{self._path}: {error.strerror}: without it a restart would post without a bound"
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
            f"{path} holds no times of postings: remove it, and a day's budget is spent anew"
        )
    return [int(line) for line in lines]
