"""Examines what the settings name: Kafka and its topics, ports, nodes, keys, manifests."""

import asyncio
import re
import socket
from collections.abc import Iterator
from pathlib import Path

from ingest.evm.connection import Connection
from runtime.kafka import KafkaBroker
from runtime.logs import without_credentials
from runtime.manifests import load_manifests
from runtime.settings import Settings
from runtime.settings_sources import origin
from runtime.signatures import load_verifier
from sandbox import ports
from sandbox.finding import Finding
from schemas.errors import ConfigurationError, TransientError
from schemas.topics import TOPICS

_OURS = re.compile(r"(firebreak|cli\.main|cli/main\.py) [a-z]")
"""A command of ours on a command line; a folder of that name does not count."""

_CONNECT_SECONDS = 3.0

_SEVERAL = 3
"""Differences that are named; the rest is counted."""


def installation(settings: Settings) -> Iterator[Finding]:
    """Look at everything the settings name."""
    yield from kafka(settings)
    yield from web_ports(settings)
    yield from nodes(settings)
    yield from keys(settings)
    yield manifests(settings.protocols)


def kafka(settings: Settings) -> Iterator[Finding]:
    """Look whether Kafka answers and has the topics."""
    servers = settings.kafka.bootstrap_servers
    if not any(map(_accepts, servers.split(","))):
        yield _unreachable(servers)
        return
    broker = KafkaBroker(
        settings.kafka.librdkafka() | {"log_level": 0},
        replication=settings.kafka.replication,
        namespace=settings.kafka.namespace,
    )
    try:
        count = broker.brokers()
        differences = broker.differences(TOPICS.values())
    except TransientError:
        detail = f"{servers} accepts connections, but does not answer as Kafka does"
        yield Finding.bad("Kafka", detail, _stranger(servers))
        return
    yield Finding.good("Kafka", f"{count} broker{'s' * (count != 1)} at {servers}")
    if not differences:
        yield Finding.good("topics", f"all {len(TOPICS)} as specified")
        return
    more = f", and {len(differences) - _SEVERAL} more" if len(differences) > _SEVERAL else ""
    yield Finding.bad(
        "topics",
        "; ".join(differences[:_SEVERAL]) + more,
        "create what is missing: firebreak topics create; set what differs with Kafka's own tools",
    )


def _accepts(server: str) -> bool:
    host, _, port = server.strip().rpartition(":")
    try:
        address = (host.strip("[]"), int(port))
        with socket.create_connection(address, timeout=_CONNECT_SECONDS):
            return True
    except (OSError, ValueError):
        return False


def _unreachable(servers: str) -> Finding:
    if origin(("kafka", "bootstrap_servers"), {}) == "default":
        return Finding.good(
            "Kafka", f"none at {servers}, and none is configured; firebreak kafka up starts one"
        )
    return Finding.bad(
        "Kafka",
        f"nobody accepts connections at {servers}",
        "start it, or mend kafka.bootstrap_servers (firebreak config show says where it was set)",
    )


def _stranger(servers: str) -> str:
    port = servers.rpartition(":")[2]
    listener = ports.listener(int(port)) if port.isdecimal() else None
    who = f" ({listener} listens there)" if listener else ""
    return (
        f"if that is no Kafka{who}, end it, or use another port: firebreak kafka up --port PORT "
        "and KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:PORT; if it is, mend the kafka.* settings "
        "(security_protocol, sasl_*, ssl_*)"
    )


def web_ports(settings: Settings) -> Iterator[Finding]:
    """Look whether the services could listen where they are told to."""
    for name, port in (
        ("incidents.web_port", settings.incidents.web_port),
        ("health.port", settings.health.port),
    ):
        if port:
            yield web_port(name, port)


def web_port(name: str, port: int) -> Finding:
    """Look whether a port is free, or one of our own services has it."""
    title = f"port {port}"
    if ports.is_free(port):
        return Finding.good(title, f"free for {name}")
    listener = ports.listener(port) or "another program"
    if _OURS.search(listener):
        return Finding.good(title, f"{name} is in use, by {listener}")
    return Finding.bad(
        title,
        f"taken by {listener}, so {name} cannot be used",
        f"end that program, or set {name} to another port",
    )


