import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox import fetch_kafka
from schemas.errors import ConfigurationError

Program = Callable[[str, str], Path]

GOOD = {"a.jar": b"a", "b.jar": b"b"}


@pytest.fixture
def pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pins = tmp_path / "pins"
    pins.mkdir()
    (pins / "kafka.sha512").write_text(
        "".join(f"{hashlib.sha512(data).hexdigest()}  {name}\n" for name, data in GOOD.items())
    )
    monkeypatch.setattr(fetch_kafka, "_PINS", pins)


@pytest.fixture
def maven(program: Program, tmp_path: Path) -> Callable[[dict[str, bytes]], Path]:
    """Put a Maven on `PATH` that serves these jars, and a Java that it needs."""
    home = tmp_path / "jdk"
    (home / "bin").mkdir(parents=True)
    program("java", f"echo '  java.home = {home}'; echo '  java.specification.version = 21'")

    def serve(jars: dict[str, bytes]) -> Path:
        served = tmp_path / "served"
        served.mkdir()
        for name, data in jars.items():
            (served / name).write_bytes(data)
        program(
            "mvn",
            f'echo "$JAVA_HOME $@" >> {tmp_path}/asked\n'
            'for word in "$@"; do case $word in -DoutputDirectory=*) out=${word#*=};; esac; done\n'
            f'mkdir -p "$out"\ncp {served}/* "$out"',
        )
        return tmp_path / "asked"

    return serve


@pytest.mark.usefixtures("pinned")
def test_the_jars_are_fetched_once_on_the_java_that_was_found(
    maven: Callable[[dict[str, bytes]], Path], tmp_path: Path, said: list[str]
) -> None:
    asked = maven(GOOD)
    libs = fetch_kafka.kafka_libs(tmp_path / "cache", said.append)
    assert fetch_kafka.kafka_libs(tmp_path / "cache", said.append) == libs
    assert {jar.name: jar.read_bytes() for jar in libs.iterdir()} == GOOD
    assert said == ["Apache Kafka: fetching 2 jars with Maven"]
    assert len(asked.read_text().splitlines()) == 1
    assert asked.read_text().startswith(f"{tmp_path}/jdk -B -q --strict-checksums")
    assert [path.name for path in libs.parent.iterdir() if path.suffix != ".lock"] == [libs.name]


@pytest.mark.usefixtures("pinned")
@pytest.mark.parametrize(
    ("jars", "named"),
    [
        ({"a.jar": b"a", "b.jar": b"evil"}, "b.jar"),
        ({"a.jar": b"a"}, "b.jar"),
        ({**GOOD, "c.jar": b"more"}, "c.jar"),
    ],
    ids=["changed", "missing", "unexpected"],
)
def test_jars_other_than_the_pinned_are_refused_and_thrown_away(
    maven: Callable[[dict[str, bytes]], Path],
    tmp_path: Path,
    said: list[str],
    jars: dict[str, bytes],
    named: str,
) -> None:
    maven(jars)
    with pytest.raises(ConfigurationError, match=f"not what was pinned .*: {named}"):
        fetch_kafka.kafka_libs(tmp_path / "cache", said.append)
    assert list((tmp_path / "cache").rglob("*.jar")) == []


@pytest.mark.usefixtures("bare")
def test_without_maven_it_says_how_to_go_on(tmp_path: Path, said: list[str]) -> None:
    with pytest.raises(ConfigurationError, match=r"mvn is missing.*FIREBREAK_KAFKA_HOME"):
        fetch_kafka.kafka_libs(tmp_path / "cache", said.append)


def test_a_kafka_of_the_machine_is_taken_when_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: list[str]
) -> None:
    libs = tmp_path / "kafka" / "libs"
    libs.mkdir(parents=True)
    monkeypatch.setenv("FIREBREAK_KAFKA_HOME", str(tmp_path / "kafka"))
    with pytest.raises(ConfigurationError, match="FIREBREAK_KAFKA_HOME names"):
        fetch_kafka.kafka_libs(tmp_path / "cache", said.append)
    (libs / "kafka_2.13-4.3.1.jar").touch()
    assert fetch_kafka.kafka_libs(tmp_path / "cache", said.append) == libs


def test_every_version_that_maven_may_choose_has_a_checksum() -> None:
    pom = (Path(fetch_kafka.__file__).parent / "pins" / "pom.xml").read_text()
    pattern = r"<artifactId>([^<]+)</artifactId><version>([^<]+)</version></dependency>"
    fixed = {f"{name}-{version}.jar" for name, version in re.findall(pattern, pom)}
    assert fixed == set(fetch_kafka.checksums())
