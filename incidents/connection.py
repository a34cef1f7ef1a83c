"""Our Kafka settings in Faust's words, and which cluster they lead to."""

import ssl

from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public by its documentation
    AdminClient,
    ClusterMetadata,
)
from faust import SASLCredentials
from faust.auth import SSLCredentials
from faust.types.auth import CredentialsT, SASLMechanism

from runtime.kafka import REQUEST_TIMEOUT
from runtime.settings import KafkaSettings
from schemas.errors import ConfigurationError, TransientError

_SPOKEN = (SASLMechanism.PLAIN, SASLMechanism.SCRAM_SHA_256, SASLMechanism.SCRAM_SHA_512)


def brokers(kafka: KafkaSettings) -> str:
    """Return the bootstrap servers as one Faust address."""
    return ";".join(f"kafka://{server.strip()}" for server in kafka.bootstrap_servers.split(","))


def credentials(kafka: KafkaSettings) -> CredentialsT | None:
    """Return how to prove who we are; None for a plaintext connection.

    Raises `ConfigurationError` for a SASL mechanism that Faust does not speak with a password.
    """
    encrypted = kafka.security_protocol.endswith("ssl")
    context = _context(kafka) if encrypted else None
    if not kafka.security_protocol.startswith("sasl"):
        return SSLCredentials(context) if context else None
    password = kafka.secret("sasl_password")
    return SASLCredentials(
        username=kafka.sasl_username,
        password=password.get_secret_value() if password else None,
        ssl_context=context,
        mechanism=_mechanism(kafka.sasl_mechanism),
    )


def cluster(kafka: KafkaSettings) -> str:
    """Return the id that the cluster gave itself when it was made."""
    return str(_listing(kafka).cluster_id)


def copies(kafka: KafkaSettings, topic: str) -> int:
    """Return how many copies the cluster keeps of this topic, 1 if it does not exist."""
    found = _listing(kafka).topics.get(kafka.namespace + topic)
    partitions = found.partitions.values() if found else ()
    return min((len(partition.replicas) for partition in partitions), default=1)


def _listing(kafka: KafkaSettings) -> ClusterMetadata:
    try:
        return AdminClient(kafka.librdkafka()).list_topics(timeout=REQUEST_TIMEOUT)
    except KafkaException as error:
        raise TransientError(
            f"no answer from Kafka at {kafka.bootstrap_servers}: {error}"
        ) from error


def _mechanism(name: str | None) -> SASLMechanism:
    for mechanism in _SPOKEN:
        if mechanism.value == (name or SASLMechanism.PLAIN.value).upper():
            return mechanism
    raise ConfigurationError(
        f"kafka.sasl_mechanism: the incidents service cannot use {name!r}; give one of "
        + ", ".join(mechanism.value for mechanism in _SPOKEN)
    )


def _context(kafka: KafkaSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=kafka.ssl_ca_location)
        if kafka.ssl_certificate_location is not None:
            password = kafka.secret("ssl_key_password")
            context.load_cert_chain(
                kafka.ssl_certificate_location,
                kafka.ssl_key_location,
                password.get_secret_value() if password else None,
            )
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"kafka.ssl_ca_location, ssl_certificate_location or ssl_key_location cannot be used: "
            f"{error}"
        ) from error
    return context
