"""The demo's transparency log: its name and key, and proofs of its leaves for people to keep."""

from pathlib import Path

import httpx

from forensics.record.note import NoteSigner
from runtime.signatures import generate, load_private
from sandbox.ports import HOST, free_port

ORIGIN = "firebreak.example/demo"

SEAL_SECONDS = 1
"""Between two checkpoints: people look on, and a demo has only a few."""


class Record:
    """What the log signs with, and where it answers."""

    def __init__(self, folder: Path) -> None:
        """Make its key in `folder`."""
        self._secret = generate(folder, "log")
        self._port = free_port()
        self.key = str(NoteSigner(ORIGIN, load_private(self._secret)).key)
        """Its public half, as `firebreak audit check` takes it."""
        self.url = f"http://{HOST}:{self._port}"

    @property
    def settings(self) -> dict[str, object]:
        """Return the keeper's settings, and the console's that asks it."""
        return {
            "FORENSICS__ORIGIN": ORIGIN,
            "FORENSICS__SIGNING_KEY": self._secret,
            "FORENSICS__SEAL_SECONDS": SEAL_SECONDS,
            "FORENSICS__WEB_PORT": self._port,
            "CONSOLE__LOG_URL": self.url,
        }

    def proof(self, record: str) -> str | None:
        """Return the proof that the log holds a record, None while there is none."""
        answer = httpx.get(f"{self.url}/proof/{record}", timeout=5)
        return answer.text if answer.status_code == httpx.codes.OK else None
