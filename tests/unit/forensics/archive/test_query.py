"""SQL over the archive: what it answers, and what a hostile statement does not get."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import duckdb
import pytest

from forensics.archive import query_inside
from forensics.archive.query import Bounds, QueryError, ask
from schemas.topics import ALERTS, TRANSACTIONS
from tests.unit.forensics.archive.stand import fill, keep, log, put

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it runs confined, on Linux only")

COUNT = 60


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("it's an archive")
    broker = log()
    fill(broker, COUNT)
    put(broker, ALERTS, b"\xff rubbish")
    keep(broker, root)
    return root


def rows(root: Path, statement: str) -> list[tuple[object, ...]]:
    return list(ask(root, statement, Bounds()).rows)


def test_topics_are_views(root: Path) -> None:
    found = ask(
        root,
        "SELECT chain, day, count(*) AS n, min(event_time) AS since FROM chain_transactions_v1 "
        "GROUP BY ALL",
        Bounds(),
    )
    assert found.columns == ("chain", "day", "n", "since")
    assert [row[0] for row in found.rows] == ["eip155:31337"]
    assert sum(int(row[2]) for row in found.rows) == COUNT


def test_records_are_json(root: Path) -> None:
    statement = (
        "SELECT record ->> '$.protocol', (record -> '$.flows[0].amount')::VARCHAR, tx "
        'FROM chain_transactions_v1 WHERE "offset" = 0 AND partition = 0'
    )
    ((protocol, amount, tx),) = rows(root, statement)
    assert protocol == "sample"
    assert str(amount).strip('"').isdigit()
    assert str(tx).startswith("0x")


def test_what_could_not_be_read_is_there_with_its_bytes(root: Path) -> None:
    ((value, fault, record),) = rows(root, "SELECT value, fault, record FROM alerts_v1")
    assert value == "0x" + b"\xff rubbish".hex()
    assert fault
    assert record is None


def test_a_topic_that_there_is_nothing_of_is_empty(root: Path) -> None:
    assert rows(root, "SELECT * FROM actions_v1") == []


def test_it_says_that_there_is_more(root: Path) -> None:
    found = ask(root, "SELECT tx FROM chain_transactions_v1", Bounds(rows=5))
    assert (len(found.rows), found.more) == (5, True)


def test_large_numbers_stay_exact(root: Path) -> None:
    assert rows(root, "SELECT (2::HUGEINT ** 60)::HUGEINT + 1, 1.50::DECIMAL(9,2)") == [
        ("1152921504606846977", "1.50")
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO 'mine.parquet'",
        "ATTACH 'mine.db'",
        "CREATE TABLE t AS SELECT 1",
        "SET memory_limit = '100GB'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT 1; SELECT 2",
        "",
    ],
)
def test_only_one_select_is_answered(statement: str) -> None:
    with duckdb.connect(":memory:") as connection:
        assert "one SELECT" in query_inside.selected(connection, statement, 10)["error"]


@pytest.mark.parametrize("statement", ["COPY (SELECT 1) TO '{root}/data/x'", "nonsense"])
def test_what_is_no_question_is_said_so(root: Path, statement: str) -> None:
    before = sorted(root.rglob("*"))
    with pytest.raises(QueryError):
        ask(root, statement.replace("{root}", str(root).replace("'", "''")), Bounds())
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize(
    "function",
    [
        "read_text('/etc/passwd')",
        "read_text('{root}/register/alerts-v1/00000/00000000000000000000.json')",
        "glob('/*')",
        "read_text('{url}')",
    ],
)
def test_it_reads_no_other_file_and_asks_nobody(root: Path, function: str) -> None:
    asked: list[str] = []

    class Ears(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)

    server = HTTPServer(("127.0.0.1", 0), Ears)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/x"
    text = function.replace("{root}", str(root).replace("'", "''")).replace("{url}", url)
    try:
        with pytest.raises(QueryError):
            ask(root, f"SELECT * FROM {text}", Bounds())
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert asked == []


ENDLESS = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT sum(n) FROM t"


@pytest.mark.parametrize(
    ("statement", "bounds", "told"),
    [
        (ENDLESS, Bounds(seconds=1.0), "--seconds"),
        ("SELECT list(range(1000000)) FROM range(10000)", Bounds(memory=256 << 20), "emory"),
        ("SELECT repeat('x', 1000000) FROM range(20)", Bounds(), "fewer rows"),
        ("SELECT " + "1," * 40_000, Bounds(), "characters"),
    ],
    ids=["time", "memory", "answer", "statement"],
)
def test_it_takes_no_more_than_it_may(
    root: Path, statement: str, bounds: Bounds, told: str
) -> None:
    with pytest.raises(QueryError, match=told):
        ask(root, statement, bounds)


def test_the_views_are_those_of_the_topics(root: Path) -> None:
    found = rows(root, "SELECT view_name FROM duckdb_views() WHERE NOT internal")
    assert (TRANSACTIONS.name.replace("-", "_"),) in found
