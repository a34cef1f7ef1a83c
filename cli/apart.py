"""Who signs one thing must not be believed in another: who takes that key would have both."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from runtime.evm import Endpoints
    from runtime.settings import Settings
    from runtime.signatures import Signer
    from schemas.manifest import Manifest

_POWERS = {"isResponder(address)": "may brake", "isHeartbeat(address)": "renews the authority"}


def require_apart(
    name: str,
    address: str,
    settings: "Settings",
    nodes: "Endpoints",
    manifests: "Iterable[Manifest]",
) -> None:
    """Raise `ConfigurationError` when the account of setting `name` is that of a responder, a
    heartbeat or an issuer of this configuration, or one that a gate of these manifests obeys."""
    for power in (*_configured(address, settings), *_on_chain(address, nodes, manifests)):
        raise ConfigurationError(
            f"{name}: {address} {power}. Give it an account of its own, which can do nothing else"
        )


def signer_apart(path: Path, detectors: Path | None, kind: str) -> "Signer":
    """Return what signs a service's own records, which `firebreak keys KIND` made.

    Raises `ConfigurationError` when the key is none, or among those whose alerts are believed.
    """
    from runtime.signatures import key_id, load_signer, public_keys

    signer = load_signer(path)
    trusted = {} if detectors is None else public_keys(detectors)
    if signer.key_id in {key_id(public) for public in trusted.values()}:
        raise ConfigurationError(
            f"{path} is among respond.trusted_keys: whoever gets it could raise alerts. Take its "
            f"*.pub.pem out of that folder, or make another key: firebreak keys {kind}"
        )
    return signer


def _configured(address: str, settings: "Settings") -> Iterator[str]:
    files = {
        "respond.keystore": settings.respond.keystore,
        "respond.heartbeat_keystore": settings.respond.heartbeat_keystore,
        "signer.keystore": settings.signer.keystore,
        "signals.keystore": settings.signals.keystore,
    }
    for name, path in files.items():
        if path is not None and _named(path) == address.lower():
            yield f"is that of {name}"


def _named(keystore: Path) -> str:
    """Return the account that a keystore says it is of; it need not say."""
    with suppress(OSError, orjson.JSONDecodeError, AttributeError):
        said = str(orjson.loads(keystore.read_bytes()).get("address", ""))
        return "0x" + said.lower().removeprefix("0x")
    return ""


def _on_chain(address: str, nodes: "Endpoints", manifests: "Iterable[Manifest]") -> Iterator[str]:
    from eth_hash.auto import keccak

    gates = {
        brake.gate
        for manifest in manifests
        if manifest.chain == nodes.chain
        for brake in manifest.brakes
        if brake.gate is not None
    }
    for gate in sorted(gates):
        for question, power in _POWERS.items():
            data = "0x" + keccak(question.encode())[:4].hex() + address[2:].lower().rjust(64, "0")
            answer: object = nodes.ask("eth_call", {"to": gate, "data": data}, "latest")
            if isinstance(answer, str) and answer.strip("0x"):
                yield f"{power} through the gate {gate}"
