"""The Compose file: valid, hardened, scalable, in step with command line and settings."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from schemas.services import SERVICES as DECLARED
from schemas.topics import MAX_DEAD_LETTER_BYTES
from tests.unit.deploy.commands import complaint, unheeded
from tests.unit.deploy.files import DEPLOY, ROOT, make_secrets, read_yaml

BASE, ARMED = ROOT / "docker-compose.yml", DEPLOY / "compose" / "armed.yml"
COMPOSE, ARMING = read_yaml(BASE), read_yaml(ARMED)
SERVICES: dict[str, Any] = COMPOSE["services"]
ONCE = ("topics", "rights")
"""They prepare the cluster, and end."""
BY_HAND = ("recover",)
"""People run them; none is ever up by itself."""
OURS = (
    *ONCE,
    *BY_HAND,
    "ingest",
    "detect",
    "vet",
    "assure",
    "respond",
    "incidents",
    "signals",
    "console",
    "forensics",
    "page",
    "archive",
    "risk",
)
SERVICES_OF_KAFKA = DECLARED.keys() - {"consents"}
"""Every user of the cluster; operators' words are an addition (`deploy/compose/operators.yml`)."""
SCALED = ("ingest", "detect", "incidents", "page")
BROKERS = ("kafka-1", "kafka-2", "kafka-3")
SIGNERS = ("signer", "heartbeat-signer")
EVERYWHERE = SERVICES | {name: ARMING["services"][name] for name in SIGNERS}

every = pytest.mark.parametrize("name", EVERYWHERE)
ours = pytest.mark.parametrize("name", OURS)


