"""`firebreak archive` as a person types it."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.archive import app
from forensics.archive.query import QueryError
from tests.unit.forensics.archive.stand import fill, keep, log

COUNT = 12


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("archive")
    broker = log()
    fill(broker, COUNT)
    keep(broker, root)
    return root


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--folder", str(root)])


def test_it_says_what_there_is(root: Path) -> None:
    told = run(root, "show").output
    assert "chain-transactions-v1" in told
    assert "chain_transactions_v1" in told
    assert str(COUNT) in told


def test_check_says_yes_or_no(root: Path, tmp_path: Path) -> None:
    assert f"{COUNT} records in" in run(root, "check").output
    broker = log()
    fill(broker, COUNT)
    keep(broker, tmp_path)
    next(tmp_path.rglob("*.parquet")).write_bytes(b"rubbish")
    found = run(tmp_path, "check")
    assert found.exit_code == 1
    assert "not as it was written" in found.output


@pytest.mark.skipif(sys.platform != "linux", reason="it runs confined, on Linux only")
def test_rows_come_as_a_table_as_json_and_as_csv(root: Path) -> None:
    sql = "SELECT '[red]' AS a, count(*) AS n FROM chain_transactions_v1"
    assert "[red]" in run(root, "query", sql).output
    assert json.loads(run(root, "query", sql, "--form", "json").output) == {"a": "[red]", "n": 12}
    assert run(root, "query", sql, "--form", "csv").output.splitlines() == ["a,n", "[red],12"]


@pytest.mark.skipif(sys.platform != "linux", reason="it runs confined, on Linux only")
def test_what_is_no_question_is_a_sentence(root: Path) -> None:
    found = run(root, "query", "DROP VIEW alerts_v1")
    assert isinstance(found.exception, QueryError)
    assert "one SELECT" in str(found.exception)
