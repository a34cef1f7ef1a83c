"""Each service's user on a real cluster with an authorizer: what it may, and what it is refused."""

import json
from collections.abc import Callable

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public by its documentation
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from typer.testing import CliRunner

from cli import acls
from runtime.access import grants
from runtime.broker import Message, Partition, read_all
from runtime.kafka import KafkaBroker
from runtime.kafka_access import KafkaAccess
from schemas.errors import ConfigurationError, PipelineError
from schemas.services import SERVICES
from schemas.topics import ALERTS, TOPICS
from tests.integration.security.conftest import USER
from tests.secured_kafka import ADMIN, SecuredKafka
from tests.waiting import until

pytestmark = pytest.mark.kafka


def _write(broker: KafkaBroker, topic: str) -> None:
    producer = broker.producer()
    producer.send(topic, b"{}", key=b"some", partition=0)
    producer.flush()


def _read(broker: KafkaBroker, topic: str) -> None:
    found: list[Message] = []
    read_all(broker, Partition(topic, 0), found.append)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(("operation", "act"), [("read", _read), ("write", _write)])
def test_a_service_may_do_what_it_declares_and_nothing_else(
    secured: SecuredKafka,
    shared: str,
    service: str,
    operation: str,
    act: Callable[[KafkaBroker, str], None],
) -> None:
    broker = secured.broker(USER.format(service=service), shared)
    declared = getattr(SERVICES[service], f"{operation}s")
    for name, topic in TOPICS.items():
        if topic in declared:
            act(broker, name)
            continue
        with pytest.raises(ConfigurationError) as refused:
            act(broker, name)
        said = str(refused.value)
        reads_nothing = operation == "read" and not declared  # refused before any topic is named
        assert name in said or reads_nothing
        assert f"firebreak-{service}" in said
        assert "firebreak acls apply" in said


def test_the_pairs_that_matter_most_are_refused(secured: SecuredKafka, shared: str) -> None:
    """Said on its own, so that a slip in what a service declares does not pass as intended."""
    for service, topic in [
        ("detect", "actions-v1"),
        ("detect", "chain-transactions-v1"),
        ("respond", "alerts-v1"),
        ("ingest", "alerts-v1"),
        ("ingest", "detector-state-v1"),
        ("incidents", "alerts-v1"),
        ("incidents", "actions-v1"),
        ("forensics", "actions-v1"),
        ("forensics", "alerts-v1"),
        ("respond", "audit-seals-v1"),
        ("recover", "actions-v1"),
        ("recover", "alerts-v1"),
        ("recover", "incidents-v1"),
        ("console", "alerts-v1"),
        ("console", "actions-v1"),
        ("console", "incidents-v1"),
        ("console", "recoveries-v1"),
        ("case", "alerts-v1"),
        ("case", "actions-v1"),
        ("case", "incidents-v1"),
    ]:
        with pytest.raises(
            ConfigurationError, match=f"{topic}: user 'firebreak-{service}' may not"
        ):
            _write(secured.broker(USER.format(service=service), shared), topic)


def test_nobody_joins_the_group_of_another_service(secured: SecuredKafka, shared: str) -> None:
    """It could take the partitions away from the responder, and no brake would be pulled."""

    class Idle:
        def assigned(self, partitions: object) -> dict[Partition, int]:
            return {}

        def revoked(self, partitions: object) -> None: ...
        def lost(self, partitions: object) -> None: ...

    broker = secured.broker(USER.format(service="incidents"), shared)
    consumer = broker.consumer("firebreak-respond-eip155-1")
    consumer.subscribe([ALERTS.name], Idle())
    with pytest.raises(ConfigurationError, match="may not join"):
        until(lambda: consumer.fetch(1, 0.2))


