"""Secrets in files, for their owner alone."""

import os
from pathlib import Path

from pydantic import SecretStr

from runtime.logs import conceal
from schemas.errors import ConfigurationError

MAX_SECRET_BYTES = 64 * 1024


def require_private(path: Path) -> None:
    """Raise `ConfigurationError` if more people than need be can read a file, or it cannot be
    looked at.

    Ours: nobody else may. Root's: its group may read it too, since that is how Kubernetes hands a
    secret to a process that is not root. (PostgreSQL's rule for its server key.)
    """
    try:
        found = path.stat()
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    beyond = 0o037 if found.st_uid == 0 and os.geteuid() != 0 else 0o077
    if found.st_mode & beyond:
        mode = "640" if beyond == 0o037 else "600"
        raise ConfigurationError(f"{path} can be read by others: chmod {mode} {path}")


def secret_in(path: Path) -> SecretStr:
    """Read a secret from a file; a final line break is not part of it.

    Raises `ConfigurationError` when it is not there, others may read it, or it is no secret.
    """
    require_private(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SECRET_BYTES + 1)
        text = data.decode().rstrip("\r\n")
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: not UTF-8 at byte {error.start}") from None
    if not text or len(data) > MAX_SECRET_BYTES:
        raise ConfigurationError(f"{path}: {len(data):,} bytes are no secret")
    conceal(text)
    return SecretStr(text)


def one_secret(name: str, given: SecretStr | None, file: Path | None) -> SecretStr | None:
    """Return the secret that was given itself or as a file, None when it was given neither way.

    Raises `ConfigurationError` when it was given both ways.
    """
    if given is not None and file is not None:
        raise ConfigurationError(f"{name} and {name}_file are both set: keep one of them")
    return given if file is None else secret_in(file)
