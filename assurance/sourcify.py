"""Verified source, as a Sourcify-compatible service knows it (its API v2).

`GET {endpoint}/v2/contract/{chain id}/{address}`: `runtimeMatch` is `exact_match`, `match` (all but
the metadata) or null; 404 for what nobody verified. Only asked where a person named an endpoint.
"""

from dataclasses import dataclass
from http import HTTPStatus

import httpx
import msgspec

from assurance.artefacts import known
from assurance.subject import Known
from schemas.assurance import Source
from schemas.errors import TransientError

MAX_BYTES = 16 * 1024 * 1024
SECONDS = 10.0

_MATCHES: dict[str, Source] = {"exact_match": "exact", "match": "apart from metadata"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether source is known, and what it says."""

    source: Source
    known: Known


class Sourcify:
    """One endpoint."""

    def __init__(self, endpoint: str, client: httpx.Client | None = None) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._client = client or httpx.Client(timeout=SECONDS, follow_redirects=False)

    def ask(self, chain: str, address: str) -> Verdict:
        """Return what is known of a contract's deployed code. Raises `TransientError` when there is
        no answer, or one that cannot be read."""
        where = f"{self._endpoint}/v2/contract/{chain.rpartition(':')[2]}/{address}"
        try:
            status, body = self._get(where)
            if status == HTTPStatus.NOT_FOUND:
                return Verdict("absent", Known())
            if status != HTTPStatus.OK:
                raise TransientError(f"the source service answers {status}")
            content = msgspec.json.decode(body, type=dict[str, object])
        except (httpx.HTTPError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise TransientError(f"the source service: {type(error).__name__}") from error
        source = _MATCHES.get(str(content.get("runtimeMatch")), "absent")
        return Verdict(source, known(content) if source != "absent" else Known())

    def _get(self, where: str) -> tuple[int, bytes]:
        with self._client.stream("GET", where, params={"fields": "abi,storageLayout"}) as answer:
            body = b""
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > MAX_BYTES:
                    raise TransientError(f"the source service sends more than {MAX_BYTES:,} bytes")
            return answer.status_code, body

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()
