"""What libraries log, in our own log."""

import logging
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from incidents.logs import REPEAT_SECONDS, adopt


@pytest.fixture(autouse=True)
def root_log() -> Iterator[None]:
    """The root logger as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def test_a_library_s_warning_is_logged_under_its_name() -> None:
    with capture_logs() as lines:
        adopt("INFO")
        logging.getLogger("faust.tables").warning("recovery took %d s", 3)
        logging.getLogger("faust.tables").info("starting")
    assert lines == [
        {
            "module": "faust.tables",
            "event": "recovery took 3 s",
            "log_level": "warning",
        }
    ]


def test_an_exception_keeps_its_traceback() -> None:
    with capture_logs() as lines:
        adopt("ERROR")
        try:
            int("x")
        except ValueError:
            logging.getLogger("aiokafka").exception("crashed")
    (line,) = lines
    assert line["exc_info"][0] is ValueError


def test_debug_hears_every_step() -> None:
    with capture_logs() as lines:
        adopt("DEBUG")
        logging.getLogger("faust").debug("a step")
    assert [line["event"] for line in lines] == ["a step"]


def test_a_statement_is_not_repeated_a_hundred_times_a_second() -> None:
    with capture_logs() as lines:
        adopt("INFO")
        for attempt in range(100):
            logging.getLogger("aiokafka").error("no connection, attempt %d", attempt)
        logging.getLogger("aiokafka").error("something else")
    assert [line["event"] for line in lines] == ["no connection, attempt 0", "something else"]


def test_a_statement_is_repeated_after_a_while() -> None:
    with capture_logs() as lines:
        adopt("INFO")
        for created in (0.0, REPEAT_SECONDS / 2, REPEAT_SECONDS):
            record = logging.makeLogRecord(
                {"name": "aiokafka", "msg": "no connection", "levelno": 40, "created": created}
            )
            logging.getLogger("aiokafka").handle(record)
    assert len(lines) == 2
