"""Neighbours' signals over HTTP: who gets in, and that nobody can keep it busy."""

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from msgspec.structs import replace
from pydantic import ValidationError

from neighbours import reception, stix
from neighbours.desk import MOST_PER_HOUR, Desk
from neighbours.reception import listening
from neighbours.stix_terms import SIGNAL_EXTENSION
from runtime.admission import RefusedSignalError
from runtime.broker import Message, Partition
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.settings_signals import SignalsSettings
from schemas.codec import decode_from, encode
from schemas.errors import ConfigurationError, UnsafeToContinueError
from schemas.signals import MAX_SIGNAL_BYTES, Signal
from schemas.topics import SIGNALS
from tests.clock import ManualClock
from tests.unit.neighbours.examples import NOW, address, signal

LOCAL = SignalsSettings(web_port=0)


class Village:
    """A desk that listens to two issuers, and what came to it."""

    def __init__(self) -> None:
        self.broker = MemoryBroker()
        self.broker.create([SIGNALS])
        issuers = [address(1), address(2)]
        self.desk = Desk(self.broker.producer(), issuers, ManualClock(NOW), Metrics())

    @property
    def kept(self) -> list[Signal]:
        return [
            decode_from(SIGNALS, message.value or b"")  # type: ignore[misc]
            for number in range(SIGNALS.partitions)
            for message in self.broker.log(Partition(SIGNALS.name, number))
        ]


@pytest.fixture
def village() -> Village:
    return Village()


@pytest.fixture
def address_of(village: Village) -> Iterator[str]:
    with listening(LOCAL, village.desk.take, village.desk.check) as port:
        yield f"http://127.0.0.1:{port}"


def post(url: str, body: bytes) -> tuple[int, str]:
    answer = httpx.post(url, content=body, trust_env=False)
    return answer.status_code, answer.json()["result"]


def test_a_signal_is_kept_once(address_of: str, village: Village) -> None:
    assert post(f"{address_of}/signals", encode(signal())) == (202, "1 kept")
    assert post(f"{address_of}/signals", encode(signal()))[0] == 409
    assert village.kept == [signal()]


def test_a_bundle_is_kept_whatever_came_before(address_of: str, village: Village) -> None:
    told = json.loads(stix.bundle(signal(1), NOW))
    told["objects"] += json.loads(stix.bundle(signal(2), NOW))["objects"]
    village.desk.take(signal(1), "test")
    assert post(f"{address_of}/stix", json.dumps(told).encode()) == (202, "1 kept")
    assert sorted(village.kept, key=lambda one: one.issuer) == sorted(
        [signal(1), signal(2)], key=lambda one: one.issuer
    )


def bundled(*signals: Signal, pattern: str | None = None) -> bytes:
    """A bundle of these, each with a pattern of one's choice."""
    told = json.loads(stix.bundle(signal(), NOW))
    (indicator,) = (one for one in told["objects"] if one["type"] == "indicator")
    told["objects"] = []
    for number, one in enumerate(signals):
        stated = {name: getattr(one, name) for name in stix._STATED} | {"signal_id": one.id}
        told["objects"].append(
            indicator
            | {"id": f"indicator--00000000-0000-4000-8000-{number:012x}"}
            | ({"pattern": pattern} if pattern else {})
            | {"extensions": {SIGNAL_EXTENSION: {"extension_type": "property-extension"} | stated}}
        )
    return json.dumps(told).encode()


COSTLY = "[" + "(" * 240 + "a:b='x'" + ")" * 240 + "]"


