"""`firebreak audit rederive`: decisions derived again from the log they stand in."""

import sqlite3
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cli import wiring
from cli.audit_keep import engine_of
from cli.rederive import hearing_again
from forensics.record import recorded
from forensics.record.log_reader import LogReader
from forensics.record.recorded import Recorded
from responders import tightening
from responders.decision import judge
from responders.entries import Step
from responders.inputs import inputs_of
from responders.journal import read
from responders.rederive import rederive as derived
from runtime.broker import Broker
from runtime.settings import load
from schemas.actions import Action, Cited
from schemas.codec import encode
from schemas.errors import TransientError
from schemas.topics import ACTIONS, ALERTS, SIGNALS
from tests.unit.cli.audit.logged import ALERT, Run, decided, record, with_fields
from tests.unit.responders.examples import START
from tests.unit.responders.test_signal_intake import WEAK, warning
from tests.unit.responders.warned import warned


def test_a_decision_is_derived_again_from_what_was_recorded(run: Run, place: Path) -> None:
    record((ALERTS, ALERT))
    told = run("rederive", decided().action)
    assert told.exit_code == 0, told.output
    assert told.output.count("equal") == 2, "the numbers, and what it cites"


def test_what_a_decision_cites_has_to_be_in_the_log_to_the_last_byte(run: Run, place: Path) -> None:
    def rederived(one: Action) -> str:
        told = run("rederive", one.action)
        assert told.exit_code == 1, told.output
        return " ".join(told.output.split())

    assert "is no leaf of the log" in rederived(decided())
    record((ALERTS, ALERT.replace(b'"block": 21402118', b'"block": 21402119')))
    assert "block: the alert says 21402119" in rederived(with_fields("block", alert_block=21402118))

    digest = sha256(ALERT).hexdigest()
    cited = with_fields("bytes", cites=(Cited(alert=decided().alert, sha256=digest),))
    assert "other bytes: SHA-256" in rederived(cited)
    record((ALERTS, ALERT))
    told = run("rederive", cited.action)
    assert told.exit_code == 0, "another of that name stands beside it"

    kept = sqlite3.connect(place / "forensics" / "record.sqlite", isolation_level=None)
    other = "CAST(replace(CAST(entry AS TEXT), 'critical', 'low') AS BLOB)"
    kept.execute(f"UPDATE leaves SET entry = {other} WHERE topic = 'alerts-v1'")
    kept.close()
    assert "other bytes" in rederived(cited)


def test_numbers_that_the_alert_does_not_bear_out_are_found(run: Run, place: Path) -> None:
    """Consistent with themselves, and about an alert that says 2e-5 and two detectors."""
    record((ALERTS, ALERT))
    lies: dict[str, Any] = {
        "p_value": 1e-12,
        "detectors_agreeing": 9,
        "families_agreeing": 5,
        "rules_broken": 3,
    }
    given = inputs_of("T2", decided().also_stops, decided().terms)
    terms = judge(replace(given, **lies)).terms
    digest = sha256(ALERT).hexdigest()
    cites = (Cited(alert=decided().alert, sha256=digest),)
    lie = with_fields("lie", terms=terms[:32], further=terms[32:], cites=cites)
    assert derived(lie).equal, "its own numbers lead to it"
    told = run("rederive", lie.action)
    assert told.exit_code == 1, told.output
    said = " ".join(told.output.split())
    for name in lies:
        assert f"{name}: the decision says" in said, said


def test_only_a_tightening_is_decided_on_no_alert(run: Run, place: Path) -> None:
    own = with_fields("own", incident=decided().alert)
    told = run("rederive", own.action)
    assert told.exit_code == 1, told.output
    assert "is no leaf of the log" in " ".join(told.output.split()), "it named itself its incident"
    given = tightening.Excess(
        worst_loss=9.0,
        allowable_loss=1.0,
        bucket_capacity=5.0,
        bucket_refill=0.0,
        response=60.0,
        brakes_left=1.0,
    )
    terms = tightening.judge(given, "T1").terms
    fields = {"state": "authorised", "scope": "T1", "terms": terms, "further": (), "heard": None}
    tightens = with_fields("tightens", incident=decided().alert, **fields)
    told = run("rederive", tightens.action)
    assert told.exit_code == 0, told.output
    astray = with_fields("astray", **fields)
    assert astray.alert != astray.incident
    assert run("rederive", astray.action).exit_code == 1, "an alert that it names has to be there"


def test_a_decision_that_was_put_into_the_database_is_no_leaf(run: Run, place: Path) -> None:
    record((ALERTS, ALERT))
    kept = sqlite3.connect(place / "forensics" / "record.sqlite", isolation_level=None)
    other = "CAST(replace(CAST(entry AS TEXT), 'outweighs', 'OUTWEIGHS') AS BLOB)"
    kept.execute(f"UPDATE leaves SET entry = {other} WHERE position = 11")
    kept.close()
    told = run("rederive", decided().action)
    said = " ".join(told.output.split())
    assert (told.exit_code, "the proof does not lead from" in said) == (1, True), said


def test_what_it_had_heard_is_held_against_the_log_itself(
    run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = place / "journal.jsonl"
    _, listens = warned(journal, warning())
    steps = [one.action for one in read(journal) if isinstance(one, Step)]
    monkeypatch.setattr(wiring, "read_manifests", lambda _: {"meadow": listens})

    def gone(*_: object) -> None:
        raise TransientError("no broker answers")

    monkeypatch.setattr(wiring, "connect", gone)
    record((ALERTS, encode(WEAK)), *((ACTIONS, encode(step)) for step in steps))
    told = run("rederive", steps[0].action)
    assert told.exit_code == 1
    assert "no broker answers" in " ".join(told.output.split()), "the log has no signals yet"
    record((SIGNALS, encode(warning())), key=warning().issuer.encode())
    told = run("rederive", steps[0].action)
    assert told.exit_code == 0, told.output
    assert told.output.count("equal") == 3
    assert any(step.cites for step in steps)


def test_a_log_that_lacks_a_signal_is_not_taken_for_the_topic(
    run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = place / "journal.jsonl"
    said = tuple(warning(expiry=START + 3600 + place) for place in range(3))
    made, listens = warned(journal, *said)
    steps = [one.action for one in read(journal) if isinstance(one, Step)]
    monkeypatch.setattr(wiring, "read_manifests", lambda _: {"meadow": listens})
    asked: list[object] = []

    def topic(*_: object) -> Broker:
        asked.append(None)
        return made.signals

    monkeypatch.setattr(wiring, "connect", topic)
    key = said[0].issuer.encode()
    record((ALERTS, encode(WEAK)), *((ACTIONS, encode(step)) for step in steps))
    record((SIGNALS, encode(said[0])), key=key)
    record((SIGNALS, encode(said[2])), key=key, left_out=1)
    told = run("rederive", steps[0].action)
    assert told.exit_code == 0, told.output
    assert asked, "of the second signal there is no leaf"

    looked: list[LogReader] = []

    def look(log: LogReader) -> Recorded:
        looked.append(log)
        return Recorded(log)

    monkeypatch.setattr(recorded, "Recorded", look)
    engine = engine_of(load())
    hear = hearing_again(None, LogReader(engine))
    assert [list(hear(steps[0])) for _ in range(3)] == [[]] * 3
    engine.dispose()
    assert len(looked) == 1, "the whole log is looked through once, not for every decision"
