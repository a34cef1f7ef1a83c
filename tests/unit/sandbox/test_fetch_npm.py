import base64
import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox import fetch_npm
from schemas.errors import ConfigurationError, TransientError

NAME = "@scope/thing"

Program = Callable[[str, str], Path]


def member(name: str, content: bytes = b"", mode: int = 0o644) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), mode
    return info, content


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    return info, b""


def pack(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return pack(
        tmp_path / "served.tgz",
        member("package/package.json", b"{}"),
        member("package/bin/tool", b"#!/bin/sh\n", 0o755),
    )


@pytest.fixture
def pinned(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    pins = tmp_path / "npm.json"
    pins.write_text(json.dumps({NAME: {"version": "1.2.3", "integrity": f"sha512-{digest}"}}))
    monkeypatch.setattr(fetch_npm, "_PINS", pins)


@pytest.fixture
def npm(program: Program, archive: Path, tmp_path: Path) -> Path:
    """An npm that serves the archive and writes down what it was asked."""
    program("npm", f'echo "$@" >> {tmp_path}/asked\ncp {archive} scope-thing-1.2.3.tgz')
    return tmp_path / "asked"


@pytest.mark.usefixtures("pinned")
def test_a_package_is_fetched_once_and_checked(npm: Path, tmp_path: Path, said: list[str]) -> None:
    folder = fetch_npm.npm_package(tmp_path / "cache", NAME, said.append)
    assert fetch_npm.npm_package(tmp_path / "cache", NAME, said.append) == folder
    assert folder == tmp_path / "cache" / "npm" / "scope-thing-1.2.3"
    assert (folder / "package.json").read_text() == "{}"
    assert (folder / "bin" / "tool").stat().st_mode & 0o777 == 0o755
    assert said == [f"{NAME} 1.2.3: fetching with npm"]
    asked = npm.read_text().splitlines()
    assert len(asked) == 1
    assert asked[0].startswith(f"pack {NAME}@1.2.3 --ignore-scripts")


def repin(tmp_path: Path, **changes: object) -> None:
    """Change what is pinned of the package."""
    path = tmp_path / "npm.json"
    pin = json.loads(path.read_text())[NAME]
    path.write_text(json.dumps({NAME: pin | changes}))


@pytest.mark.usefixtures("pinned", "npm")
def test_only_what_is_wanted_is_unpacked_and_wanting_more_fetches_anew(
    tmp_path: Path, said: list[str]
) -> None:
    cache = tmp_path / "cache"
    repin(tmp_path, keep=["bin"])
    small = fetch_npm.npm_package(cache, NAME, said.append)
    assert [path.name for path in small.rglob("*") if path.is_file()] == ["tool"]
    repin(tmp_path, keep=["bin", "package.json"])
    larger = fetch_npm.npm_package(cache, NAME, said.append)
    assert larger != small
    assert (larger / "package.json").is_file()


@pytest.mark.usefixtures("pinned")
def test_another_version_has_another_name_here(npm: Path, tmp_path: Path, said: list[str]) -> None:
    repin(tmp_path, package="@scope/older")
    fetch_npm.npm_package(tmp_path / "cache", NAME, said.append)
    assert npm.read_text().startswith("pack @scope/older@1.2.3 ")


@pytest.mark.usefixtures("pinned")
def test_what_only_excerpts_are_made_of_is_not_fetched_along(tmp_path: Path) -> None:
    assert fetch_npm.contract_packages() == [NAME]
    repin(tmp_path, setup=False)
    assert fetch_npm.contract_packages() == []


@pytest.mark.usefixtures("pinned", "npm")
def test_another_package_in_its_place_is_refused_and_thrown_away(
    archive: Path, tmp_path: Path, said: list[str]
) -> None:
    pack(archive, member("package/package.json", b"{ }"))
    with pytest.raises(ConfigurationError, match="not what was pinned and was thrown away"):
        fetch_npm.npm_package(tmp_path / "cache", NAME, said.append)
    left = [path.name for path in (tmp_path / "cache").rglob("*") if path.suffix != ".lock"]
    assert left == ["npm"]


@pytest.mark.usefixtures("pinned")
def test_a_client_that_fails_is_quoted(program: Program, tmp_path: Path, said: list[str]) -> None:
    program("npm", "echo 'npm error code ECONNREFUSED'; exit 7")
    with pytest.raises(TransientError, match=r"status 7:\n  npm error code ECONNREFUSED"):
        fetch_npm.npm_package(tmp_path / "cache", NAME, said.append)


@pytest.mark.usefixtures("pinned", "bare")
def test_without_npm_it_says_how_to_get_it(tmp_path: Path, said: list[str]) -> None:
    with pytest.raises(ConfigurationError, match=r"npm is missing.*apt-get install npm"):
        fetch_npm.npm_package(tmp_path / "cache", NAME, said.append)


def test_a_package_that_is_not_pinned_is_not_fetched(tmp_path: Path, said: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="left-pad is not pinned"):
        fetch_npm.npm_package(tmp_path / "cache", "left-pad", said.append)


@pytest.mark.parametrize("name", ["/etc/passwd", "package/../../outside", "../outside"])
def test_a_path_out_of_the_package_is_refused(tmp_path: Path, name: str) -> None:
    evil = pack(tmp_path / "evil.tgz", member(name, b"x"))
    with pytest.raises(ConfigurationError, match="wants to write to"):
        fetch_npm.unpack(evil, tmp_path / "target")
    assert not (tmp_path / "outside").exists()


def test_a_link_is_passed_over(tmp_path: Path) -> None:
    archive = pack(
        tmp_path / "links.tgz", link("package/way", "/etc"), member("package/way/file", b"inside")
    )
    fetch_npm.unpack(archive, tmp_path / "target")
    assert not (tmp_path / "target" / "way").is_symlink()
    assert (tmp_path / "target" / "way" / "file").read_text() == "inside"


def test_anvil_of_the_machine_is_taken_when_named(
    program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: list[str]
) -> None:
    own = program("my-anvil", "exit 0")
    monkeypatch.setenv("FIREBREAK_ANVIL", str(own))
    assert fetch_npm.anvil(tmp_path / "cache", said.append) == own
    assert not (tmp_path / "cache").exists()


def test_a_named_anvil_that_is_no_program_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: list[str]
) -> None:
    monkeypatch.setenv("FIREBREAK_ANVIL", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"FIREBREAK_ANVIL names .* no program"):
        fetch_npm.anvil(tmp_path / "cache", said.append)


@pytest.mark.usefixtures("bare")
def test_a_machine_without_a_pinned_anvil_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: list[str]
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(ConfigurationError, match=r"riscv64.*FIREBREAK_ANVIL"):
        fetch_npm.anvil(tmp_path / "cache", said.append)


def test_every_pin_has_an_integrity() -> None:
    for name, pin in fetch_npm.pins().items():
        algorithm, _, digest = pin["integrity"].partition("-")
        assert (algorithm, len(base64.b64decode(digest))) == ("sha512", 64), name
