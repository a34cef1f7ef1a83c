"""Rights on the cluster: what services were granted, what is missing, what goes beyond."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public by its documentation
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ConfigResource,
    ResourcePatternType,
    ResourceType,
)

from runtime.access import Grant
from runtime.kafka_answers import ask, code
from runtime.kafka_options import checked
from runtime.kafka_refusals import NOT_ALLOWED, user
from schemas.errors import ConfigurationError, TransientError

_PATIENCE = 15.0
_ANY_HOST = "*"
_EVERYTHING = "*"
_HARMLESS = {AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS}


class KafkaAccess:
    """The cluster's access control list. Needs a user who may alter the cluster."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = checked(options)
        self._admin = AdminClient(dict(self._options))

    def grant(self, grants: Sequence[Grant]) -> None:
        """Give these rights; those that were given already stay as they are."""
        bindings = [_binding(grant) for grant in grants]
        for answer in (self._admin.create_acls(bindings) if bindings else {}).values():
            self._ask(answer)

    def missing(self, grants: Sequence[Grant]) -> list[Grant]:
        """Return the rights that are not given."""
        there = set(self._all())
        return [grant for grant in grants if _binding(grant) not in there]

    def beyond(self, grants: Sequence[Grant]) -> list[str]:
        """Say, one sentence each, who else may do what with our topics and groups.

        Right to look at them (describe) apart. Super users are not in the list: brokers are told
        about them in their settings.
        """
        known = {_binding(grant) for grant in grants}
        return [
            f"{binding.principal} may {_word(binding.operation)} {_word(binding.restype)} "
            f"{binding.name}{_star(binding)}, which no service needs"
            for binding in self._all()
            if binding not in known
            and binding.permission_type is AclPermissionType.ALLOW
            and binding.operation not in _HARMLESS
            and any(_touches(binding, grant) for grant in grants)
        ]

    def _all(self) -> list[AclBinding]:
        self._require_right_to_look()
        anything: Any = None
        every = AclBindingFilter(
            ResourceType.ANY,
            anything,
            ResourcePatternType.ANY,
            anything,
            anything,
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        found: list[AclBinding] = self._ask(self._admin.describe_acls(every))
        return sorted(found, key=str)

    def _require_right_to_look(self) -> None:
        """To whom may not look, librdkafka shows an empty list, as if nothing were granted; and
        where there is no list at all, too."""
        cluster = self._ask(self._admin.describe_cluster(include_authorized_operations=True))
        if AclOperation.DESCRIBE not in (cluster.authorized_operations or ()):
            raise self._kept_from_us()
        asked = ConfigResource(ResourceType.BROKER, str(cluster.controller.id))
        settings = self._ask(self._admin.describe_configs([asked])[asked])
        if "authorizer.class.name" in settings and not settings["authorizer.class.name"].value:
            raise self._no_list()

    def _no_list(self) -> ConfigurationError:
        return ConfigurationError(
            f"Kafka at {self._options.get('bootstrap.servers', '')} has no authorizer: everybody "
            "may do everything. Set authorizer.class.name on its brokers"
        )

    def _kept_from_us(self) -> ConfigurationError:
        return ConfigurationError(
            f"{user(self._options)} may not see or change who may do what on Kafka at "
            f"{self._options.get('bootstrap.servers', '')}: do it as one of its super.users"
        )

    def _ask(self, answer: Any) -> Any:
        servers = self._options.get("bootstrap.servers", "")
        try:
            return ask(servers, _PATIENCE, lambda: answer.result(_PATIENCE))
        except TransientError as error:
            cause = code(error.__cause__)
            if cause == KafkaError.SECURITY_DISABLED:
                raise self._no_list() from error
            if cause in NOT_ALLOWED:
                raise self._kept_from_us() from error
            raise


def _binding(grant: Grant) -> AclBinding:
    pattern = ResourcePatternType.PREFIXED if grant.prefixed else ResourcePatternType.LITERAL
    return AclBinding(
        ResourceType[grant.resource.upper()],
        grant.name,
        pattern,
        grant.principal,
        _ANY_HOST,
        AclOperation[grant.operation.upper()],
        AclPermissionType.ALLOW,
    )


def _word(kind: Any) -> str:
    return str(kind.name).lower()


def _star(binding: AclBinding) -> str:
    return "*" if binding.resource_pattern_type is ResourcePatternType.PREFIXED else ""


def _touches(binding: AclBinding, grant: Grant) -> bool:
    """Say whether a right reaches a resource of ours."""
    if binding.restype is not ResourceType[grant.resource.upper()]:
        return False
    if binding.resource_pattern_type is ResourcePatternType.PREFIXED:
        shared = min(len(binding.name), len(grant.name)) if grant.prefixed else len(binding.name)
        return grant.name[:shared] == binding.name[:shared]
    if binding.name == _EVERYTHING:
        return True
    return binding.name.startswith(grant.name) if grant.prefixed else binding.name == grant.name


def told(missing: Iterable[Grant]) -> list[str]:
    """Say, one sentence each, what has to be granted."""
    return [f"not granted: {grant}" for grant in missing]
