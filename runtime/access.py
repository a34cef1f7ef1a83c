"""Who may do what on the cluster: the rights that each service needs, and no others. Pure.

Everything follows from `schemas.services.SERVICES`, so a service gets a right by declaring what it
reads and writes. Nobody gets a right on the cluster or on a transactional id: producers are
idempotent, which Kafka allows to whoever may write to a topic, and no service uses transactions.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from schemas.services import Service

Operation = Literal["read", "write", "create", "describe"]

UNASSIGNED_GROUP = "firebreak-unassigned"
"""The group by whose name consumers go that belong to none."""

SERVICE_PLACE = "{service}"


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One user's right to one operation on a topic or group, or on all whose names begin so."""

    principal: str
    resource: Literal["topic", "group"]
    name: str
    prefixed: bool
    operation: Operation

    def __str__(self) -> str:
        every = "every " if self.prefixed else ""
        star = "*" if self.prefixed else ""
        return f"{self.principal} may {self.operation} {every}{self.resource} {self.name}{star}"


def grants(services: Iterable[Service], principal: str, namespace: str = "") -> list[Grant]:
    """Return every right that these services need, sorted.

    `principal` is Kafka's name of a service's user, with `{service}` for the service's name:
    `User:firebreak-{service}` for SASL, `User:CN=firebreak-{service}` for client certificates.
    Reading and writing include describing.
    """
    return sorted(
        Grant(principal.replace(SERVICE_PLACE, service.name), kind, namespace + name, star, what)
        for service in services
        for kind, name, star, what in _needed(service)
    )


def _needed(
    service: Service,
) -> Iterator[tuple[Literal["topic", "group"], str, bool, Operation]]:
    for topic in service.reads:
        yield "topic", topic.name, False, "read"
    for topic in service.writes:
        yield "topic", topic.name, False, "write"
    for name in service.changelogs:
        for operation in ("create", "read", "write"):
            yield "topic", name, False, operation
    for group in service.groups:
        yield "group", group.removesuffix("*"), group.endswith("*"), "read"
    if service.reads:
        yield "group", UNASSIGNED_GROUP, False, "describe"
