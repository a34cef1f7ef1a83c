"""The record's database dies: nothing that was sealed is lost, and nothing is written twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from forensics.record import database
from forensics.record.log_writer import LogWriter
from forensics.record.tables import LEAVES
from forensics.record.verification import verify
from schemas.errors import TransientError
from tests.forensic_log import SIGNER, leaves, seal
from tests.postgres import Postgres, postgres_server
from tests.waiting import until


def write_until_it_is_killed(engine: Engine, server: Postgres) -> None:
    with LogWriter.open(engine) as log:
        log.append(leaves(300, 0))
        seal(log)
        log.append(leaves(5, 300))
        server.kill()
        log.append(leaves(5, 305))


def test_a_postgresql_that_is_killed_ends_the_writer_and_is_gone_on_with() -> None:
    """Whoever runs the service starts it again: `TransientError` is what it ends with."""
    with postgres_server() as server:
        engine = database.connect(server.address)
        with pytest.raises(TransientError, match="does not answer"):
            write_until_it_is_killed(engine, server)
        with pytest.raises(TransientError, match="does not answer"), LogWriter.open(engine):
            pass
        server.start()
        with LogWriter.open(engine) as log:
            assert log.frontier.size == 305, "all that was written, and nothing of what was not"
            log.append(leaves(5, 305))
            seal(log)
            assert verify(log.reader, SIGNER.key).findings == ()
        engine.dispose()


def test_one_that_hangs_is_waited_for_and_has_each_record_once() -> None:
    waits = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with postgres_server() as server, ThreadPoolExecutor(1) as hands:
        engine = database.connect(server.address)
        with LogWriter.open(engine) as log, engine.connect() as other, engine.connect() as watch:
            other.execute(text(f"LOCK TABLE {LEAVES.name} IN ACCESS EXCLUSIVE MODE"))
            writing = hands.submit(log.append, leaves(5, 0))
            until(lambda: watch.scalar(waits))
            other.rollback()
            writing.result(timeout=30)
            seal(log)
            assert log.frontier.size == 5
            assert verify(log.reader, SIGNER.key).findings == ()
        engine.dispose()
