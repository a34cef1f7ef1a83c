"""An identity provider for this machine alone: whoever asks may be any of its people, by a click.

It speaks OpenID Connect as real ones do (discovery, authorisation code with PKCE, a signed token,
keys), so that the demo and the tests sign in the way that people do. It proves nothing about anyone
and must never be reachable from elsewhere.
"""

import base64
import hashlib
import html
import secrets
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from runtime.web import Place, serving
from sandbox.ports import HOST, free_port

TOKEN_SECONDS = 300

Claims = dict[str, Any]


class Identity:
    """The provider; it serves until its context is left."""

    def __init__(self, people: Mapping[str, Sequence[str]], client: str = "firebreak") -> None:
        """`people` are those whom anybody may be, each with their groups."""
        self.people = dict(people)
        self.issuer = f"http://{HOST}:{free_port()}"
        self.key = ECKey.generate_key("P-256", {"kid": secrets.token_hex(8), "use": "sig"})
        self.twist: dict[str, Any] = {}
        """Claims that a test wants to be other than they should be; None leaves one out."""
        self._client = client
        self._codes: dict[str, dict[str, str]] = {}
        port = int(self.issuer.rpartition(":")[2])
        app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/keys", self._keys),
            ]
        )
        self._served = serving(app, Place(HOST, port, "port"))

    def __enter__(self) -> Self:
        self._served.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._served.__exit__(kind, error, trace)

    async def _discovery(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
            }
        )

    async def _keys(self, _request: Request) -> Response:
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    async def _authorize(self, request: Request) -> Response:
        """Ask who somebody would like to be, or send them back as the one they chose."""
        asked = request.query_params
        if asked.get("client_id") != self._client or asked.get("code_challenge_method") != "S256":
            return PlainTextResponse("another client, or without PKCE\n", 400)
        who = asked.get("who")
        if who is None:
            links = "".join(
                f'<p><a href="?{html.escape(urlencode({**asked, "who": name}))}">'
                f"{html.escape(name)}</a></p>"
                for name in self.people
            )
            return HTMLResponse(
                "<!doctype html><html lang=en><title>Who are you?</title>"
                '<meta name="viewport" content="width=device-width">'
                f"<body style='font:1.4rem sans-serif'><h1>Who are you?</h1>{links}"
            )
        code = secrets.token_urlsafe(16)
        self._codes[code] = dict(asked)
        back = urlencode({"code": code, "state": asked.get("state", "")})
        address = f"{asked.get('redirect_uri', '')}?{back}"
        return Response(status_code=303, headers={"location": address})

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        asked = self._codes.pop(str(form.get("code")), None)
        verifier = str(form.get("code_verifier", "")).encode()
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
        if asked is None or digest != asked.get("code_challenge"):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": asked["who"],
            "aud": self._client,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "nonce": asked.get("nonce"),
            "groups": list(self.people.get(asked["who"], ())),
        }
        twisted = {k: v for k, v in {**claims, **self.twist}.items() if v is not None}
        return JSONResponse(
            {"access_token": "none", "token_type": "Bearer", "id_token": self.signed(twisted)}
        )

    def signed(self, claims: Claims) -> str:
        """Return a token of this provider."""
        kid = self.key.kid or ""
        return jwt.encode({"alg": "ES256", "kid": kid}, claims, self.key)
