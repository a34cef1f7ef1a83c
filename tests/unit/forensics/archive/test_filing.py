import msgspec
import pytest
from msgspec.structs import replace

from detectors.samples import make
from forensics.archive.filing import Place, file
from runtime.broker import Message
from schemas.base import Record
from schemas.codec import encode
from schemas.topics import ALERTS, TOPICS, TRANSACTIONS
from tests.unit.forensics.archive.stand import DAY, FIRST

GOT = (FIRST + 30 * DAY) * 1000


def message(record: Record | bytes, topic: str = TRANSACTIONS.name) -> Message:
    value = record if isinstance(record, bytes) else encode(record)
    return Message(topic, 0, 5, b"k", value, (), GOT)


def test_a_late_record_belongs_to_the_day_of_its_event() -> None:
    late = make(1, timestamp=FIRST + DAY - 1)
    assert file(message(late)).place == Place("2026-01-01", late.chain)
    assert file(message(make(1, timestamp=FIRST + DAY))).place.day == "2026-01-02"


def test_what_is_told_of_a_record() -> None:
    record = make(7)
    filing = file(message(record))
    assert (filing.kind, filing.id, filing.block) == ("transaction", record.id, record.block)
    assert (filing.protocol, filing.tx, filing.fault) == (record.protocol, record.tx, None)
    assert filing.event_time == record.timestamp


@pytest.mark.parametrize("value", [b"", b"\xff", b"[]", b'{"kind": "none"}', b'{"kind": 1}'])
def test_what_cannot_be_read_goes_under_the_day_on_which_the_log_got_it(value: bytes) -> None:
    filing = file(message(value))
    assert filing.place == Place("2026-01-31", "none")
    assert filing.fault
    assert filing.kind is None


def test_a_time_that_no_reader_could_show_is_no_time() -> None:
    filing = file(message(make(1, timestamp=2**53 - 1)))
    assert filing.place.day == "2026-01-31"
    assert filing.event_time is None


def test_a_chain_is_no_path() -> None:
    hostile = encode(make(1)).replace(b'"eip155:31337"', b'"../../../../etc"')
    assert file(message(hostile)).place.chain == "none"


def test_the_log_may_not_know_when() -> None:
    assert file(replace(message(b""), time=-1)).place.day == "1970-01-01"


@pytest.mark.parametrize("topic", TOPICS)
def test_every_kind_of_record_can_be_filed(topic: str) -> None:
    for kind in TOPICS[topic].records:
        assert msgspec.structs.fields(kind)
    assert file(message(b"{", ALERTS.name)).fault
