"""What the cluster refuses to this user, in words that name it and say what to do."""

from collections.abc import Iterable, Mapping
from typing import Any

from confluent_kafka import KafkaError

from schemas.errors import ConfigurationError

_GRANT = (
    "grant it (firebreak acls apply), or set kafka.sasl_username or the client certificate to this "
    "service's own user"
)
_UNKNOWN_USER = {
    KafkaError._AUTHENTICATION,  # noqa: SLF001 - the constant's public name
    KafkaError.SASL_AUTHENTICATION_FAILED,
}
_UNTRUSTED = {KafkaError._SSL}  # noqa: SLF001 - likewise

NOT_ALLOWED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
}
"""How the cluster says that this user may not."""


def user(options: Mapping[str, Any]) -> str:
    """Return whom the cluster takes us for, as far as our own options tell."""
    name = options.get("sasl.username") or options.get("ssl.certificate.location")
    return f"user {name!r}" if name else "this client"


def not_allowed(options: Mapping[str, Any], operation: str, name: str) -> ConfigurationError:
    """Return the error for something that this user may not do."""
    return ConfigurationError(f"{name}: {user(options)} may not {operation} it; {_GRANT}")


def absent(options: Mapping[str, Any], topics: Iterable[str]) -> str:
    """Say that topics do not exist; or are kept from us, which the cluster does not tell apart."""
    names = ", ".join(topics)
    if options.get("security.protocol", "plaintext") == "plaintext":
        return f"missing topics: {names}. Create them: firebreak topics create"
    return (
        f"missing topics: {names}. Either they do not exist (firebreak topics create), or "
        f"{user(options)} may neither read nor write them; then {_GRANT}"
    )


def not_admitted(options: Mapping[str, Any], error: KafkaError) -> ConfigurationError | None:
    """Return what to change if the cluster does not let us in, None for any other error."""
    servers = options.get("bootstrap.servers", "")
    if error.code() in _UNKNOWN_USER:
        return ConfigurationError(
            f"Kafka at {servers} does not let {user(options)} in: check kafka.sasl_username, "
            f"kafka.sasl_password and kafka.sasl_mechanism ({error.str()})"
        )
    if error.code() in _UNTRUSTED:
        return ConfigurationError(
            f"no TLS with Kafka at {servers}: check kafka.security_protocol, kafka.ssl_ca_location "
            f"and the client certificate ({error.str()})"
        )
    return None
