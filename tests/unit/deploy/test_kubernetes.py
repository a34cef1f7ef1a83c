"""The Kubernetes manifests: valid, hardened, one writer where needed, in step with the code."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # ships no types
import pytest
import yaml

from deploy.kubernetes_rules import RESOURCE, RULES, resource
from runtime.settings import load
from schemas.services import SERVICES
from schemas.topics import ALERTS, TRANSACTIONS
from tests.unit.deploy.commands import complaint, unheeded
from tests.unit.deploy.files import DEPLOY, read_yaml

KUBERNETES = DEPLOY / "kubernetes"
VERSIONS = ("1.32", "1.37")
"""The oldest that every field is stable in, and the newest that schemas are at hand for."""

FOREIGN = ("kustomize.config.k8s.io", "keda.sh", "monitoring.coreos.com")
"""Kinds that Kubernetes itself does not have."""


def documents(path: Path) -> list[Any]:
    return [found for found in yaml.safe_load_all(path.read_text()) if found]


FILES = sorted(KUBERNETES.rglob("*.yaml"))
BASE = [found for path in sorted((KUBERNETES / "base").glob("*.yaml")) for found in documents(path)]
WORKLOADS = {
    found["metadata"]["name"]: found
    for found in BASE
    if found["kind"] in ("Deployment", "StatefulSet", "Job")
}
SERVICE_NAMES = sorted(set(WORKLOADS) - {"topics"})

each_workload = pytest.mark.parametrize("name", WORKLOADS)
each_service = pytest.mark.parametrize("name", SERVICE_NAMES)


ARMING = read_yaml(KUBERNETES / "components/armed/respond.yaml")["spec"]["template"]["spec"]


def pod(name: str) -> Any:
    return WORKLOADS[name]["spec"]["template"]["spec"]


def container(name: str) -> Any:
    (found,) = pod(name)["containers"]
    return found


def variables(name: str) -> dict[str, str]:
    return {one["name"]: one["value"] for one in container(name).get("env", [])}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(KUBERNETES)) for path in FILES])
def test_every_manifest_is_what_kubernetes_allows(path: Path, version: str) -> None:
    for document in documents(path):
        patch = path.parent.name == "armed"  # half a manifest, whole once it is merged
        if not patch and not document["apiVersion"].startswith(FOREIGN):
            kubernetes_validate.validate(document, version, strict=True)


def test_every_service_of_the_design_is_there() -> None:
    by_hand, of_a_quorum = {"case", "recover", "verdict"}, "consents"  # a component of its own
    assert set(SERVICE_NAMES) == set(SERVICES) - {*by_hand, of_a_quorum}, "people run the others"


def test_prometheus_operator_scrapes_every_service() -> None:
    monitor = read_yaml(KUBERNETES / "components/prometheus-operator/pods.yaml")["spec"]
    (chosen,) = monitor["selector"]["matchExpressions"]
    assert set(chosen["values"]) == {*SERVICE_NAMES, "consents"}


@each_workload
def test_a_pod_can_do_no_more_than_it_must(name: str) -> None:
    spec, one = pod(name), container(name)
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 10001  # as in the Dockerfile
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert one["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert one["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "memory" in one["resources"]["limits"]
    assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC"}


@each_service
def test_it_may_take_as_much_memory_as_under_compose(name: str) -> None:
    here: str = container(name)["resources"]["limits"]["memory"]
    services = read_yaml(DEPLOY.parent / "docker-compose.yml")["services"]
    there: str = services[name]["deploy"]["resources"]["limits"]["memory"]
    assert here.removesuffix("i").lower() == there


@each_service
def test_probes_ask_the_services_own_endpoints(name: str) -> None:
    one = container(name)
    assert {"name": "health", "containerPort": 8080} in one["ports"]
    assert one["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "health"}
    assert one["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "health"}


@each_workload
def test_the_command_line_knows_the_command(name: str) -> None:
    assert complaint(container(name)["args"]) == ""


@each_workload
def test_every_variable_is_a_setting(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (kafka,) = read_yaml(KUBERNETES / "base/kustomization.yaml")["configMapGenerator"]
    environment = variables(name) | dict(line.split("=", 1) for line in kafka["literals"])
    if name == "respond":
        for one in (*ARMING["containers"], *ARMING["initContainers"]):
            environment |= {found["name"]: found["value"] for found in one.get("env", [])}
            assert complaint(one.get("args", [])) == ""
    for variable in [known for known in os.environ if known.startswith("FIREBREAK_")]:
        monkeypatch.delenv(variable)
    for variable, value in environment.items():
        if variable != "FIREBREAK_CONFIG":
            monkeypatch.setenv(variable, value)
    assert unheeded(environment) == set()
    assert load().kafka.replication == 3


@each_service
def test_a_path_that_a_variable_names_is_mounted(name: str) -> None:
    mounted = [Path(mount["mountPath"]) for mount in container(name)["volumeMounts"]]
    paths = [Path(value) for value in variables(name).values() if value.startswith("/")]
    assert all(any(path.is_relative_to(mount) for mount in mounted) for path in paths)
    claims = WORKLOADS[name]["spec"].get("volumeClaimTemplates", [])
    volumes = {volume["name"] for volume in pod(name)["volumes"]}
    volumes |= {claim["metadata"]["name"] for claim in claims}
    assert {mount["name"] for mount in container(name)["volumeMounts"]} == volumes


@each_service
def test_secrets_are_files_for_the_pods_group_alone(name: str) -> None:
    for volume in pod(name)["volumes"]:
        if "secret" in volume:
            assert volume["secret"]["defaultMode"] == 0o400
            assert pod(name)["securityContext"]["fsGroup"] == 10001
    assert all("valueFrom" not in one for one in container(name).get("env", []))


def test_the_responder_is_one_and_keeps_its_journal() -> None:
    respond = WORKLOADS["respond"]
    assert respond["kind"] == "StatefulSet"
    assert respond["spec"]["replicas"] == 1
    (claim,) = respond["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]
    assert respond["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Retain"
    (mount,) = [one for one in container("respond")["volumeMounts"] if one["name"] == "journal"]
    journal = Path(variables("respond")["FIREBREAK_RESPOND__JOURNAL"])
    assert journal.is_relative_to(mount["mountPath"])


def test_the_responder_starts_disarmed_and_without_a_key() -> None:
    assert container("respond")["args"] == ["respond"]
    assert not any("KEYSTORE" in name for name in variables("respond"))
    production = read_yaml(KUBERNETES / "overlays/production/kustomization.yaml")
    assert not any("armed" in component for component in production["components"])


def test_armed_it_still_holds_no_key_and_signers_may_do_as_little_as_the_rest() -> None:
    folders, *signers = ARMING["initContainers"]
    (respond,) = ARMING["containers"]
    keys = {volume["name"] for volume in ARMING["volumes"] if "secret" in volume}
    assert keys == {"responder-account", "heartbeat-account"}
    assert not keys & {mount["name"] for mount in respond["volumeMounts"]}
    for one in (folders, *signers):
        assert one["securityContext"] == container("respond")["securityContext"]
        assert "memory" in one["resources"]["limits"]
    sockets = {one["value"] for one in respond["env"] if "SOCKET" in one["name"]}
    for signer in signers:
        assert signer["restartPolicy"] == "Always"
        assert len(keys & {mount["name"] for mount in signer["volumeMounts"]}) == 1
        environment = {one["name"]: one["value"] for one in signer["env"]}
        socket = environment["FIREBREAK_SIGNER__SOCKET"]
        assert socket in sockets
        assert str(Path(socket).parent) in folders["command"]  # made for its user alone
        assert int(environment["FIREBREAK_HEALTH__PORT"]) == signer["ports"][0]["containerPort"]


def test_somebody_stands_by_for_ingest_on_another_machine() -> None:
    assert WORKLOADS["ingest"]["spec"]["replicas"] == 2
    (spread,) = pod("ingest")["topologySpreadConstraints"]
    assert spread["topologyKey"] == "kubernetes.io/hostname"


def test_there_is_one_that_issues_signals_and_it_keeps_its_sequence() -> None:
    signals = WORKLOADS["signals"]
    assert signals["kind"] == "StatefulSet"
    assert signals["spec"]["replicas"] == 1
    (claim,) = signals["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]
    assert not any("PUBLISH" in name or name.endswith("KEY") for name in variables("signals"))


@pytest.mark.parametrize("name", ["ingest", "incidents", "respond", "signals", "forensics"])
def test_what_writes_to_its_home_has_a_volume_there(name: str) -> None:
    assert "/var/lib/firebreak" in {one["mountPath"] for one in container(name)["volumeMounts"]}


@pytest.mark.parametrize("name", sorted({*SERVICE_NAMES} - {"vet", "archive", "risk", "assure"}))
def test_a_drain_leaves_somebody_at_work(name: str) -> None:
    budgets = {
        found["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"]: found["spec"]
        for found in BASE
        if found["kind"] == "PodDisruptionBudget"
    }
    alone = WORKLOADS[name]["spec"]["replicas"] == 1
    assert budgets[name]["minAvailable" if alone else "maxUnavailable"] == 1


def test_detect_is_scaled_by_the_lag_of_its_own_group() -> None:
    scaled = read_yaml(KUBERNETES / "components/keda/detect.yaml")["spec"]
    assert scaled["scaleTargetRef"] == {"name": "detect"}
    (trigger,) = scaled["triggers"]
    assert trigger["metadata"]["topic"] == TRANSACTIONS.name
    assert (
        trigger["metadata"]["consumerGroup"]
        == f"firebreak-detect-{container('detect')['args'][-1]}"
    )
    assert scaled["maxReplicaCount"] == TRANSACTIONS.partitions
    assert scaled["minReplicaCount"] == WORKLOADS["detect"]["spec"]["replicas"]
    (kafka,) = read_yaml(KUBERNETES / "base/kustomization.yaml")["configMapGenerator"]
    assert f"BOOTSTRAP_SERVERS={trigger['metadata']['bootstrapServers']}" in kafka["literals"][0]


def test_no_more_instances_than_partitions() -> None:
    assert WORKLOADS["incidents"]["spec"]["replicas"] <= ALERTS.partitions


def policies() -> dict[str, Any]:
    return {
        found["metadata"]["name"]: found["spec"]
        for found in BASE
        if found["kind"] == "NetworkPolicy"
    }


def test_the_network_is_closed_but_for_what_is_named() -> None:
    closed = policies()["nothing"]
    assert closed == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    (rule,) = policies()["chain"]["podSelector"]["matchExpressions"]
    assert rule["values"] == ["ingest", "respond", "forensics", "risk", "assure"]
    people = policies()["people"]["podSelector"]
    assert people == {"matchLabels": {"app.kubernetes.io/name": "page"}}
    open_to_all = [
        name
        for name, spec in policies().items()
        for flow in spec.get("egress", [])
        if "to" not in flow and name not in ("chain", "people")
    ]
    assert open_to_all == []


def test_the_operators_rules_are_the_rules() -> None:
    assert RESOURCE.read_text() == resource(read_yaml(RULES)["groups"])


def test_every_file_is_part_of_something() -> None:
    for folder in {path.parent for path in FILES}:
        kustomization = read_yaml(folder / "kustomization.yaml")
        named = set(kustomization.get("resources", []))
        named |= {one["path"] for one in kustomization.get("patches", []) if "path" in one}
        assert {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"} <= named
        assert all((folder / name).exists() for name in named)
        assert all((folder / name).is_dir() for name in kustomization.get("components", []))


def test_kustomize_builds_it_and_arming_changes_the_responder_alone(tmp_path: Path) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl, which carries kustomize, is not installed; each file was checked")
    built = {}
    for name, components in (("plain", []), ("armed", ["components/armed"])):
        folder = tmp_path / name
        shutil.copytree(KUBERNETES, folder)
        overlay = folder / "overlays/production/kustomization.yaml"
        made = read_yaml(overlay)
        made["components"] += [f"../../{component}" for component in components]
        overlay.write_text(yaml.safe_dump(made))
        done = subprocess.run(
            [kubectl, "kustomize", overlay.parent], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        built[name] = {
            (one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(done.stdout)
        }
    for document in built["armed"].values():
        if not document["apiVersion"].startswith(FOREIGN):
            kubernetes_validate.validate(document, VERSIONS[-1], strict=True)
    changed = {key for key, one in built["armed"].items() if one != built["plain"][key]}
    assert changed == {("StatefulSet", "respond")}
    whole = built["armed"]["StatefulSet", "respond"]["spec"]["template"]["spec"]
    (armed,) = whole["containers"]
    assert {one["image"] for one in whole["initContainers"]} == {armed["image"]}
    assert armed["args"] == ["respond", "--armed"]
    assert {one["name"] for one in armed["env"]} >= set(variables("respond"))
    assert re.fullmatch(r"registry\.example\.org/firebreak:[\d.]+", armed["image"])
    assert "replicas" not in built["plain"]["Deployment", "detect"]["spec"]