def test_a_stranger_sees_no_topic(secured: SecuredKafka, shared: str) -> None:
    broker = secured.broker("stranger", shared)
    with pytest.raises(
        ConfigurationError, match=r"missing topics: alerts-v1.*may neither read nor"
    ):
        broker.require([ALERTS.name])
    producer, said = broker.producer(), "alerts-v1: user 'stranger' may not write it"
    producer.send(ALERTS.name, b"{}", partition=0)
    with pytest.raises(ConfigurationError, match=said):
        producer.flush()
    with pytest.raises(ConfigurationError, match=said):
        producer.send(ALERTS.name, b"{}", partition=0)  # known without asking by now


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sasl.password": "wrong"}, "does not let user 'stranger' in: check kafka.sasl_username"),
        ({"ssl.ca.location": ""}, "no TLS with Kafka at .*kafka.ssl_ca_location"),
    ],
)
def test_who_is_not_let_in_is_told_what_to_check(
    secured: SecuredKafka, change: dict[str, str], said: str
) -> None:
    options = {**secured.options("stranger"), "log_level": 0} | change
    options = {name: value for name, value in options.items() if value}
    with pytest.raises(ConfigurationError, match=said) as refused:
        KafkaBroker(options).brokers()
    assert "wrong" not in str(refused.value)


def test_a_client_certificate_serves_as_well_as_a_password(
    secured: SecuredKafka, namespace: str
) -> None:
    secured.broker(ADMIN, namespace).create([TOPICS["alerts-v1"], TOPICS["actions-v1"]])
    access = KafkaAccess(secured.options(ADMIN))
    access.grant(grants([SERVICES["detect"]], "User:CN=firebreak-{service}", namespace))
    settings = secured.certified("firebreak-detect", "some secret")
    broker = KafkaBroker(settings.librdkafka(), namespace=namespace)

    until(lambda: broker.partitions("alerts-v1"))
    _write(broker, "alerts-v1")
    with pytest.raises(
        ConfigurationError, match=r"actions-v1: user '.*firebreak-detect\.crt\.pem'"
    ):
        _write(broker, "actions-v1")


def test_a_broker_without_an_authorizer_is_named_as_one(bootstrap: str) -> None:
    with pytest.raises(ConfigurationError, match="has no authorizer: everybody may do everything"):
        KafkaAccess({"bootstrap.servers": bootstrap}).missing([])


def test_what_goes_beyond_is_found(secured: SecuredKafka, namespace: str) -> None:
    access = KafkaAccess(secured.options(ADMIN))
    needed = grants(SERVICES.values(), f"User:{USER}", namespace)
    access.grant(needed)
    assert access.beyond(needed) == []
    grant = (AclOperation.WRITE, AclPermissionType.ALLOW)
    wide = [
        AclBinding(
            ResourceType.TOPIC,
            f"{namespace}ale",
            ResourcePatternType.PREFIXED,
            "User:old",
            "*",
            *grant,
        ),
        AclBinding(
            ResourceType.TOPIC,
            f"{namespace}actions-v1",
            ResourcePatternType.LITERAL,
            "User:firebreak-detect",
            "*",
            *grant,
        ),
        AclBinding(
            ResourceType.TOPIC,
            "somebody-elses",
            ResourcePatternType.LITERAL,
            "User:other",
            "*",
            *grant,
        ),
    ]
    admin = AdminClient({**secured.options(ADMIN)})
    for answer in admin.create_acls(wide).values():
        answer.result(15)

    assert access.beyond(needed) == [
        f"User:firebreak-detect may write topic {namespace}actions-v1, which no service needs",
        f"User:old may write topic {namespace}ale*, which no service needs",
    ]


def _command(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], *arguments: str
) -> tuple[int, str]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(acls.app, arguments)
    if isinstance(done.exception, PipelineError):
        raise done.exception
    return done.exit_code, done.output


def test_the_command_gives_what_is_missing_once(
    secured: SecuredKafka, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = secured.environment(ADMIN, namespace)
    needed = len(grants(SERVICES.values(), f"User:{USER}", namespace))
    status, said = _command(monkeypatch, environment, "check")
    assert status == 1
    assert f"not granted: User:firebreak-detect may write topic {namespace}alerts-v1" in said
    status, said = _command(monkeypatch, environment, "apply", "--json")
    assert (status, len(json.loads(said)["granted"])) == (0, needed)
    assert _command(monkeypatch, environment, "apply")[1].strip() == "every right was there"
    assert _command(monkeypatch, environment, "check")[0] == 0


@pytest.mark.parametrize("command", ["apply", "check"])
def test_only_a_super_user_may_give_rights(
    secured: SecuredKafka, namespace: str, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    environment = secured.environment(USER.format(service="detect"), namespace)
    with pytest.raises(ConfigurationError, match=r"do it as one of its super\.users"):
        _command(monkeypatch, environment, command)
