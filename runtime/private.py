"""Files that hold secrets."""

import os
from pathlib import Path

from schemas.errors import ConfigurationError


def require_private(path: Path) -> None:
    """Raise `ConfigurationError` if more people than need be can read this file, `OSError` if it
    cannot be looked at.

    Ours: nobody else may. Root's: its group may read it too, since that is how Kubernetes hands a
    secret to a process that is not root. (PostgreSQL's rule for its server key.)
    """
    found = path.stat()
    beyond = 0o037 if found.st_uid == 0 and os.geteuid() != 0 else 0o077
    if found.st_mode & beyond:
        mode = "640" if beyond == 0o037 else "600"
        raise ConfigurationError(f"{path} can be read by others: chmod {mode} {path}")
