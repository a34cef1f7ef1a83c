"""What Kafka's own image makes of the environment in docker-compose.yml: the class that its entry
point runs is in Kafka's jars, so it can be asked without an image.
"""

import os
import subprocess
from pathlib import Path

import pytest

from sandbox import fetch
from tests.unit.deploy.files import ROOT, read_yaml

pytestmark = pytest.mark.kafka


def _say_nothing(_line: str) -> None:
    """What is fetched for a test is fetched before, by `make test`."""


def test_the_image_would_start_this_broker(cache: Path, tmp_path: Path) -> None:
    services = read_yaml(ROOT / "docker-compose.yml")["services"]
    given = {
        name: value.rpartition(":-")[2].rstrip("}") if value.startswith("${") else value
        for name, value in services["kafka-1"]["environment"].items()
    }
    folders = {name: tmp_path / name for name in ("default", "mounted", "final", "data")}
    for folder in folders.values():
        folder.mkdir()
    for name in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):
        (folders["default"] / name).touch()  # as the image has them; ours say all that we rely on

    done = subprocess.run(
        [
            str(fetch.java(cache, _say_nothing)),
            "-cp",
            f"{fetch.kafka_libs(cache, _say_nothing)}/*",
            "kafka.docker.KafkaDockerWrapper",
            "setup",
            *("--default-configs-dir", folders["default"]),
            *("--mounted-configs-dir", folders["mounted"]),
            *("--final-configs-dir", folders["final"]),
        ],
        env={"PATH": os.environ["PATH"]} | given | {"KAFKA_LOG_DIRS": str(folders["data"])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    text = (folders["final"] / "server.properties").read_text()
    written = dict(line.split("=", 1) for line in text.split("\n") if line)
    expected = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in given.items()
        if name.startswith("KAFKA_") and name != "KAFKA_HEAP_OPTS"
    }
    assert written == expected | {"log.dirs": str(folders["data"])}
    meta = (folders["data"] / "meta.properties").read_text()
    assert f"cluster.id={given['CLUSTER_ID']}" in meta
    assert "node.id=1" in meta
    assert {path.name for path in folders["final"].iterdir()} == {
        "server.properties",
        "log4j2.yaml",
        "tools-log4j2.yaml",
    }  # what has to be writable in a container whose root is not
