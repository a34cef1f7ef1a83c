"""Asking witnesses for cosignatures (C2SP tlog-witness)."""

from collections.abc import Sequence
from typing import NamedTuple

import httpx

from forensics.record.errors import UntrustedError
from forensics.record.log_reader import LogReader, Sealed
from forensics.record.note import LONGEST_NOTE, Key, Line, parse_lines, parse_note
from forensics.record.tiles import consistency
from forensics.record.witness import Request
from schemas.errors import TransientError

TIMEOUT = 5.0
"""Seconds that a witness gets."""

_OK, _CONFLICT = 200, 409


class Address(NamedTuple):
    """A witness: its key, and where its `add-checkpoint` is."""

    key: Key
    url: str


class WitnessClient:
    """One witness, as one log sees it."""

    def __init__(self, log: LogReader, address: Address, client: httpx.Client) -> None:
        self.address = address
        self._log = log
        self._client = client
        self._known = 0
        """The size of what the witness cosigned last, as far as is known."""

    def cosign(self, sealed: Sealed) -> Sequence[Line]:
        """Return the witness' cosignatures of a checkpoint.

        Raises `TransientError` when it does not answer, `UntrustedError` when it refuses: then it
        has seen another log under this name, or knows none.
        """
        status, body = self._ask(sealed)
        if status == _CONFLICT and body.strip().isdigit():
            self._known = min(int(body[:19]), 2**63 - 1)
            if self._known > sealed.size:
                raise UntrustedError(
                    f"{self.address.key.name} cosigned {self._known} leaves of this log, which has "
                    f"{sealed.size}: the log was rolled back, or it has a double"
                )
            status, body = self._ask(sealed)
        if status != _OK:
            raise UntrustedError(f"{self.address.key.name} refuses ({status}): {body[:200]}")
        lines = [line for line in parse_lines(body) if line.key_id == self.address.key.id]
        note = parse_note(sealed.note.encode()).with_lines(lines)
        if self.address.key not in note.signed_by([self.address.key]):
            raise UntrustedError(
                f"{self.address.key.name} answers without a cosignature of its own"
            )
        self._known = sealed.size
        return lines

    def _ask(self, sealed: Sealed) -> tuple[int, str]:
        old = self._known
        proof = consistency(old, sealed.size, self._log.tile)
        request = Request(old, tuple(proof), sealed.note.encode())
        url = f"{self.address.url.rstrip('/')}/add-checkpoint"
        try:
            with self._client.stream("POST", url, content=bytes(request)) as answer:
                body = bytearray()
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > LONGEST_NOTE:
                        raise UntrustedError(f"{self.address.key.name} answers without end")
                return answer.status_code, body.decode("utf-8", "replace")
        except httpx.HTTPError as error:
            raise TransientError(f"{self.address.key.name} does not answer: {error}") from error
