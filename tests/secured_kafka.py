"""A Kafka that asks who its clients are, and lets each do only what it was granted.

TLS everywhere, with certificates made on the spot; SCRAM-SHA-512 for clients; client certificates
between brokers and controllers; `StandardAuthorizer`, which refuses what nobody granted.
"""

import datetime as dt
import ipaddress
import secrets
import subprocess
import time
from pathlib import Path
from typing import Any, Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public by its documentation
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from runtime.kafka import KafkaBroker
from runtime.settings import KafkaSettings
from sandbox.kafka_broker import Member, server_properties
from sandbox.ports import HOST, answers, free_port
from sandbox.process import ChildProcess
from tests.waiting import until

ADMIN = "admin"
_MECHANISM = "SCRAM-SHA-512"
_START_SECONDS = 120.0
_JVM = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


class Authority:
    """Issues certificates that its own one vouches for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("Firebreak test authority")
        certificate = (
            self._builder(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        self.path = folder / "ca.pem"
        self.path.write_bytes(certificate.public_bytes(Encoding.PEM))

    def issue(self, name: str, password: str = "", *hosts: str) -> tuple[Path, Path]:
        """Return a new certificate and its key, both in PEM, valid for this machine's loopback, and
        for hosts that a test stands in for."""
        locked = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(host) for host in ("localhost", *hosts)]
        here = [*names, x509.IPAddress(ipaddress.ip_address(HOST))]
        certificate = (
            self._builder(_named(name), key.public_key())
            .add_extension(x509.SubjectAlternativeName(here), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        paths = self._folder / f"{name}.crt.pem", self._folder / f"{name}.key.pem"
        paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
        paths[1].touch(mode=0o600)
        paths[1].write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked),
        )
        return paths

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey
    ) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(days=1))
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


class SecuredKafka:
    """One broker that is its own controller; a context manager."""

    def __init__(self, folder: Path, libs: Path, java: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = Authority(folder)
        self._member = Member(1, free_port(), free_port())
        self._certified_port = free_port()
        self._java = [str(java), *_JVM, "-cp", f"{libs}/*"]
        self._passwords = {ADMIN: secrets.token_urlsafe(16)}

    @property
    def bootstrap(self) -> str:
        return f"{HOST}:{self._member.port}"

    def settings(self, user: str) -> dict[str, str]:
        """The `kafka` settings with which a user is let in."""
        return {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": "sasl_ssl",
            "sasl_mechanism": _MECHANISM,
            "sasl_username": user,
            "sasl_password": self._passwords[user],
            "ssl_ca_location": str(self.authority.path),
        }

    def certified(self, user: str, password: str) -> KafkaSettings:
        """The settings with which a user is let in by its certificate, under the name `CN=user`;
        its key is encrypted, and the password in a file."""
        certificate, key = self.authority.issue(user, password)
        file = self._folder / f"{user}.password"
        file.touch(mode=0o600)
        file.write_text(password)
        return KafkaSettings(
            bootstrap_servers=f"{HOST}:{self._certified_port}",
            security_protocol="ssl",
            ssl_ca_location=self.authority.path,
            ssl_certificate_location=certificate,
            ssl_key_location=key,
            ssl_key_password_file=file,
        )

    def environment(self, user: str, namespace: str) -> dict[str, str]:
        """The same as variables."""
        given = self.settings(user) | {"namespace": namespace}
        return {f"FIREBREAK_KAFKA__{name.upper()}": value for name, value in given.items()}

    def options(self, user: str) -> dict[str, str]:
        """The same in librdkafka's names."""
        return {name.replace("_", "."): value for name, value in self.settings(user).items()}

    def broker(self, user: str, namespace: str) -> KafkaBroker:
        return KafkaBroker(self.options(user), namespace=namespace)

    def admit(self, *users: str) -> None:
        """Make users with passwords of their own."""
        admin = AdminClient({**self.options(ADMIN)})
        for user in users:
            self._passwords[user] = secrets.token_urlsafe(16)
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        wanted: list[UserScramCredentialAlteration] = [
            UserScramCredentialUpsertion(user, info, self._passwords[user].encode())
            for user in users
        ]
        for answer in admin.alter_user_scram_credentials(wanted).values():
            answer.result(15)
        for user in users:
            until(lambda: self._lets_in(user))  # noqa: B023 - called at once

    def __enter__(self) -> Self:
        properties = self._folder / "server.properties"
        properties.touch(mode=0o600)
        properties.write_text("".join(f"{k}={v}\n" for k, v in self._server().items()))
        scram = f"{_MECHANISM}=[name={ADMIN},password={self._passwords[ADMIN]}]"
        tool = ["kafka.tools.StorageTool", "format", "-t", "ZmlyZWJyZWFrLXNlY3VyZQ"]
        subprocess.run(
            [*self._java, *tool, "-c", str(properties), "--add-scram", scram],
            check=True,
            capture_output=True,
        )
        command = [*self._java, "kafka.Kafka", str(properties)]
        self._process = ChildProcess(command, self._folder / "kafka.log")
        try:
            self._await_answer()
        except BaseException:
            self._process.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()

    def _await_answer(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not (answers(self._member.port) and self._lets_in()):
            self._process.require_running()
            assert time.monotonic() < deadline, self._process.tail()
            time.sleep(0.05)

    def _lets_in(self, user: str = ADMIN) -> bool:
        options: dict[str, Any] = {**self.options(user), "log_level": 0}
        try:
            return bool(AdminClient(options).list_topics(timeout=2).brokers)
        except KafkaException:
            return False

    def _server(self) -> dict[str, object]:
        certificate, key = self.authority.issue("broker")
        chain = self._folder / "broker.pem"
        chain.touch(mode=0o600)
        chain.write_bytes(key.read_bytes() + certificate.read_bytes())
        addresses = {
            "CLIENTS": f"{HOST}:{self._member.port}",
            "BROKERS": f"{HOST}:{self._certified_port}",
        }
        listeners = [f"{name}://{address}" for name, address in addresses.items()]
        control = f"CONTROLLER://{HOST}:{self._member.controller_port}"
        return server_properties(self._member, [self._member], self._folder / "data") | {
            "listeners": ",".join([*listeners, control]),
            "advertised.listeners": ",".join(listeners),
            "listener.security.protocol.map": "CLIENTS:SASL_SSL,BROKERS:SSL,CONTROLLER:SSL",
            "inter.broker.listener.name": "BROKERS",
            "listener.name.brokers.ssl.client.auth": "required",
            "listener.name.controller.ssl.client.auth": "required",
            "sasl.enabled.mechanisms": _MECHANISM,
            "listener.name.clients.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": chain,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.authority.path,
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "false",
            "super.users": f"User:CN=broker;User:{ADMIN}",
        }
