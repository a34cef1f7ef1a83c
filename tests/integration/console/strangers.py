"""An identity provider that others wrote, as a process of this machine, and a person's way in."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from runtime.settings import load
from sandbox.fetch_npm_tree import npm_tree
from sandbox.ports import free_port
from sandbox.process import ChildProcess
from schemas.errors import ConfigurationError, TransientError
from tests.waiting import until

CALLBACK = "https://console.example.org/login/provider/answer"
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
SECRET = "a-client-s-secret-of-at-least-32-characters"


def client(name: str, algorithm: str, secret: str = "") -> dict[str, Any]:
    """Return what a provider is told of a client of ours."""
    public = {"token_endpoint_auth_method": "none"}
    return {
        "client_id": name,
        "redirect_uris": [CALLBACK],
        "id_token_signed_response_alg": algorithm,
        **({"client_secret": secret} if secret else public),
    }


CLIENTS = [client(f"firebreak-{name}", name) for name in ALGORITHMS] + [
    client("firebreak", "RS256", SECRET),
    client("somebody-else", "RS256"),
]


def keys() -> list[Key]:
    """Return new keys, one for each kind of signature."""
    return [
        RSAKey.generate_key(2048, auto_kid=True),
        ECKey.generate_key("P-256", auto_kid=True),
        OKPKey.generate_key("Ed25519", auto_kid=True),
    ]


def by_others(name: str) -> Path:
    """Return where a pinned package of npm is installed. Skips the test, saying so, where it cannot
    be had."""
    try:
        return npm_tree(load().cache, name, lambda line: None)
    except (ConfigurationError, TransientError) as error:
        pytest.skip(f"no {name}: {error}")


class Stranger:
    """The provider; started again it may have other keys."""

    def __init__(self, folder: Path, groups: Mapping[str, Sequence[str]]) -> None:
        self._home = by_others("oidc-provider")
        self._folder, self._groups, self._port = folder, groups, free_port()
        self.issuer = f"http://127.0.0.1:{self._port}"
        self._process: ChildProcess | None = None

    def start(self, signing: Sequence[Key]) -> None:
        """Start it with these keys, ending the one before."""
        self.stop()
        settings = {
            "module": str(self._home / "node_modules/oidc-provider/lib/index.js"),
            "port": self._port,
            "keys": [key.as_dict(private=True) for key in signing],
            "clients": CLIENTS,
            "groups": self._groups,
        }
        file = self._folder / "provider.json"
        file.write_text(json.dumps(settings))
        script = str(Path(__file__).with_name("provider.mjs"))
        log = self._folder / "provider.log"
        self._process = ChildProcess(["node", script, str(file)], log)
        until(self._answers)

    def _answers(self) -> bool:
        assert self._process is not None
        self._process.require_running()
        try:
            return httpx.get(f"{self.issuer}/.well-known/openid-configuration").is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()


@contextmanager
def stranger(folder: Path, groups: Mapping[str, Sequence[str]]) -> Iterator[Stranger]:
    """Serve with keys of every kind."""
    provider = Stranger(folder, groups)
    try:
        provider.start(keys())
        yield provider
    finally:
        provider.stop()


def visit(address: str, who: str) -> str:
    """Go to the provider, say who one is and agree, or press Cancel for nobody; return where it
    sends the browser back to."""
    with httpx.Client() as browser:
        answer = browser.get(address)
        while True:
            while answer.is_redirect:
                address = urljoin(str(answer.url), answer.headers["location"])
                if address.startswith(CALLBACK):
                    return address
                answer = browser.get(address)
            answer.raise_for_status()
            answer = _next(browser, answer, who)


def _next(browser: httpx.Client, page: httpx.Response, who: str) -> httpx.Response:
    """Do what one of its pages asks for."""
    if not who:
        cancel = re.search(r'href="([^"]+/abort)"', page.text)
        assert cancel is not None, page.text
        return browser.get(urljoin(str(page.url), cancel[1]))
    form = re.search(r'action="([^"]+)"', page.text)
    prompt = re.search(r'name="prompt" value="(\w+)"', page.text)
    assert form is not None, page.text
    assert prompt is not None, page.text
    said = {"prompt": prompt[1], "login": who, "password": "any"}
    return browser.post(urljoin(str(page.url), form[1]), data=said)
