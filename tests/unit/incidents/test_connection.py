"""Our Kafka settings in Faust's words."""

import ssl
from pathlib import Path

import pytest
from faust import SASLCredentials
from faust.auth import SSLCredentials
from faust.types.auth import AuthProtocol
from pydantic import SecretStr

from incidents.connection import brokers, credentials
from runtime.settings import KafkaSettings
from schemas.errors import ConfigurationError


def test_every_bootstrap_server_is_named() -> None:
    kafka = KafkaSettings(bootstrap_servers="one:9092, two:9093")
    assert brokers(kafka) == "kafka://one:9092;kafka://two:9093"


def test_a_plaintext_connection_has_no_credentials() -> None:
    assert credentials(KafkaSettings()) is None


def test_tls_checks_the_cluster_s_certificate() -> None:
    found = credentials(KafkaSettings(security_protocol="ssl"))
    assert isinstance(found, SSLCredentials)
    assert found.context.verify_mode is ssl.CERT_REQUIRED
    assert found.context.check_hostname


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [("sasl_plaintext", AuthProtocol.SASL_PLAINTEXT), ("sasl_ssl", AuthProtocol.SASL_SSL)],
)
def test_a_password_is_passed_on(protocol: str, expected: AuthProtocol) -> None:
    kafka = KafkaSettings.model_validate(
        {
            "security_protocol": protocol,
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_username": "incidents",
            "sasl_password": SecretStr("hush"),
        }
    )
    found = credentials(kafka)
    assert isinstance(found, SASLCredentials)
    assert (found.protocol, found.mechanism.value) == (expected, "SCRAM-SHA-512")
    assert (found.username, found.password) == ("incidents", "hush")
    assert (found.ssl_context is None) is (expected is AuthProtocol.SASL_PLAINTEXT)
    assert "hush" not in repr(found)


def test_a_mechanism_that_cannot_be_spoken_is_named_with_those_that_can() -> None:
    kafka = KafkaSettings(security_protocol="sasl_ssl", sasl_mechanism="GSSAPI")
    with pytest.raises(ConfigurationError, match=r"'GSSAPI'.*PLAIN, SCRAM-SHA-256"):
        credentials(kafka)


def test_a_certificate_that_is_not_there_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    kafka = KafkaSettings(security_protocol="ssl", ssl_ca_location=tmp_path / "missing.pem")
    with pytest.raises(ConfigurationError, match="ssl_ca_location"):
        credentials(kafka)
