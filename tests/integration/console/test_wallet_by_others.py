"""A wallet's sign-in, EIP-4361, beside what others wrote: siwe, by its authors, and ethers."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from console.wallet import STATEMENT, Challenge, challenge, check
from tests.integration.console.strangers import by_others
from tests.people import NOW, signature_of_text, wallet
from tests.unit.console.scene import CHAIN

ANA = wallet("ana")
SITE = "https://console.example.org"


@pytest.fixture(scope="module")
def siwe() -> Path:
    return by_others("siwe")


def read(siwe: Path, text: str, *asked: dict[str, str]) -> dict[str, Any]:
    """Have a message read by siwe, signed by ethers, and signatures of it judged."""
    given = {"home": str(siwe), "key": "0x" + bytes(ANA.key).hex(), "text": text, "asked": asked}
    done = subprocess.run(
        ["node", str(Path(__file__).with_name("siwe.cjs"))],
        input=json.dumps(given), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def ours(url: str = SITE, chain: str = CHAIN) -> Challenge:
    return challenge(url, ANA.address, chain, NOW)


@pytest.mark.parametrize(
    ("url", "chain"),
    [
        (SITE, CHAIN),
        ("http://127.0.0.1:8080", CHAIN),
        ("https://[::1]:8443", CHAIN),
        ("https://xn--feuerlsche-07a.example", "eip155:42161"),
    ],
)
def test_it_means_to_others_what_we_meant(siwe: Path, url: str, chain: str) -> None:
    asked = ours(url, chain)
    found = read(siwe, asked.text)
    fields = found["fields"]
    assert len(fields.pop("nonce")) >= 8
    assert {name: value for name, value in fields.items() if value is not None} == {
        "domain": url.partition("://")[2],
        "address": ANA.address,
        "statement": STATEMENT,
        "uri": f"{url}/login",
        "version": "1",
        "chainId": int(chain.removeprefix("eip155:")),
        "issuedAt": "2027-01-15T08:00:00Z",
        "expirationTime": "2027-01-15T08:05:00Z",
    }
    assert found["written"] == asked.text, "they write it as we do, byte for byte"


def test_they_believe_what_we_ask_for_and_nothing_else(siwe: Path) -> None:
    asked = ours()
    nonce = next(one[7:] for one in asked.text.split("\n") if one.startswith("Nonce: "))
    good = {
        "signature": signature_of_text(asked.text, "ana"),
        "domain": "console.example.org",
        "nonce": nonce,
        "time": "2027-01-15T08:04:59Z",
    }
    found = read(
        siwe,
        asked.text,
        good,
        good | {"domain": "evil.example.org"},
        good | {"nonce": "0" * 32},
        good | {"time": "2027-01-15T08:05:01Z"},
        good | {"signature": signature_of_text(asked.text, "ben")},
        good | {"signature": signature_of_text(asked.text + " ", "ana")},
    )
    believed, domain, known, late, somebody, another = found["wrong"]
    assert believed == ""
    assert "Domain" in domain
    assert "Nonce" in known
    assert "Expired" in late
    assert "Signature" in somebody
    assert "Signature" in another


def test_we_believe_what_their_wallet_signs(siwe: Path) -> None:
    asked = ours()
    check(asked, read(siwe, asked.text)["signature"], NOW)
