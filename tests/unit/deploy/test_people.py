"""Where people lead a case back from, on Kubernetes: a user of its own, asleep until needed."""

from typing import Any

import yaml

from tests.unit.deploy.files import DEPLOY

FOUND: list[Any] = list(
    yaml.safe_load_all((DEPLOY / "kubernetes/components/people/recover.yaml").read_text())
)
POD = FOUND[0]["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]


def test_it_sleeps_until_somebody_wakes_it_and_there_is_one_at_most() -> None:
    assert FOUND[0]["spec"]["replicas"] == 0
    assert FOUND[0]["spec"]["strategy"] == {"type": "Recreate"}


def test_it_can_do_no_more_than_it_must_and_has_the_secret_of_one_user() -> None:
    assert POD["automountServiceAccountToken"] is False
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    secrets = [one["secret"]["secretName"] for one in POD["volumes"] if "secret" in one]
    assert secrets == ["recover"]
    assert CONTAINER["env"] == [{"name": "FIREBREAK_CONFIG", "value": "/run/secrets/recover.toml"}]


def test_its_logs_outlive_it_and_it_reaches_the_chain_alone() -> None:
    claims = [
        one["persistentVolumeClaim"]["claimName"]
        for one in POD["volumes"]
        if "persistent" in str(one)
    ]
    assert claims == [FOUND[1]["metadata"]["name"]] == ["recovery"]
    policy = FOUND[2]["spec"]
    assert policy["podSelector"]["matchLabels"] == FOUND[0]["spec"]["selector"]["matchLabels"]
    assert [port["port"] for port in policy["egress"][0]["ports"]] == [443, 8545, 8546]
