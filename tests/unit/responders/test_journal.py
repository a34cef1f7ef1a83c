import errno
import json
import os
import resource
import stat
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from responders.entries import Entry, Mark, Step
from responders.journal import GENESIS, Journal
from schemas.errors import ConfigurationError, UnsafeToContinueError
from tests.unit.responders.test_guard import action


def entry(number: int) -> Step:
    return Step(action=action("signed"), block=number, time=number, raw="0xab", hops={"sent": 1})


def written(path: Path, *entries: Entry) -> bytes:
    with Journal(path) as journal:
        for one in entries:
            journal.append(one)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "journal.jsonl"


def test_what_was_written_is_read_again(path: Path) -> None:
    entries = (entry(1), Mark(published=1, latest={"a": 5}), entry(2))
    written(path, *entries)
    with Journal(path) as journal:
        assert journal.entries == entries


def test_several_entries_are_one_write_and_one_line_each(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(entry(1), entry(2))
    assert len(path.read_bytes().splitlines()) == 2


def test_lines_are_json_and_chained_as_documented(path: Path) -> None:
    lines = written(path, entry(1), entry(2)).splitlines()
    previous = GENESIS
    for line in lines:
        document = json.loads(line)
        assert document["previous"] == previous
        body = line[: line.index(b',"hash":"')]
        previous = document["hash"]
        assert previous == sha256(body).hexdigest()


def test_only_its_owner_can_read_it(path: Path) -> None:
    written(path, entry(1))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_goes_on_where_it_stopped(path: Path) -> None:
    written(path, entry(1))
    written(path, entry(2))
    with Journal(path) as journal:
        assert journal.entries == (entry(1), entry(2))


def test_a_second_writer_is_refused(path: Path) -> None:
    with Journal(path), pytest.raises(ConfigurationError, match="another process"):
        Journal(path)
    Journal(path).close()


def test_a_second_process_is_refused_until_the_first_is_gone(path: Path) -> None:
    program = (
        "import sys, pathlib; from responders.journal import Journal;"
        "Journal(pathlib.Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"open\n"
        with pytest.raises(ConfigurationError, match="another process"):
            Journal(path)
        child.kill()
        child.wait()
    Journal(path).close()


def test_a_torn_last_line_is_cut_and_its_bytes_are_kept(path: Path) -> None:
    data = written(path, entry(1), entry(2))
    first = len(data.splitlines(keepends=True)[0])
    path.write_bytes(data[:-10])
    with Journal(path) as journal:
        assert journal.entries == (entry(1),)
        journal.append(entry(3))
    assert Path(f"{path}.torn").read_bytes() == data[first:-10] + b"\n"
    with Journal(path) as journal:
        assert journal.entries == (entry(1), entry(3))


def test_damage_names_its_line(path: Path) -> None:
    lines = written(path, entry(1), entry(2), entry(3)).splitlines(keepends=True)
    lines[1] = lines[1].replace(b'"step":0', b'"step":1')
    path.write_bytes(b"".join(lines))
    with pytest.raises(UnsafeToContinueError, match=rf"{path}:2: .*its hash does not fit"):
        Journal(path)


def test_a_line_taken_out_or_moved_is_found(path: Path) -> None:
    one, two, three = written(path, entry(1), entry(2), entry(3)).splitlines(keepends=True)
    for changed in ([one, three], [two, three], [one, three, two], [one, one, two, three]):
        path.write_bytes(b"".join(changed))
        with pytest.raises(UnsafeToContinueError):
            Journal(path)


def test_a_newline_overwritten_at_the_end_is_damage_not_a_crash(path: Path) -> None:
    path.write_bytes(written(path, entry(1))[:-1] + b"x")
    with pytest.raises(UnsafeToContinueError, match="its end was changed"):
        Journal(path)
    assert not Path(f"{path}.torn").exists()


def test_an_entry_of_another_version_is_named(path: Path) -> None:
    path.parent.mkdir()
    body = b'{"previous":"%s","entry":{"type":"novel"}' % GENESIS.encode()
    path.write_bytes(b'%s,"hash":"%s"}\n' % (body, sha256(body).hexdigest().encode()))
    with pytest.raises(UnsafeToContinueError, match="another version"):
        Journal(path)


def test_a_damaged_journal_is_left_unlocked_and_untouched(path: Path) -> None:
    path.write_bytes(data := written(path, entry(1)).replace(b"signed", b"sogned"))
    for _ in range(2):
        with pytest.raises(UnsafeToContinueError):
            Journal(path)
    assert path.read_bytes() == data


def test_a_full_disk_stops_it_before_anything_is_sent(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Journal(path) as journal:
        journal.append(entry(1))
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", full)
            with pytest.raises(UnsafeToContinueError, match="Free some space"):
                journal.append(entry(2))
        with pytest.raises(UnsafeToContinueError):
            journal.append(entry(3))
    with Journal(path) as journal:
        assert journal.entries == (entry(1),)


def test_a_disk_that_cannot_sync_stops_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with Journal(path) as journal:
        monkeypatch.setattr(os, "fsync", failing)
        with pytest.raises(UnsafeToContinueError, match="cannot be written"):
            journal.append(entry(1))


def test_a_line_that_does_not_fit_any_more_is_taken_off_again(path: Path) -> None:
    """A real limit, in a process of its own: the kernel takes the beginning of the line."""
    program = f"""
import pathlib, resource
from responders.entries import Mark
from responders.journal import Journal
from schemas.errors import UnsafeToContinueError
path = pathlib.Path({str(path)!r})
with Journal(path) as journal:
    journal.append(Mark(published=1))
    limit = path.stat().st_size + 100
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        journal.append(Mark(published=2))
    except UnsafeToContinueError:
        print("stopped", path.stat().st_size == limit - 100)
"""
    assert hasattr(resource, "RLIMIT_FSIZE")
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "stopped True\n"
    with Journal(path) as journal:
        assert journal.entries == (Mark(published=1),)