def test_of_a_strangers_bundle_no_pattern_is_read(
    address_of: str, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading 32 of them takes seconds, and anybody can send one."""
    monkeypatch.setattr("stix2.parse", lambda *_, **__: pytest.fail("it was read"))
    forged = [replace(signal(1, seq=seq), severity="high") for seq in range(16)]
    strangers = [signal(3, seq=seq) for seq in range(16)]
    body = bundled(*forged, *strangers, pattern=COSTLY)
    assert post(f"{address_of}/stix", body)[0] == 403
    assert village.kept == []


def test_nor_of_one_that_is_played_again(
    address_of: str, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    village.desk.take(signal(1), "test")
    monkeypatch.setattr("stix2.parse", lambda *_, **__: pytest.fail("it was read"))
    assert post(f"{address_of}/stix", bundled(*[signal(1)] * 32, pattern=COSTLY))[0] == 409


def test_a_neighbour_s_indicator_that_is_no_stix_keeps_no_other_out(
    address_of: str, village: Village
) -> None:
    told = json.loads(bundled(signal(1), signal(2)))
    told["objects"][0]["pattern"] = COSTLY[:-1]
    assert post(f"{address_of}/stix", json.dumps(told).encode()) == (202, "1 kept")
    assert village.kept == [signal(2)]
    assert post(f"{address_of}/stix", bundled(signal(1, seq=5), pattern="["))[0] == 400


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b"{}"),
        (400, b"\xff"),
        (400, b"[" * 4000),
        (403, encode(signal(3))),
        (403, encode(signal(1)).replace(b'"critical"', b'"high"')),
        (410, encode(signal(expiry=NOW))),
        (413, encode(signal()) + b" " * MAX_SIGNAL_BYTES),
    ],
)
def test_what_is_not_a_signal_of_a_neighbour_is_refused(
    address_of: str, village: Village, status: int, body: bytes
) -> None:
    assert post(f"{address_of}/signals", body)[0] == status
    assert village.kept == []


def test_who_talks_too_much_is_asked_to_wait(address_of: str, village: Village) -> None:
    for seq in range(MOST_PER_HOUR):
        village.desk.take(signal(1, seq=seq), "test")
    assert post(f"{address_of}/signals", encode(signal(1, seq=999)))[0] == 429
    assert post(f"{address_of}/signals", encode(signal(2)))[0] == 202


def test_nothing_else_is_answered(address_of: str) -> None:
    assert httpx.get(f"{address_of}/signals", trust_env=False).status_code == 405
    assert httpx.get(f"{address_of}/", trust_env=False).status_code == 404


def test_what_the_topic_does_not_keep_is_not_acknowledged() -> None:
    def failing(_signal: Signal, _carrier: str) -> None:
        raise UnsafeToContinueError("the broker is gone")

    with listening(LOCAL, failing, lambda _signal: None) as port:
        assert post(f"http://127.0.0.1:{port}/signals", encode(signal()))[0] == 503


def test_what_was_not_kept_may_come_again() -> None:
    class Failing(MemoryBroker):
        down = True

        def append(self, message: Message) -> str:
            return "the broker is gone" if self.down else super().append(message)

    broker = Failing()
    broker.create([SIGNALS])
    desk = Desk(broker.producer(), [address(1)], ManualClock(NOW), Metrics())
    with pytest.raises(UnsafeToContinueError):
        desk.take(signal(), "test")
    broker.down = False
    desk._producer = broker.producer()
    desk.take(signal(), "test")
    with pytest.raises(RefusedSignalError):
        desk.take(signal(), "test")


def test_who_dawdles_is_hung_up_on(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reception, "BODY_SECONDS", 0.2)
    monkeypatch.setattr(reception, "CONNECTION_SECONDS", 0.5)
    with listening(LOCAL, village.desk.take, village.desk.check) as port:
        with socket.create_connection(("127.0.0.1", port), 5) as slow:
            slow.sendall(b"POST /signals HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            assert b"408" in slow.recv(4096)
        with socket.create_connection(("127.0.0.1", port), 5) as silent:
            silent.sendall(b"POST /signals HTTP/1.1\r\nHo")
            with suppress(ConnectionResetError):
                assert silent.recv(4096) == b""


def test_a_body_that_never_ends_is_cut_off(village: Village) -> None:
    with (
        listening(LOCAL, village.desk.take, village.desk.check) as port,
        socket.create_connection(("127.0.0.1", port), 5) as endless,
    ):
        endless.sendall(b"POST /signals HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(3):
            endless.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        assert b"413" in endless.recv(4096)


# ---------------------------------------------------------------------- TLS


def test_other_machines_connect_with_tls_alone(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="needs tls_certificate"):
        SignalsSettings(web_port=0, web_host="0.0.0.0")
    with pytest.raises(ValidationError, match="belong together"):
        SignalsSettings(tls_key=tmp_path)


def test_a_signal_over_tls(village: Village, tmp_path: Path) -> None:
    certificate, key = certified(tmp_path)
    settings = SignalsSettings(
        web_port=0, web_host="127.0.0.2", tls_certificate=certificate, tls_key=key
    )
    trust = ssl.create_default_context(cafile=str(certificate))
    with listening(settings, village.desk.take, village.desk.check) as port:
        url = f"https://127.0.0.2:{port}/signals"
        answer = httpx.post(url, content=encode(signal()), verify=trust, trust_env=False)
    assert answer.status_code == 202


def test_a_certificate_that_is_none_stops_it(village: Village, tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("none")
    settings = SignalsSettings(
        web_port=0, tls_certificate=tmp_path / "none.pem", tls_key=tmp_path / "none.pem"
    )
    with (
        pytest.raises(ConfigurationError, match="web_port"),
        listening(settings, village.desk.take, village.desk.check),
    ):
        pass


def certified(folder: Path) -> tuple[Path, Path]:
    """A certificate of this machine, for an hour, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.2")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.2"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    paths[1].write_bytes(secret)
    return paths
