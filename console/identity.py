"""Signing in by an identity provider: OpenID Connect, authorisation code with PKCE.

What the provider says is believed only in a token that its keys signed, for this client, for the
very question that this browser asked (state, nonce), in time. Every answer is bounded in size and
time; addresses that the provider names are used only if they are https (http on this machine).
"""

import secrets
from dataclasses import dataclass
from io import BytesIO
from typing import Any, cast

import msgspec
import requests
from authlib.integrations.requests_client import (  # type: ignore[import-untyped]  # ships no types
    OAuth2Session,
    OAuthError,
)
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from runtime.clock import Clock
from runtime.settings_console import ConsoleSettings, safe_address
from schemas.errors import PoisonRecordError, TransientError

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
"""Asymmetric ones only: a shared secret never signs who somebody is."""

SECONDS = 10.0
"""How long the provider may take for each answer."""

MAX_BYTES = 256 * 1024

REMEMBERED_SECONDS = 3600.0
"""How long what the provider says of itself is believed."""

LEEWAY_SECONDS = 60

LONGEST_SUBJECT = 255
"""OpenID Connect Core 1.0, section 2. A longer one is refused: cut, it could be somebody else's."""

_SECRETS = 32


@dataclass(frozen=True, slots=True)
class Question:
    """What one browser went to the provider with, once."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Named:
    """Whom the provider names."""

    subject: str
    groups: tuple[str, ...]


class Provider:
    """An identity provider. Blocking: call it from a thread."""

    def __init__(self, settings: ConsoleSettings, issuer: str, callback: str, clock: Clock) -> None:
        self.issuer = issuer
        self._client = settings.oidc_client
        self._secret = settings.secret()
        self._claim = settings.oidc_groups_claim
        self._callback = callback
        self._clock = clock
        self._itself: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._looked = 0.0

    def ask(self) -> tuple[str, Question]:
        """Return where to send a browser, and what to remember of it.

        Raises `TransientError` when the provider does not answer.
        """
        found = self._discovered()
        question = Question(*(secrets.token_urlsafe(_SECRETS) for _ in range(3)))
        with self._session(question.state) as session:
            address, _ = session.create_authorization_url(
                found["authorization_endpoint"],
                state=question.state,
                nonce=question.nonce,
                code_verifier=question.verifier,
            )
        return str(address), question

    def answer(self, question: Question, state: str, code: str) -> Named:
        """Return whom the provider names to the browser that comes back.

        Raises `PoisonRecordError` for anything but its answer to this question, `TransientError`
        when it does not answer.
        """
        if not secrets.compare_digest(state.encode(), question.state.encode()):
            raise PoisonRecordError("this is the answer to another question: sign in again")
        found = self._discovered()
        try:
            with self._session(question.state) as session:
                token = session.fetch_token(
                    found["token_endpoint"],
                    code=code,
                    code_verifier=question.verifier,
                    timeout=SECONDS,
                    stream=True,
                    allow_redirects=False,
                    hooks={"response": _bounded},
                )
        except (OAuthError, ValueError) as error:
            raise PoisonRecordError(f"the provider refuses: {error}"[:300]) from error
        except requests.RequestException as error:
            raise TransientError("the identity provider does not answer") from error
        return self._read(str(token.get("id_token") or ""), question.nonce)

    def _read(self, text: str, nonce: str) -> Named:
        if not text or len(text) > MAX_BYTES:
            raise PoisonRecordError("the provider gave no token that says who this is")
        try:
            token = self._decoded(text)
            rules = jwt.JWTClaimsRegistry(
                now=self._clock.now_ns() // 10**9,
                leeway=LEEWAY_SECONDS,
                iss={"essential": True, "value": self._discovered()["issuer"]},
                aud={"essential": True, "value": self._client},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            )
            rules.validate(token.claims)
        except (JoseError, ValueError) as error:
            raise PoisonRecordError(f"the provider's token is not valid: {error}"[:300]) from error
        claims = token.claims
        if claims.get("azp", self._client) != self._client:
            raise PoisonRecordError("the provider's token is for another client")
        groups = claims.get(self._claim) or ()
        if not isinstance(groups, list | tuple):
            groups = (groups,)
        subject = str(claims["sub"])
        if len(subject) > LONGEST_SUBJECT:
            raise PoisonRecordError("the provider's name for this person is too long")
        return Named(subject, tuple(str(group) for group in groups[:200]))

    def _decoded(self, text: str) -> jwt.Token:
        try:
            return jwt.decode(text, self._known_keys(), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            self._keys = None  # perhaps they were changed since
            return jwt.decode(text, self._known_keys(), algorithms=ALGORITHMS)

    def _known_keys(self) -> KeySet:
        if self._keys is None:
            self._keys = KeySet.import_key_set(
                cast("KeySetSerialization", self._get(self._discovered()["jwks_uri"]))
            )
        return self._keys

    def _discovered(self) -> dict[str, Any]:
        now = self._clock.monotonic()
        if self._itself and now - self._looked < REMEMBERED_SECONDS:
            return self._itself
        found = self._get(f"{self.issuer}/.well-known/openid-configuration")
        if str(found.get("issuer")).rstrip("/") != self.issuer:
            raise TransientError(f"{self.issuer} says that it is {found.get('issuer')!r}"[:300])
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            try:
                safe_address(str(found.get(name)))
            except ValueError as error:
                raise TransientError(f"{self.issuer}: its {name} {error}") from error
        self._itself, self._looked, self._keys = found, now, None
        return found

    def _get(self, address: str) -> dict[str, Any]:
        try:
            with requests.get(
                address, timeout=SECONDS, stream=True, allow_redirects=False
            ) as answer:
                answer.raise_for_status()
                return msgspec.json.decode(_bounded(answer).content, type=dict[str, Any])
        except (requests.RequestException, ValueError) as error:
            raise TransientError(f"{address} does not answer as an identity provider") from error

    def _session(self, state: str) -> OAuth2Session:
        secret = None if self._secret is None else self._secret.get_secret_value()
        return OAuth2Session(
            client_id=self._client,
            client_secret=secret,
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
            scope="openid profile groups",
            redirect_uri=self._callback,
            state=state,
            code_challenge_method="S256",
        )


def _bounded(answer: requests.Response, **_: Any) -> requests.Response:
    """Return an answer with no more of its body than may be read. Raises `ValueError` for more."""
    data = answer.raw.read(MAX_BYTES + 1, decode_content=True)
    if len(data) > MAX_BYTES:
        raise ValueError("too long")
    answer.raw = BytesIO(data)
    return answer
