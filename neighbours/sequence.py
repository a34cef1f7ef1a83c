"""The number that no two signals of ours share, whatever happens to the process."""

from pathlib import Path

from runtime.durable import replace_synced
from schemas.errors import ConfigurationError, UnsafeToContinueError

_LONGEST = 20


class Sequence:
    """Counts in a file. A number is on disk before anyone sees it, so a crash skips numbers and
    never uses one twice. One process alone may use a file."""

    def __init__(self, path: Path) -> None:
        """Raises `ConfigurationError` for a file that holds no number."""
        self._path = path
        self._last = _read(path)

    def at_least(self, seq: int) -> None:
        """Go on above a number that was seen in use: the file may be older than the topic."""
        self._last = max(self._last, seq)

    def next(self) -> int:
        """Return a number that was never returned before.

        Raises `UnsafeToContinueError` when the disk does not take it.
        """
        number = self._last + 1
        try:
            replace_synced(self._path, f"{number}\n".encode())
        except OSError as error:
            raise UnsafeToContinueError(
                f"{self._path}: {error.strerror}: without it a sequence could be used twice"
            ) from error
        self._last = number
        return number


def _read(path: Path) -> int:
    try:
        with path.open() as file:
            text = file.read(_LONGEST + 1).strip()
    except FileNotFoundError:
        return 0
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    if not (text.isascii() and text.isdigit()) or len(text) > _LONGEST:
        raise ConfigurationError(
            f"{path} holds no sequence: put the highest number that was used into it"
        )
    return int(text)
