"""A bag is whole or says what is not; others read it too."""

import hashlib
import shutil
import subprocess
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensics.cases.bag import DEEPEST, SEALED, TIMESTAMP, Bag, files
from forensics.cases.bag_check import faults
from schemas.errors import ConfigurationError

INFO = {"External-Identifier": "ab" * 32, "Contact-Name": "Ada\nEvil: header"}


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    folder = tmp_path / "bag"
    with Bag(folder) as made:
        made.keep("rpc/000001-eth_chainId.response.json", b'{"result":"0x1"}\n')
        made.keep("records/alerts-v1/0-000000000007.json", bytes(range(256)))
        made.keep("custody.json", b"{}")
        assert made.load("custody.json") == b"{}"
        sealed = made.close(INFO)
        made.seal(None)
    assert (folder / SEALED).read_bytes() == sealed
    return folder


def test_a_new_bag_is_sound(bag: Path) -> None:
    assert faults(bag) == []


def test_the_library_of_congress_reads_it_as_valid(bag: Path) -> None:
    bagit = pytest.importorskip("bagit", reason="`pip install bagit`: it has no wheel to lock")
    read = bagit.Bag(str(bag))
    assert read.validate()
    assert read.info["External-Identifier"] == "ab" * 32
    assert read.info["Payload-Oxum"] == f"{17 + 256 + 2}.3"
    (bag / "data" / "custody.json").write_bytes(b"[]")
    assert not read.is_valid()


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs sha256sum (coreutils)")
@pytest.mark.parametrize("manifest", ["manifest-sha256.txt", "tagmanifest-sha256.txt"])
def test_sha256sum_checks_the_manifests(bag: Path, manifest: str) -> None:
    check = ["sha256sum", "--check", "--strict", "--quiet", manifest]
    whole = subprocess.run(check, cwd=bag, capture_output=True, text=True, check=False)
    assert (whole.returncode, whole.stdout, whole.stderr) == (0, "", "")
    name = (bag / manifest).read_text().splitlines()[0].split("  ")[1]
    (bag / name).write_bytes(b"x")
    changed = subprocess.run(check, cwd=bag, capture_output=True, text=True, check=False)
    assert changed.returncode == 1
    assert changed.stdout == f"{name}: FAILED\n"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.data())
def test_any_flipped_byte_is_found_and_its_file_named(bag: Path, data: st.DataObject) -> None:
    paths = sorted(files(bag))
    path = data.draw(st.sampled_from(paths))
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytes([whole[place] ^ data.draw(st.integers(1, 255))])
    path.write_bytes(whole[:place] + flipped + whole[place + 1 :])
    found = faults(bag)
    path.write_bytes(whole)
    assert found
    if not path.name.startswith(("manifest", "tagmanifest")):
        assert f"{path.relative_to(bag).as_posix()}: changed" in found


@pytest.mark.parametrize("name", ["manifest-sha512.txt", "tagmanifest-sha256.txt", "bag-info.txt"])
def test_missing_tag_files_are_named(bag: Path, name: str) -> None:
    (bag / name).unlink()
    assert f"{name}: missing" in faults(bag)


def test_what_was_added_is_named_in_the_payload_and_beside_it(bag: Path) -> None:
    (bag / "data" / "rpc" / "extra.json").write_bytes(b"{}")
    (bag / "notes.txt").write_bytes(b"x")
    assert faults(bag) == ["notes.txt: additional", "data/rpc/extra.json: additional"]


def test_a_file_in_one_manifest_only_is_additional(bag: Path) -> None:
    path = bag / "manifest-sha256.txt"
    (bag / "data" / "x").write_bytes(b"")
    path.write_text(path.read_text() + f"{hashlib.sha256(b'').hexdigest()}  data/x\n")
    assert "data/x: additional" in faults(bag)


def test_a_link_is_no_file(bag: Path, tmp_path: Path) -> None:
    path = bag / "data" / "custody.json"
    shutil.move(path, tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert "data/custody.json: not a plain file" in faults(bag)


@pytest.mark.parametrize(
    "line", ["zz  data/x", "ab" * 32 + "  ../../etc/passwd", "ab" * 32 + "  /etc/passwd", "\0"]
)
def test_hostile_manifests_are_refused_by_line(bag: Path, line: str) -> None:
    path = bag / "manifest-sha256.txt"
    path.write_text(path.read_text() + line + "\n")
    assert any(fault.startswith("manifest-sha256.txt: line 4 ") for fault in faults(bag))


def test_what_was_not_sealed_is_not_there(tmp_path: Path) -> None:
    with Bag(tmp_path / "bag") as made:
        made.keep("x", b"")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(bag: Path) -> None:
    with pytest.raises(ConfigurationError, match="never overwritten"):
        Bag(bag)


def test_a_folder_that_is_no_bag_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no BagIt folder"):
        faults(tmp_path)


def test_a_time_stamp_belongs_to_it(bag: Path) -> None:
    (bag / TIMESTAMP).write_bytes(b"token")
    assert faults(bag) == []


def test_folders_without_end_are_no_bag(bag: Path) -> None:
    bag.joinpath("data", *["a"] * (DEEPEST + 1)).mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="deep"):
        faults(bag)


def test_a_file_s_name_says_nothing_to_a_terminal(bag: Path) -> None:
    (bag / "data" / "\x1b[2J\nall is well").touch()
    found = faults(bag)
    assert len(found) == 1
    assert found[0].isprintable()
    assert "additional" in found[0]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_manifest_of_nothing_but_line_ends_is_one_fault_and_takes_no_memory(
    bag: Path, end: bytes
) -> None:
    (bag / "manifest-sha256.txt").write_bytes(end * 5_000_000)
    tracemalloc.start()
    try:
        told = faults(bag)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "manifest-sha256.txt: line 1 is empty" in told
    assert peak < 2**23, "a list of its lines took five times that"
