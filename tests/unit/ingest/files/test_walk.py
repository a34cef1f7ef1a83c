import gzip
import os
import struct
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from ingest.files import Item, Tally, Unreadable, extent, read, stream, walk
from ingest.raw import RawBlock
from schemas.errors import ConfigurationError

Put = Callable[..., Path]
Items = Callable[..., list[Item]]
Broken = Callable[..., list[Unreadable]]


def history(tx: int) -> dict[str, list[object]]:
    return {f"0x{tx:064x}": []}


def zipped(path: Path, *names: str) -> None:
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, f'{{"0x{1:064x}": []}}')


def test_nothing_at_a_path_is_the_callers_mistake(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="no file or folder"):
        list(read(folder / "absent"))


def test_an_empty_folder_holds_nothing(items: Items) -> None:
    assert items() == []


def test_cases_are_named_after_where_files_lie(put: Put, folder: Path, items: Items) -> None:
    put("9.json", history(1))
    put("inner/deeper/9.json", history(1))
    zipped(folder / "inner" / "Alpha.zip", "Alpha/9.json", "Beta/9.json", "9.json")
    assert sorted(item.case for item in items()) == [
        "inner.Alpha",
        "inner.Alpha",
        "inner.Alpha.Beta",
        "inner.deeper",
        "recorded",
    ]


def test_the_chain_may_be_named_by_the_path_or_by_the_caller(put: Put, items: Items) -> None:
    path = put("bsc/Alpha/9.json", history(1))

    def chains(found: list[Item]) -> list[str]:
        return [item.body.chain for item in found if isinstance(item.body, RawBlock)]

    assert chains(items()) == ["eip155:56"]
    assert chains(items(path)) == ["eip155:56"]
    assert chains(items(chain="eip155:137")) == ["eip155:137"]


def test_a_second_reading_gives_the_same(put: Put, folder: Path, items: Items) -> None:
    put("b/9.json", history(1))
    put("a/9.json", history(1))
    zipped(folder / "c.zip", "9.json")
    assert items() == items()


def test_a_damaged_archive_is_unreadable_and_the_rest_goes_on(
    put: Put, folder: Path, items: Items
) -> None:
    zipped(folder / "a.zip", "9.json")
    (folder / "a.zip").write_bytes((folder / "a.zip").read_bytes()[:-30])
    put("b/9.json", history(1))
    bad, good = sorted(items(), key=lambda item: item.file)
    assert isinstance(bad.body, Unreadable)
    assert bad.file == "a.zip"
    assert isinstance(good.body, RawBlock)


def test_a_damaged_member_is_unreadable_alone(folder: Path, items: Items) -> None:
    path = folder / "a.zip"
    zipped(path, "8.json", "9.json")
    data = bytearray(path.read_bytes())
    data[data.index(b"8.json") + 10] ^= 0xFF
    path.write_bytes(bytes(data))
    bad, good = items()
    assert isinstance(bad.body, Unreadable)
    assert bad.file == "a.zip/8.json"
    assert isinstance(good.body, RawBlock)


def test_an_encrypted_member_is_unreadable(folder: Path, broken: Broken) -> None:
    path = folder / "a.zip"
    zipped(path, "9.json")
    data = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", data, data.index(magic) + offset, 1)
    path.write_bytes(bytes(data))
    (bad,) = broken()
    assert "password" in bad.reason


def test_members_cannot_lead_out_of_the_archive(folder: Path, items: Items) -> None:
    zipped(folder / "a.zip", "../../etc/9.json", "/root/9.json")
    assert all(isinstance(item.body, RawBlock) for item in items())
    assert list(folder.iterdir()) == [folder / "a.zip"]


