"""Recorded sets, changed as strangers' sets may differ: the scores stay what they were."""

import gzip
import json
import random
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.score import blind_rows

Scores = dict[str, list[tuple[str, ...]]]


def scored(path: Path) -> Scores:
    """Return, by case, all cells of its rows but the case."""
    found: Scores = defaultdict(list)
    problems: list[str] = []
    for row in blind_rows(path, "core", problems):
        found[row.case].append(row.cells()[1:])
    assert problems == []
    return dict(found)


def text(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()


def otherwise(value: Any, key: str = "") -> Any:
    """Write a trace as another exporter would: mixed case, decimal values, other field order."""
    if isinstance(value, dict):
        return {name: otherwise(value[name], name) for name in sorted(value, reverse=True)}
    if isinstance(value, list):
        return [otherwise(one) for one in value]
    if isinstance(value, str) and value[:2] == "0x":
        return str(int(value, 16)) if key == "value" else "0x" + value[2:].upper()
    return value


@pytest.fixture
def traces(data: Path) -> list[Path]:
    found = sorted((data / "exploit_traces").glob("*/*.json*"), key=lambda path: path.name)
    return found[::16]


def test_traces_written_otherwise_score_the_same(traces: list[Path], tmp_path: Path) -> None:
    plain, changed = tmp_path / "plain", tmp_path / "changed" / "bsc"
    for folder in (plain, changed):
        folder.mkdir(parents=True)
    for number, path in enumerate(traces):
        (plain / f"{number}.json").write_text(text(path))
        rewritten = json.dumps(otherwise(json.loads(text(path))), indent=1)
        data = b"\xef\xbb\xbf" + rewritten.replace("\n", "\r\n").encode()
        (changed / f"{number}.json").write_bytes(gzip.compress(data))
    # the folder's name is the case's, and nothing else of it counts
    expected = {f"bsc.{case}": rows for case, rows in scored(plain).items()}
    assert len(expected) == len(traces) > 3
    assert scored(tmp_path / "changed") == expected


def blocks(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".json"):
                yield Path(name).name, archive.read(name)


def test_a_history_scores_the_same_under_any_name_in_any_order(data: Path, tmp_path: Path) -> None:
    told = list(blocks(data / "protocol_histories" / "SphereX.zip"))
    assert len(told) > 50
    random.Random(4).shuffle(told)
    renamed = tmp_path / "recorded" / "Aaa_polygon"
    renamed.mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "recorded" / "Zzz.zip", "w") as archive:
        for number, (name, raw) in enumerate(told):
            archive.writestr(name, raw)
            packed = number % 2 == 0
            target = renamed / (f"{name}.gz" if packed else name)
            target.write_bytes(gzip.compress(raw) if packed else raw)
    found = scored(tmp_path / "recorded")
    assert sorted(found) == ["Aaa_polygon", "Zzz"]
    assert found["Aaa_polygon"] == found["Zzz"]
    hashes = {tx for _, raw in told for tx in json.loads(raw)}
    assert len(found["Zzz"]) == len(hashes)


@pytest.mark.parametrize("kept", [1, 2, 3])
def test_parts_of_a_set_never_stop_the_rest(traces: list[Path], tmp_path: Path, kept: int) -> None:
    for number, path in enumerate(traces):
        whole = text(path)
        cut = whole if number < kept else whole[: len(whole) // 2]
        (tmp_path / f"{number}.json").write_text(cut)
    problems: list[str] = []
    rows = list(blind_rows(tmp_path, "core", problems))
    assert [row.case for row in rows] == [str(number) for number in range(kept)]
    assert len(problems) == len(traces) - kept


def test_bars_newest_first_score_the_same(data: Path, tmp_path: Path) -> None:
    told = json.loads(text(data / "prices" / "data_usdc_large_depeg_2023.json.gz"))
    rows = told["data"]
    (tmp_path / "oldest.json").write_text(json.dumps(told))
    (tmp_path / "newest.json").write_text(json.dumps({**told, "data": rows[::-1]}))
    lines = [f"{row['dt']},{row['o']},{row['h']},{row['l']},{row['c']},{row['v']}" for row in rows]
    random.Random(4).shuffle(lines)
    header = "Date,Open,High,Low,Close,Volume"
    (tmp_path / "shuffled.csv").write_text("\r\n".join((header, *lines)))
    found = scored(tmp_path)
    assert len(found["oldest"]) == len(rows)
    assert found["oldest"] == found["newest"] == found["shuffled"]
