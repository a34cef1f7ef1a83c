import json
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from runtime import signatures
from runtime.settings import Settings, load
from sandbox import (
    doctor_installation,
    doctor_machine,
    fetch_java,
    fetch_kafka,
    fetch_npm,
)
from sandbox.doctor import Finding, examine
from sandbox.ports import HOST, free_port

Program = Callable[[str, str], Path]


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Settings as on a new machine: nothing configured, nothing fetched, a manifest folder."""
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return load({"cache": tmp_path / "cache", "home": tmp_path / "home"})


@pytest.fixture
def taken() -> Iterator[int]:
    """A port with something on it that speaks nothing."""
    with socket.create_server((HOST, 0)) as server:
        yield server.getsockname()[1]


def complete(cache: Path) -> None:
    """Pretend that everything was fetched."""
    for name in fetch_npm.pins():
        fetch_npm.folder_of(cache, name).mkdir(parents=True, exist_ok=True)
    fetch_kafka.libs_folder(cache).mkdir(parents=True, exist_ok=True)


def nothing(_: Path) -> None:
    """Leave the folder unmade."""


def empty(folder: Path) -> None:
    folder.mkdir()


def malformed(folder: Path) -> None:
    folder.mkdir()
    (folder / "incidents.pub.pem").write_text("rubbish")


def malformed_terms(folder: Path) -> None:
    signatures.generate(folder, "ours")
    (folder / "retired.toml").write_text("[")


def wrong(found: Finding, *, saying: str, remedy: str) -> None:
    assert not found.ok
    assert saying in found.detail
    assert remedy in found.remedy


@pytest.mark.usefixtures("bare")
class TestWithoutJava:
    def test_it_says_so_and_how_to_get_one(self, tmp_path: Path) -> None:
        found = doctor_machine.java(tmp_path)
        wrong(found, saying="no Java 17 or newer", remedy="apt-get install openjdk-17-jre-headless")
        assert "firebreak fetch" in found.remedy

    def test_the_fetched_runtime_is_enough(self, tmp_path: Path) -> None:
        fetch_java.jre_folder(tmp_path).mkdir()
        assert doctor_machine.java(tmp_path).ok


class TestWithoutANetwork:
    def test_it_says_so_and_what_to_look_at(self, monkeypatch: pytest.MonkeyPatch) -> None:
        if shutil.which("npm") is None:
            pytest.skip("npm is not installed")
        nowhere = f"http://{HOST}:{free_port()}"
        for name in ("HTTPS_PROXY", "https_proxy", "npm_config_https_proxy", "npm_config_registry"):
            monkeypatch.setenv(name, nowhere)
        found = doctor_machine.network()
        wrong(found, saying="the npm registry does not answer", remedy="HTTPS_PROXY")

    def test_it_does_not_matter_when_all_is_fetched(
        self, bare: Path, settings: Settings, program: Program
    ) -> None:
        complete(settings.cache)
        program("npm", f"touch {bare}/asked; exit 1")
        names = [found.name for found in doctor_machine.machine(settings)]
        assert "network" not in names
        assert not (bare / "asked").exists()

    def test_a_network_that_answers_is_fine(self, program: Program) -> None:
        program("npm", "echo 1.0.0")
        assert doctor_machine.network().ok


class TestPrograms:
    def test_what_fetching_needs_is_missed(self, bare: Path, settings: Settings) -> None:
        found = {finding.name: finding for finding in doctor_machine.machine(settings)}
        wrong(found["Maven"], saying="mvn is not on PATH", remedy="apt-get install maven")
        wrong(found["npm"], saying="npm is not on PATH", remedy="apt-get install npm")
        wrong(found["cache"], saying="solc", remedy="firebreak fetch")
        wrong(found["network"], saying="without npm", remedy="apt-get install npm")
        assert list(bare.iterdir()) == []

    def test_nothing_is_missed_when_all_is_fetched(self, bare: Path, settings: Settings) -> None:
        complete(settings.cache)
        found = {finding.name: finding for finding in doctor_machine.machine(settings)}
        assert all(found[name].ok for name in ("Maven", "npm", "Node.js", "cache"))
        assert list(bare.iterdir()) == []

    def test_too_little_room_is_said(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(doctor_machine, "ROOM", 10**18)
        found = doctor_machine.room("cache", tmp_path / "not" / "yet")
        wrong(found, saying="GB are needed", remedy="FIREBREAK_CACHE")

    def test_the_machine_s_own_python_is_warned_about(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "prefix", sys.base_prefix)
        found = doctor_machine.virtual_environment()
        wrong(found, saying="not in a virtual environment", remedy="./setup")


class TestKafka:
    def test_none_is_needed_while_none_is_configured(self, settings: Settings) -> None:
        away = settings.kafka.model_copy(update={"bootstrap_servers": f"{HOST}:{free_port()}"})
        (found,) = doctor_installation.kafka(settings.model_copy(update={"kafka": away}))
        assert found.ok
        assert "firebreak kafka up" in found.detail

    def test_a_configured_one_that_is_not_there_is_missed(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        address = f"{HOST}:{free_port()}"
        monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", address)
        (found,) = doctor_installation.kafka(load())
        wrong(found, saying=f"nobody accepts connections at {address}", remedy="config show")

    def test_a_port_taken_by_something_else_is_told(
        self, settings: Settings, taken: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("runtime.kafka.REQUEST_TIMEOUT", 0.5)
        monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", f"{HOST}:{taken}")
        (found,) = doctor_installation.kafka(load())
        wrong(found, saying=f"{taken} accepts connections, but", remedy="kafka up --port")
        if sys.platform == "linux":
            assert "listens there" in found.remedy


class TestPorts:
    def test_a_free_one_is_fine(self) -> None:
        assert doctor_installation.web_port("health.port", free_port()).ok

    def test_a_taken_one_is_told(self, taken: int) -> None:
        found = doctor_installation.web_port("health.port", taken)
        wrong(found, saying="taken by", remedy="set health.port to another port")

    @pytest.mark.parametrize(
        "listener",
        [
            "/opt/firebreak/.venv/bin/python /opt/firebreak/.venv/bin/firebreak incidents",
            "/usr/bin/python3 -m cli.main incidents",
        ],
    )
    def test_one_of_our_own_services_may_have_it(
        self, taken: int, monkeypatch: pytest.MonkeyPatch, listener: str
    ) -> None:
        monkeypatch.setattr("sandbox.ports.listener", lambda _port: f"{listener} (pid 1)")
        assert doctor_installation.web_port("incidents.web_port", taken).ok

    def test_a_program_that_only_lives_in_a_folder_of_our_name_may_not(
        self, taken: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        listener = "/opt/firebreak/.venv/bin/python -m http.server (pid 1)"
        monkeypatch.setattr("sandbox.ports.listener", lambda _port: listener)
        assert not doctor_installation.web_port("incidents.web_port", taken).ok


class TestConfiguration:
    def test_a_node_that_does_not_answer_is_named(self, settings: Settings) -> None:
        evm = settings.evm.model_copy(update={"endpoints": (f"http://{HOST}:{free_port()}/key",)})
        (found,) = doctor_installation.nodes(settings.model_copy(update={"evm": evm}))
        wrong(found, saying="eth_chainId", remedy="evm.endpoints")
        assert "key" not in found.name + found.detail

    def test_a_key_that_others_can_read_is_told(self, tmp_path: Path) -> None:
        key = signatures.generate(tmp_path, "detector")
        assert doctor_installation.private_file("detect.signing_key", key).ok
        key.chmod(0o640)
        found = doctor_installation.private_file("detect.signing_key", key)
        wrong(found, saying="can be read by others", remedy=f"chmod 600 {key}")

    def test_a_key_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        found = doctor_installation.private_file("respond.keystore", tmp_path / "none")
        wrong(found, saying="does not exist", remedy="respond.keystore")

    def test_a_folder_without_trusted_keys_is_told(self, tmp_path: Path) -> None:
        asked = ("respond.trusted_keys", tmp_path, "detectors'", "alerts")
        wrong(doctor_installation.trusted(*asked), saying="no *.pub.pem", remedy="*.pub.pem")
        signatures.generate(tmp_path, "detector")
        assert doctor_installation.trusted(*asked).ok

    @pytest.mark.parametrize(
        ("spoil", "saying"),
        [
            (nothing, "no *.pub.pem in"),
            (empty, "no *.pub.pem in"),
            (malformed, "not a public key in PEM"),
            (malformed_terms, "retired.toml"),
        ],
    )
    @pytest.mark.parametrize("name", ["incidents.trusted_keys", "respond.action_keys"])
    def test_keys_of_cases_and_of_steps_are_looked_at_too(
        self, tmp_path: Path, name: str, spoil: Callable[[Path], None], saying: str
    ) -> None:
        group, _, setting = name.partition(".")
        folder = tmp_path / "trusted"
        asked = Settings.model_validate({group: {setting: folder}})
        spoil(folder)
        (found,) = doctor_installation.keys(asked)
        assert found.name == name
        wrong(found, saying=saying, remedy=f"the setting {name}")
        assert "do not start" in found.detail
        shutil.rmtree(folder, ignore_errors=True)
        signatures.generate(folder, "ours")
        (found,) = doctor_installation.keys(asked)
        assert found.ok

    def test_a_broken_manifest_is_named_with_its_line(self, tmp_path: Path) -> None:
        (tmp_path / "broken.toml").write_text('protocol = "x"\nnonsense = 1\n')
        found = doctor_installation.manifests(tmp_path)
        wrong(found, saying="broken.toml:2: nonsense", remedy="mend")

    def test_no_manifests_is_told(self, tmp_path: Path) -> None:
        found = doctor_installation.manifests(tmp_path / "none")
        wrong(found, saying="no *.toml in", remedy="FIREBREAK_PROTOCOLS")


def test_whatever_is_wrong_comes_with_a_remedy(bare: Path, settings: Settings) -> None:
    found = examine(settings)
    assert [finding.name for finding in found if not finding.ok]
    assert all(finding.remedy for finding in found if not finding.ok)
    assert not any(finding.remedy for finding in found if finding.ok)
    assert list(bare.iterdir()) == []


def test_it_changes_nothing(bare: Path, settings: Settings) -> None:
    examine(settings)
    assert not settings.cache.exists()
    assert not settings.home.exists()
    assert list(bare.iterdir()) == []


@pytest.mark.parametrize(
    ("second", "status"),
    [(Finding.good("b", "fine"), 0), (Finding.bad("b", "not so fine", "mend it"), 1)],
)
def test_the_exit_status_says_whether_all_is_well(
    monkeypatch: pytest.MonkeyPatch, second: Finding, status: int
) -> None:
    found = [Finding.good("a", "fine"), second]
    monkeypatch.setattr("sandbox.doctor.examine", lambda _settings: found)
    table = CliRunner().invoke(app, ["doctor"])
    assert table.exit_code == status
    assert second.remedy in table.output
    printed = CliRunner().invoke(app, ["doctor", "--json"])
    assert printed.exit_code == status
    assert json.loads(printed.output)[1] == asdict(second)
