"""Apache Kafka, from its Maven artefacts.

Pinned by coordinates in `pins/pom.xml` and by SHA-512 of every jar in `pins/kafka.sha512`.
"""

import hashlib
import os
from pathlib import Path

from sandbox import tools
from sandbox.fetch_java import java
from sandbox.store import Report, once
from schemas.errors import ConfigurationError

_PINS = Path(__file__).parent / "pins"

_MACHINE_TRUST = Path("/etc/ssl/certs/java/cacerts")
"""Where Debian keeps certificate authorities for Java, those of a company's proxy included."""

_MAVEN = (
    "Install it (Debian: sudo apt-get install maven), or let FIREBREAK_KAFKA_HOME name an unpacked "
    "Apache Kafka 4."
)


def checksums() -> dict[str, str]:
    """Return the SHA-512 of every jar, by file name."""
    lines = (_PINS / "kafka.sha512").read_text().splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def libs_folder(cache: Path) -> Path:
    """Return where the pinned jars are kept; other pins have another folder."""
    pinned = hashlib.sha256((_PINS / "kafka.sha512").read_bytes()).hexdigest()
    return cache / "kafka" / f"libs-{pinned[:12]}"


def kafka_libs(cache: Path, report: Report) -> Path:
    """Return the folder of Kafka's jars: `FIREBREAK_KAFKA_HOME`'s, else the pinned ones.

    Raises `ConfigurationError` when that names no Kafka, Maven is missing, or a jar is not what was
    pinned; `TransientError` when Maven cannot get them.
    """
    given = os.environ.get("FIREBREAK_KAFKA_HOME")
    if given:
        libs = Path(given).absolute() / "libs"
        if not any(libs.glob("kafka_2.13-*.jar")):
            raise ConfigurationError(
                f"FIREBREAK_KAFKA_HOME names {given}, but there is no libs/kafka_2.13-*.jar in it"
            )
        return libs

    def build(scratch: Path) -> Path:
        maven = tools.find("mvn", _MAVEN)
        runtime = java(cache, report)
        report(f"Apache Kafka: fetching {len(checksums())} jars with Maven")
        libs = scratch / "libs"
        command = [maven, "-B", "-q", "--strict-checksums", "-f", str(_PINS / "pom.xml")]
        options = {
            "maven.repo.local": scratch / "repository",
            "includeScope": "runtime",
            "outputDirectory": libs,
            "mdep.useBaseVersion": "true",
        }
        tools.fetch(
            [*command, "dependency:copy-dependencies", *(f"-D{k}={v}" for k, v in options.items())],
            scratch,
            _environment(runtime, cache),
        )
        check_jars(libs, checksums())
        return libs

    return once(libs_folder(cache), build)


def _environment(runtime: Path, cache: Path) -> dict[str, str]:
    """Let Maven run on this Java, and a fetched one believe the authorities of this machine."""
    found = {"JAVA_HOME": str(runtime.parent.parent)}
    if runtime.is_relative_to(cache) and _MACHINE_TRUST.is_file():
        trust = f"-Djavax.net.ssl.trustStore={_MACHINE_TRUST}"
        found["MAVEN_OPTS"] = f"{os.environ.get('MAVEN_OPTS', '')} {trust}".strip()
    return found


def check_jars(libs: Path, expected: dict[str, str]) -> None:
    """Compare a folder of jars with their SHA-512.

    Raises `ConfigurationError` naming each jar that differs, is missing or was not expected.
    """
    actual = {jar.name: hashlib.sha512(jar.read_bytes()).hexdigest() for jar in libs.iterdir()}
    wrong = sorted({name for name, _ in actual.items() ^ expected.items()})
    if wrong:
        raise ConfigurationError(
            f"these jars are not what was pinned and were thrown away: {', '.join(wrong)}. Find "
            "out what answers in the registry's place before you try again."
        )
