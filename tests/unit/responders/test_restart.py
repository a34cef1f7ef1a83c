"""The process ends at every possible moment; the brake has one effect."""

import errno
import os
from pathlib import Path

import pytest

from responders.journal import Journal
from runtime.memory import MemoryBroker
from schemas.errors import UnsafeToContinueError
from tests.unit.responders.bench import FINAL, Bench, Crash, FragileJournal, bench
from tests.unit.responders.examples import alert
from tests.unit.responders.fakes import FakeChain

WRITES = 6
"""[proposed, authorised], [nonce-reserved, signed], broadcast, included, final, the mark."""


def run_until_crash(path: Path, chain: FakeChain, at: int, *, before: bool) -> bool:
    """Run to the end of a brake, or to the crash; return whether it crashed."""
    journal = FragileJournal(path, at, before=before)
    try:
        responder = Bench(journal, chain)
        responder.receive(alert())
        responder.mine(1 + FINAL)
    except Crash:
        return True
    finally:
        journal.close()
    return False


@pytest.mark.parametrize("before", [True, False], ids=["before-the-write", "after-the-write"])
@pytest.mark.parametrize("at", range(1, WRITES + 1))
def test_a_crash_at_every_write_leads_to_one_brake(
    tmp_path: Path, at: int, *, before: bool
) -> None:
    path, chain = tmp_path / "journal.jsonl", FakeChain(101)
    assert run_until_crash(path, chain, at, before=before)
    with bench(path, chain) as responder:
        responder.receive(alert())  # nothing was committed, so it is read again
        responder.mine(1 + FINAL)
        assert [course.state for course in responder.ledger.courses.values()] == ["final"]
    assert len(chain.brakes) == 1
    assert chain.nonces == [0]
    assert len(set(chain.sent)) == 1


def test_no_write_is_left_untested(tmp_path: Path) -> None:
    assert not run_until_crash(tmp_path / "journal.jsonl", FakeChain(101), WRITES + 1, before=True)


@pytest.mark.parametrize("lines", range(1, 9))
def test_a_journal_cut_after_any_line_leads_to_one_brake(tmp_path: Path, lines: int) -> None:
    """Lines of one write may be torn apart; what follows the cut was then never done."""
    path, chain = tmp_path / "journal.jsonl", FakeChain(101)
    with bench(path, chain) as responder:
        chain.deaf = True
        responder.receive(alert())
    kept = path.read_bytes().splitlines(keepends=True)[:lines]
    path.write_bytes(b"".join(kept))
    chain.deaf = False
    with bench(path, chain) as responder:
        responder.receive(alert())
        responder.mine(2 + FINAL)
        assert [course.state for course in responder.ledger.courses.values()] == ["final"]
    assert len(chain.brakes) == 1


def test_a_crash_during_the_replacement_keeps_the_nonce(tmp_path: Path) -> None:
    path, chain = tmp_path / "journal.jsonl", FakeChain(101)
    with bench(path, chain) as responder:
        responder.receive(alert())
        chain.deaf = True
        responder.mine(3, include=False)
        assert responder.states()[-1] == "signed"
    chain.deaf = False
    with bench(path, chain) as responder:
        responder.mine(2 + FINAL)
        assert responder.states()[-1] == "final"
    assert chain.nonces == [0]


def test_what_the_topic_lacks_after_a_crash_is_published_with_the_same_ids(tmp_path: Path) -> None:
    path, chain, broker = tmp_path / "journal.jsonl", FakeChain(101), MemoryBroker()
    journal = FragileJournal(path, 3, before=False)
    with pytest.raises(Crash):
        Bench(journal, chain, broker=broker).receive(alert())
    journal.close()
    with bench(path, chain, broker=broker) as responder:
        responder.mine(1 + FINAL)
        states = responder.states()
    assert states == [
        "proposed",
        "authorised",
        "nonce-reserved",
        "signed",
        "broadcast",
        "included",
        "final",
    ]


def test_after_a_settled_stop_nothing_is_published_twice(tmp_path: Path) -> None:
    path, chain, broker = tmp_path / "journal.jsonl", FakeChain(101), MemoryBroker()
    with bench(path, chain, broker=broker) as responder:
        responder.receive(alert())
        responder.responder.checkpoint({})
        before = responder.states()
    with bench(path, chain, broker=broker) as responder:
        assert responder.states() == before


def test_steps_published_but_not_marked_are_published_again_with_the_same_ids(
    tmp_path: Path,
) -> None:
    path, chain, broker = tmp_path / "journal.jsonl", FakeChain(101), MemoryBroker()
    with bench(path, chain, broker=broker) as responder:
        responder.receive(alert())
        once = [step.id for step in responder.published()]
    with bench(path, chain, broker=broker) as responder:
        responder.book.publish()
        twice = [step.id for step in responder.published()]
    assert twice == once + once


def test_a_broker_that_is_down_does_not_end_the_process_while_a_brake_is_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down() -> None:
        raise UnsafeToContinueError("not acknowledged")

    with bench(tmp_path / "journal.jsonl", FakeChain(101)) as responder:
        monkeypatch.setattr(responder.book, "settle", down)
        responder.receive(alert())
        responder.clock.seconds += 60
        responder.mine(FINAL)
        with pytest.raises(UnsafeToContinueError):
            responder.mine()
        assert responder.states()[-1] == "final"


def test_a_replay_of_the_topic_sends_nothing_more(tmp_path: Path) -> None:
    path, chain = tmp_path / "journal.jsonl", FakeChain(101)
    for _ in range(4):
        with bench(path, chain) as responder:
            responder.receive(alert())
            responder.mine(1 + FINAL)
    assert len(chain.sent) == 1


def test_an_incident_stays_one_over_a_restart_even_where_nothing_was_done(tmp_path: Path) -> None:
    path, chain = tmp_path / "journal.jsonl", FakeChain(101)
    hour = 3600
    with bench(path, chain, armed=False) as responder:
        responder.receive(alert(1), alert(2, timestamp=alert(1).timestamp + hour - 1))
        responder.responder.checkpoint({})
    with Journal(path) as journal:
        ledger = Bench(journal, chain, armed=False).ledger
    late = alert(3)
    joined = ledger.incident(late.chain, late.protocol, late.tx, alert(1).timestamp + 2 * hour - 2)
    assert {joined} == {course.action.incident for course in ledger.courses.values()}


@pytest.mark.parametrize("writes", range(2))
def test_while_the_disk_is_full_nothing_is_sent_and_afterwards_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    path, chain = tmp_path / "journal.jsonl", FakeChain(101)
    left, real = iter(range(writes)), os.write

    def filling(file: int, data: bytes) -> int:
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(file, data)

    with bench(path, chain) as responder:
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", filling)
            with pytest.raises(UnsafeToContinueError, match="Free some space"):
                responder.receive(alert())
        assert chain.sent == []
    with bench(path, chain) as responder:
        responder.receive(alert())
        responder.mine(1 + FINAL)
        assert responder.states()[-1] == "final"
    assert len(chain.brakes) == 1