def nodes(settings: Settings) -> Iterator[Finding]:
    """Ask every node which chain it is on."""
    addresses = dict.fromkeys((*settings.evm.endpoints, *settings.respond.endpoints))
    if not addresses:
        yield Finding.good("EVM nodes", "none configured (evm.endpoints)")
    for address in addresses:
        title = f"node {without_credentials(address)}"
        try:
            chain = asyncio.run(_chain_id(address, settings.evm.request_seconds))
        except (TransientError, ConfigurationError, ValueError) as error:
            yield Finding.bad(title, str(error), "start it, or mend evm.endpoints")
        else:
            yield Finding.good(title, f"answers, chain eip155:{chain}")


async def _chain_id(address: str, seconds: float) -> int:
    connection = Connection(address, seconds)
    try:
        return int(str(await connection.request("eth_chainId")), 16)
    finally:
        await connection.close()


def keys(settings: Settings) -> Iterator[Finding]:
    """Look whether each key that is configured is there, and private ones are private."""
    private = {
        "detect.signing_key": settings.detect.signing_key,
        "incidents.signing_key": settings.incidents.signing_key,
        "respond.signing_key": settings.respond.signing_key,
        "respond.keystore": settings.respond.keystore,
        "respond.keystore_password_file": settings.respond.keystore_password_file,
        "respond.heartbeat_keystore": settings.respond.heartbeat_keystore,
        "signer.keystore": settings.signer.keystore,
        "signer.keystore_password_file": settings.signer.keystore_password_file,
        "kafka.sasl_password_file": settings.kafka.sasl_password_file,
        "kafka.ssl_key_location": settings.kafka.ssl_key_location,
        "kafka.ssl_key_password_file": settings.kafka.ssl_key_password_file,
    }
    named = {name: path for name, path in private.items() if path is not None}
    for name, path in named.items():
        yield private_file(name, path)
    folders = {
        "respond.trusted_keys": (settings.respond.trusted_keys, "detectors'", "alerts"),
        "respond.action_keys": (settings.respond.action_keys, "responders'", "steps of brakes"),
        "incidents.trusted_keys": (settings.incidents.trusted_keys, "keepers'", "cases"),
    }
    for name, (folder, whose, what) in folders.items():
        if folder is not None:
            yield trusted(name, folder, whose, what)
    if not named and not any(folder for folder, _, _ in folders.values()):
        yield Finding.good("keys", "none configured (detect.signing_key, respond.*, incidents.*)")


def private_file(name: str, path: Path) -> Finding:
    """Look whether a secret is there and for its owner alone."""
    if not path.is_file():
        return Finding.bad(name, f"{path} does not exist", f"make it, or mend the setting {name}")
    if path.stat().st_mode & 0o077:
        return Finding.bad(name, f"{path} can be read by others", f"chmod 600 {path}")
    return Finding.good(name, str(path))


def trusted(name: str, folder: Path, whose: str, what: str) -> Finding:
    """Look whether there are keys that would be believed: whose they are, and what they say."""
    try:
        load_verifier(folder)
    except ConfigurationError as error:
        told = f"{error}; services that read {what} do not start"
        remedy = f"put the {whose} *.pub.pem there, or mend the setting {name}"
        return Finding.bad(name, told, remedy)
    return Finding.good(name, str(folder))


def manifests(folder: Path) -> Finding:
    """Look whether every manifest can be read."""
    try:
        found = load_manifests(folder)
    except ConfigurationError as error:
        return Finding.bad("manifests", str(error), "mend what is named; docs: protocols/")
    if not found:
        remedy = "write one, or let FIREBREAK_PROTOCOLS name the folder that has them"
        return Finding.bad("manifests", f"no *.toml in {folder.absolute()}", remedy)
    return Finding.good("manifests", ", ".join(found))