def test_archives_with_too_much_in_them_are_refused(
    folder: Path, broken: Broken, monkeypatch: pytest.MonkeyPatch
) -> None:
    zipped(folder / "a.zip", "1.json", "2.json", "3.json")
    monkeypatch.setattr(walk, "MAX_MEMBERS", 2)
    (bad,) = broken()
    assert "3 members" in bad.reason
    monkeypatch.setattr(walk, "MAX_MEMBERS", 3)
    assert broken() == []
    monkeypatch.setattr(walk, "MAX_ARCHIVE_BYTES", 100)
    assert len(broken()) == 1


def test_a_few_bytes_cannot_unpack_to_many(
    put: Put, folder: Path, broken: Broken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MAX_PIECE_BYTES", 1000)
    monkeypatch.setattr(stream, "MAX_FILE_BYTES", 3000)
    put("document.json.gz", b"[" + b" " * 2000 + b"]")
    put("line.jsonl.gz", b'{"a": "' + b"a" * 2000)
    put("lines.csv.gz", b"date,open,high,low,close\n" + b"1,1,1,1,1\n" * 1000)
    with ZipFile(folder / "a.zip", "w", ZIP_DEFLATED) as archive:
        archive.writestr("9.json", b" " * 2000)
    reasons = [bad.reason for bad in broken()]
    assert len(reasons) == 4
    assert all("split" in reason for reason in reasons)


@pytest.mark.parametrize("name", ["codes.jsonl.gz", "codes.jsonl"])
def test_gzip_is_recognised_by_its_bytes(folder: Path, items: Items, name: str) -> None:
    (folder / name).write_bytes(gzip.compress(b'{"init_code": "", "runtime_code": "0x60"}'))
    assert len(items()) == 1


def test_lines_before_a_truncation_are_read(folder: Path, items: Items) -> None:
    lines = b"".join(b'{"init_code": "0x%064x", "runtime_code": "0x60"}\n' % n for n in range(5000))
    data = gzip.compress(lines)
    (folder / "codes.jsonl.gz").write_bytes(data[: len(data) // 2])
    *good, bad = items()
    assert len(good) > 100
    assert not any(isinstance(item.body, Unreadable) for item in good)
    assert isinstance(bad.body, Unreadable)
    assert "cut short" in bad.body.reason
    assert bad.body.where.startswith("line ")


def test_a_file_that_cannot_be_unpacked_is_kept_as_it_lies(folder: Path, broken: Broken) -> None:
    data = gzip.compress(b'{"init_code": "", "runtime_code": "0x60"}')[:-4]
    (folder / "codes.json.gz").write_bytes(data)
    (bad,) = broken()
    assert (bad.where, bad.raw) == ("", data)


def test_what_is_no_file_is_not_opened(folder: Path, broken: Broken) -> None:
    os.mkfifo(folder / "pipe.json")
    (folder / "gone.json").symlink_to(folder / "absent")
    gone, pipe = broken()
    assert "No such file" in gone.reason
    assert "neither a file nor a folder" in pipe.reason


def test_names_are_shown_without_what_terminals_obey(folder: Path, items: Items) -> None:
    (folder / "a\x1b[2J\nb.jsonl").write_text('{"init_code": "", "runtime_code": "0x60"}')
    (found,) = items()
    assert found.file == "a?[2J?b.jsonl"


def test_progress_adds_up_to_the_bytes_on_disk(put: Put, folder: Path) -> None:
    lines = ['{"init_code": "", "runtime_code": "0x60"}'] * 100
    put("a/plain.jsonl", *lines)
    put("b/packed.jsonl.gz", *lines)
    put("c/README.md", "x" * 1000)
    put("d/labels.csv", "label", *["x"] * 1000)
    zipped(folder / "e.zip", "1.json", "2.json")
    (folder / "f").mkdir()
    (folder / "f" / "cut.json.gz").write_bytes(gzip.compress(b"[]")[:-5])
    (folder / "f" / "closed.zip").write_bytes(b"PK\x03\x04 and no more")
    done: list[int] = []
    list(read(folder, tally=Tally(advance=done.append)))
    files, total = extent(folder)
    assert files == 8
    assert sum(done) == total
    assert all(step >= 0 for step in done)
