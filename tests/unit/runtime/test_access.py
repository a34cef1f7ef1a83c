"""Which rights follow from what a service declares."""

from dataclasses import replace

import pytest

from runtime.access import Grant, grants
from schemas.services import SERVICES
from schemas.topics import ACTIONS, ALERTS, TOPICS

PRINCIPAL = "User:firebreak-{service}"
ALL = grants(SERVICES.values(), PRINCIPAL, "prod.")


def _may(operation: str, resource: str = "topic") -> set[tuple[str, str]]:
    return {
        (grant.principal.removeprefix("User:firebreak-"), grant.name.removeprefix("prod."))
        for grant in ALL
        if (grant.operation, grant.resource) == (operation, resource)
    }


def test_who_may_write_what_is_what_they_declare_and_their_own_changelogs() -> None:
    declared = {(s.name, topic.name) for s in SERVICES.values() for topic in s.writes}
    own = {(s.name, name) for s in SERVICES.values() for name in s.changelogs}
    assert _may("write") == declared | own
    assert _may("create") == own


def test_the_topics_that_money_hangs_on_are_written_by_whom_we_mean() -> None:
    """Said on its own, so that a slip in what a service declares does not pass as intended."""
    assert {service for service, name in _may("write") if name == ALERTS.name} == {"detect", "vet"}
    assert {service for service, name in _may("write") if name == ACTIONS.name} == {"respond"}


def test_only_the_archive_reads_dead_letters_and_nobody_what_it_does_not_declare() -> None:
    declared = {(s.name, topic.name) for s in SERVICES.values() for topic in s.reads}
    own = {(s.name, name) for s in SERVICES.values() for name in s.changelogs}
    assert _may("read") == declared | own
    readers = {service for service, name in _may("read") if name == "dead-letters-v1"}
    assert readers == {"archive"}  # it keeps them, and does nothing else with what it keeps


def test_groups_are_each_services_own() -> None:
    joined = {
        (grant.principal.removeprefix("User:firebreak-"), grant.name.removeprefix("prod."))
        for grant in ALL
        if grant.resource == "group" and grant.operation == "read"
    }
    assert joined == {(s.name, g.removesuffix("*")) for s in SERVICES.values() for g in s.groups}
    assert all(name.startswith(f"firebreak-{service}") for service, name in joined)


def test_only_topics_and_groups_of_the_namespace_are_granted_and_never_by_a_wildcard() -> None:
    assert all(grant.name.startswith("prod.") and "*" not in grant.name for grant in ALL)
    assert all(not grant.prefixed or grant.resource == "group" for grant in ALL)


@pytest.mark.parametrize("principal", ["User:CN=firebreak-{service}", "User:{service}"])
def test_the_users_are_called_as_one_likes(principal: str) -> None:
    users = {grant.principal for grant in grants(SERVICES.values(), principal)}
    assert users == {principal.replace("{service}", name) for name in SERVICES}


def test_what_a_service_declares_is_all_that_decides() -> None:
    silent = replace(SERVICES["detect"], reads=(), writes=(), groups=(), changelogs=())
    assert grants([silent], PRINCIPAL) == []
    one = replace(silent, writes=(TOPICS["alerts-v1"],))
    assert grants([one], PRINCIPAL) == [
        Grant("User:firebreak-detect", "topic", "alerts-v1", prefixed=False, operation="write")
    ]
