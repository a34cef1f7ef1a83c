"""What `firebreak case` refuses before it asks anybody, and what it checks without anybody."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from forensics.cases.bag import Bag
from schemas.errors import ConfigurationError


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["case", *map(str, words)], catch_exceptions=False)


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    folder = tmp_path / "evidence"
    with Bag(folder) as made:
        made.keep("custody.json", b"{}")
        made.close({"Contact-Name": "Ada"})
        made.seal(None)
    return folder


def test_a_report_is_of_an_incident_or_of_evidence(tmp_path: Path, bag: Path) -> None:
    for words in ((), ("0" * 16, "--evidence", bag)):
        with pytest.raises(ConfigurationError, match="an incident's id, or --evidence"):
            run("report", *words, "--out", tmp_path / "out")
    with pytest.raises(ConfigurationError, match="needs --by and --why"):
        run("report", "0" * 16, "--out", tmp_path / "out")


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, bag: Path) -> None:
    with pytest.raises(ConfigurationError, match="never overwritten"):
        run("report", "--evidence", bag, "--out", bag)


def test_evidence_is_checked_without_node_or_broker(bag: Path) -> None:
    assert run("verify", bag).output.strip().endswith("whole, every byte as it was collected")
    (bag / "data" / "custody.json").write_bytes(b"[]")
    found = run("verify", bag)
    assert (found.exit_code, found.output.strip()) == (1, "data/custody.json: changed")


def test_a_stamp_that_nobody_trusts_is_said_to_be_so(bag: Path) -> None:
    (bag / "timestamp.tsr").write_bytes(b"\x30\x00")
    found = run("verify", bag)
    assert found.exit_code == 1
    assert "timestamp.tsr: no authority is trusted" in found.output


def test_without_a_node_nothing_is_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match="no node is configured"):
        run("collect", "0" * 16, "--out", tmp_path / "out", "--by", "Ada", "--why", "practice")
    assert not (tmp_path / "out").exists()