def compose() -> list[str]:
    """The command of Docker Compose, where there is one."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            asked = subprocess.run(
                [*command, "version", "--short"], capture_output=True, check=False
            )
            if asked.returncode == 0 and not asked.stdout.startswith(b"1."):
                return command
    return []


@pytest.mark.parametrize("path", [BASE, ARMED], ids=["base", "armed"])
def test_it_is_what_the_specification_of_compose_allows(path: Path) -> None:
    spec = importlib.util.find_spec("check_jsonschema")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    package = Path(spec.submodule_search_locations[0])
    schema = json.loads((package / "builtin_schemas/vendor/compose-spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(read_yaml(path))


@pytest.mark.parametrize("files", [[BASE], [BASE, ARMED]], ids=["base", "armed"])
def test_compose_itself_accepts_it(files: list[Path]) -> None:
    command = compose()
    if not command:
        pytest.skip("Docker Compose 2 or later is not installed; its schema was checked")
    options = [option for path in files for option in ("-f", str(path))]
    done = subprocess.run(
        [*command, *options, "config", "--quiet"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@every
def test_a_container_can_do_no_more_than_it_must(name: str) -> None:
    service = EVERYWHERE[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.keys() & {"privileged", "cap_add", "pid", "ipc", "devices"}
    assert service.get("network_mode") == ("none" if name in SIGNERS else None)
    limits = service["deploy"]["resources"]["limits"]
    assert limits.keys() == {"cpus", "memory", "pids"}
    assert service["restart"]
    assert "docker.sock" not in json.dumps(service)


@every
def test_an_image_has_a_tag_that_does_not_move_by_itself(name: str) -> None:
    default = re.fullmatch(r"\$\{\w+:-([^:]+):([^}]+)\}", EVERYWHERE[name]["image"])
    assert default is not None
    assert default[2] not in ("latest", "main", "master")


@every
def test_health_is_asked_for(name: str) -> None:
    check = EVERYWHERE[name]["healthcheck"]
    assert check == {"disable": True} if name in (*ONCE, *BY_HAND) else check["test"][0] == "CMD"


@ours
def test_ours_is_not_root_and_asks_its_own_health_endpoint(name: str) -> None:
    assert SERVICES[name]["user"] == "10001:10001"
    if name not in (*ONCE, *BY_HAND):
        assert "http://127.0.0.1:8080/readyz" in SERVICES[name]["healthcheck"]["test"][-1]
    if name != "topics":
        before = "topics" if name == "rights" else "rights"
        assert SERVICES[name]["depends_on"] == {
            before: {"condition": "service_completed_successfully"}
        }


@ours
def test_the_command_line_knows_the_command(name: str) -> None:
    assert complaint(SERVICES[name]["command"]) == ""


def test_and_would_not_know_another() -> None:
    assert "No such" in complaint(["detect", "--sett", "core"])
    assert complaint(["ingest", "evmm"])
    for service in ARMING["services"].values():
        assert complaint(service["command"]) == ""


@pytest.mark.parametrize("name", [*OURS, *SIGNERS])
def test_every_variable_is_a_setting(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = dict(EVERYWHERE[name]["environment"])
    if name == "respond":
        environment |= ARMING["services"]["respond"]["environment"]
    for variable in [one for one in os.environ if one.startswith("FIREBREAK_")]:
        monkeypatch.delenv(variable)
    for variable, value in environment.items():
        if variable != "FIREBREAK_CONFIG":  # names a file of the container
            monkeypatch.setenv(variable, value)
    assert unheeded(environment) == set()


@pytest.mark.parametrize("name", SCALED)
def test_a_scaled_service_has_nothing_that_only_one_can_have(name: str) -> None:
    service = SERVICES[name]
    assert not service.keys() & {"container_name", "ports", "hostname"}
    named = [one for one in service.get("volumes", []) if isinstance(one, str) and ":" in one]
    assert named == []


@ours
def test_nothing_of_ours_waits_for_those_who_only_watch(name: str) -> None:
    watching = {"prometheus", "alertmanager", "grafana"}
    assert not SERVICES[name].get("depends_on", {}).keys() & watching


def test_somebody_stands_by_for_ingest() -> None:
    assert SERVICES["ingest"]["deploy"]["replicas"] == 2


@pytest.mark.parametrize(
    "name", ["ingest", "incidents", "respond", "signals", "forensics", "archive"]
)
def test_what_writes_to_its_home_has_a_volume_there(name: str) -> None:
    volumes = [one for one in SERVICES[name]["volumes"] if isinstance(one, str)]
    assert [one for one in volumes if one.endswith("/var/lib/firebreak")]


def test_what_people_run_is_a_user_of_its_own_and_never_starts_by_itself() -> None:
    recover = SERVICES["recover"]
    assert recover["profiles"] == ["recover"]
    assert recover["restart"] == "no"
    assert complaint([*recover["entrypoint"][1:], *recover["command"]]) == ""
    assert "recovery:/var/lib/firebreak" in recover["volumes"]
    assert not given_secrets(recover).keys() & {"responder.json", "heartbeat.json", "detector.pem"}


def test_there_is_one_responder_and_it_keeps_its_journal() -> None:
    respond = SERVICES["respond"]
    assert respond["container_name"]  # with which Compose refuses a second one
    assert "journal:/var/lib/firebreak" in respond["volumes"]
    journal = Path(respond["environment"]["FIREBREAK_RESPOND__JOURNAL"])
    assert journal.is_relative_to("/var/lib/firebreak")


def test_there_is_one_that_issues_signals_and_it_keeps_its_sequence_and_no_key() -> None:
    signals = SERVICES["signals"]
    assert signals["container_name"]
    assert "sequence:/var/lib/firebreak" in signals["volumes"]
    own = [name for name in signals["environment"] if not name.startswith("FIREBREAK_KAFKA__")]
    assert not [name for name in own if "PUBLISH" in name or name.endswith("KEY")]
    assert "publish = false" in (DEPLOY / "make-secrets.sh").read_text()


def test_the_responder_starts_disarmed_and_with_no_key_but_for_its_steps_on_the_topic() -> None:
    respond = SERVICES["respond"]
    assert "--armed" not in respond["command"]
    assert "FIREBREAK_RESPOND__ARMED" not in respond["environment"]
    kafka = {"kafka.pem", "kafka-ca.pem"}
    assert given_secrets(respond).keys() == {"respond.toml", "actions.pem", *kafka}
    armed = ARMING["services"]
    assert armed.keys() == {"respond", *SIGNERS}
    assert "secrets" not in armed["respond"]  # armed, it holds none more
    keys = {secret for name in SIGNERS for secret in given_secrets(armed[name])}
    assert keys >= {"responder.json", "heartbeat.json"}


@pytest.mark.parametrize(
    ("name", "setting"),
    [("signer", "SIGNER_SOCKET"), ("heartbeat-signer", "HEARTBEAT_SOCKET")],
)
def test_the_responder_and_a_signer_have_one_socket_in_common(name: str, setting: str) -> None:
    signer, respond = ARMING["services"][name], ARMING["services"]["respond"]
    path = signer["environment"]["FIREBREAK_SIGNER__SOCKET"]
    assert respond["environment"][f"FIREBREAK_RESPOND__{setting}"] == path
    (volume,) = signer["volumes"]
    assert volume in respond["volumes"]
    folder = volume.partition(":")[2]
    assert str(Path(path).parent) == folder
    assert folder in (ROOT / "Dockerfile").read_text()  # made there, for its user alone


def test_the_keys_of_who_may_arm_it_are_there_to_read_alone() -> None:
    respond = ARMING["services"]["respond"]
    (people,) = [one for one in respond["volumes"] if not isinstance(one, str)]
    assert people["target"] == respond["environment"]["FIREBREAK_RESPOND__ARMING_KEYS"]
    assert people["read_only"]
    assert not people["bind"]["create_host_path"], "nobody's folder is missed, not made empty"


def given_secrets(service: dict[str, Any]) -> dict[str, str]:
    """What a service finds under /run/secrets, and what each is called outside."""
    return {
        one if isinstance(one, str) else one["target"]: one
        if isinstance(one, str)
        else one["source"]
        for one in service.get("secrets", [])
    }


@pytest.mark.parametrize("name", [*OURS, *SIGNERS, *BROKERS, "alertmanager", "grafana"])
def test_a_secret_is_a_file_that_its_service_alone_is_given(name: str) -> None:
    service = EVERYWHERE[name]
    environment = dict(service.get("environment", {}))
    secrets = given_secrets(service)
    known = COMPOSE["secrets"] | ARMING["secrets"]
    said = json.dumps([environment, service.get("healthcheck")])
    wanted = set(re.findall(r"/run/secrets/([\w.-]+)", said))
    assert wanted | ({"pager_url"} if name == "alertmanager" else set()) == secrets.keys()
    assert all(known[secret]["file"] == f"./secrets/{secret}" for secret in secrets.values())
    assert not re.search(r"(?i)(password|secret|token)\b(?!__?file)", " ".join(environment))


@pytest.mark.parametrize("name", [*OURS, *BROKERS])
def test_kafka_knows_each_by_a_certificate_of_its_own(name: str) -> None:
    service = SERVICES[name]
    mine = given_secrets(service)["kafka.pem"]
    if name in ONCE:
        assert mine == "kafka-admin.pem"
    else:
        assert mine == f"kafka-{name.removeprefix('kafka-')}.pem"
    if name in BROKERS:
        settings = service["environment"]
        protocols = settings["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
        assert protocols == ["CLIENTS:SSL", "CONTROLLER:SSL"]
        assert settings["KAFKA_SSL_CLIENT_AUTH"] == "required"
        assert settings["KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND"] == "false"
        assert settings["KAFKA_SUPER_USERS"].split(";") == [
            *(f"User:CN={broker}" for broker in BROKERS),
            "User:CN=firebreak-admin",
        ]
    else:
        assert service["environment"]["FIREBREAK_KAFKA__SECURITY_PROTOCOL"] == "ssl"


def test_secrets_are_made_by_the_script(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    make_secrets(folder, tmp_path)
    made = {path.name for path in folder.iterdir()}
    assert made >= {f"kafka-{name}.pem" for name in SERVICES_OF_KAFKA}
    assert made >= COMPOSE["secrets"].keys() | ARMING["secrets"].keys()
    assert {path.name for path in folder.iterdir() if path.stat().st_mode & 0o077} == {
        "detector.pub.pem",
        "log.pub.pem",
        "kafka-ca.pem",
        "kafka-health.properties",
        "risk.pub.pem",
        "incidents.pub.pem",
        "actions.pub.pem",
    }
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    make_secrets(folder, tmp_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_secrets_are_kept_out_of_git_and_image() -> None:
    assert "secrets/" in (ROOT / ".gitignore").read_text().split()
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


def test_networks_keep_apart_what_need_not_meet() -> None:
    networks = COMPOSE["networks"]
    assert networks["kafka"]["internal"]
    assert networks["metrics"]["internal"]
    members = {
        network: {name for name, service in SERVICES.items() if network in service["networks"]}
        for network in networks
    }
    assert members["chain"] == {"ingest", "respond", "forensics", "risk", "assure", *BY_HAND}
    assert members["people"] == {"page"}
    assert members["kafka"] == {*BROKERS, *OURS}
    assert set(SERVICES["detect"]["networks"]) == {"kafka", "metrics"}  # no way out
    assert members["neighbours"] == {"signals"}
    assert members["front"].isdisjoint({*BROKERS, "detect", "ingest", "respond", "signals"})


def test_nothing_is_published_beyond_this_machine() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


@pytest.mark.parametrize("name", BROKERS)
def test_one_broker_may_fail_and_nothing_acknowledged_is_lost(name: str) -> None:
    settings = SERVICES[name]["environment"]
    assert settings["KAFKA_DEFAULT_REPLICATION_FACTOR"] == "3"
    assert settings["KAFKA_MIN_INSYNC_REPLICAS"] == "2"
    assert settings["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert settings["KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE"] == "false"
    assert int(settings["KAFKA_MESSAGE_MAX_BYTES"]) > MAX_DEAD_LETTER_BYTES
    assert int(settings["KAFKA_REPLICA_FETCH_MAX_BYTES"]) > MAX_DEAD_LETTER_BYTES
    assert f"{settings['KAFKA_NODE_ID']}@{name}:9093" in settings["KAFKA_CONTROLLER_QUORUM_VOTERS"]
    assert settings["KAFKA_ADVERTISED_LISTENERS"] == f"CLIENTS://{name}:9092"
    assert SERVICES[name]["volumes"] == [f"{name}:/var/lib/kafka/data"]


@ours
def test_topics_are_asked_for_with_three_copies(name: str) -> None:
    assert SERVICES[name]["environment"]["FIREBREAK_KAFKA__REPLICATION"] == "3"


def test_prometheus_scrapes_every_instance_of_every_service() -> None:
    config = read_yaml(DEPLOY / "prometheus" / "prometheus.yml")
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    for name in set(OURS) - {*ONCE, *BY_HAND}:
        (found,) = jobs[name]["dns_sd_configs"]
        assert (found["names"], found["type"]) == ([name], "A")
        assert str(found["port"]) in SERVICES[name]["expose"]
        assert "metrics" in SERVICES[name]["networks"]


def test_what_is_mounted_from_here_is_here() -> None:
    sources = [
        volume.partition(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
        if isinstance(volume, str)
    ]
    assert [
        source for source in sources if source.startswith("./") and not (ROOT / source).exists()
    ] == []
