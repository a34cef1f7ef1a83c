"""What cases are made of and what people are told of them, in a stranger's hands."""

from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace

from console.picture import Picture
from console.trust import Trust
from paging.pages import after_case
from runtime.acknowledging import People
from runtime.actors import Actors
from runtime.keepers import CaseIntake, Keepers, key_of
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.signatures import Verifier
from schemas.codec import encode
from schemas.errors import PoisonRecordError
from schemas.services import SERVICES
from schemas.topics import (
    ACKNOWLEDGEMENTS,
    ACTIONS,
    ALERTS,
    ASSESSMENTS,
    BEATS,
    DEAD_LETTERS,
    DECISIONS,
    DEPLOYMENTS,
    EVENTS,
    FINDINGS,
    FUND_FLOWS,
    INCIDENTS,
    PAGES,
    READINESS,
    RECOVERIES,
)
from tests.integration.compromise.topics import (
    KEYS,
    OURS,
    STRANGER,
    Paging,
    Topics,
    keeping,
    signed,
)
from tests.integration.compromise.worst_of_chain import example
from tests.people import answer, by_provider, by_wallet, proposal, wallet
from tests.unit.assurance.test_service import World
from tests.unit.assurance.test_taken_topics import true
from tests.unit.incidents.builders import acknowledgement, action, alert, alert_id
from tests.unit.incidents.test_found import finding
from tests.unit.incidents.test_taken_topics import recovery
from tests.unit.paging.stand import LADDERS, NOW, beat, case, readiness
from tests.waiting import until

PEOPLE = People(KEYS, [wallet("ben").address.lower()])


def alerts(topics: Topics, _: Path) -> None:
    """Without a key dead letters; with a detector's one a case, until its key is taken away."""
    with keeping(topics, verifier=KEYS) as desk:
        before = len(topics.all(INCIDENTS))
        for forged in ((), signed(alert(2), STRANGER), signed(alert(1), OURS)):
            assert not desk.take(ALERTS, alert(2), forged)
        assert [letter.fault for letter in topics.letters()] == ["content"] * 3
        assert len(topics.all(INCIDENTS)) == before
        assert desk.take(ALERTS, alert(2), signed(alert(2), OURS))
    with keeping(topics, verifier=Verifier({})) as desk:
        assert not desk.take(ALERTS, alert(3), signed(alert(3), OURS))


def actions(topics: Topics, _: Path) -> None:
    """Where responders' keys are named it takes one of them; else a brake that never was, in a case
    that stays open and wakes people all the same."""
    forged, true = action(1, "final", step=2**53 - 1), action(1, "broadcast")
    with keeping(topics, ACTIONS, actors=Actors(KEYS)) as desk:
        assert not desk.take(ACTIONS, forged)
        assert not desk.take(ACTIONS, forged, signed(forged, STRANGER))
        assert not desk.take(ACTIONS, forged, signed(true, OURS))
        assert (len(topics.letters()), desk.newest.measures) == (3, ())
        assert desk.take(ACTIONS, true, signed(true, OURS))
    with keeping(topics, ACTIONS) as desk:
        desk.take(ACTIONS, forged)
        assert desk.newest.measures[0].state == "final"
        assert desk.newest.phase == "recover"
        assert after_case(None, desk.newest, LADDERS, NOW * 1000, 10**9) is not None


def recoveries(topics: Topics, _: Path) -> None:
    """Where people are named it takes one of their keys, and a new brake opens the case again."""
    forged = recovery("closed")
    with keeping(topics, RECOVERIES, ACTIONS, people=PEOPLE) as desk:
        assert not desk.take(RECOVERIES, forged)
        assert not desk.take(RECOVERIES, forged, signed(forged, STRANGER))
        assert (len(topics.letters()), desk.newest.progress) == (2, None)
        assert desk.take(RECOVERIES, forged, signed(forged, OURS))
        phases = [desk.newest.phase]
        desk.take(ACTIONS, action(2, "broadcast"))
        assert [*phases, desk.newest.phase] == ["closed", "respond"]


def decisions(topics: Topics, _: Path) -> None:
    """No wallet's word without its signature; where people are named nobody else closes a case."""
    with keeping(topics, DECISIONS, people=PEOPLE) as desk:
        assert not desk.take(DECISIONS, proposal(desk.newest, by_wallet("ben"), "false-alarm"))
        assert len(topics.letters()) == 1
        asked = proposal(desk.newest, by_provider("ana"), "false-alarm")
        desk.take(DECISIONS, asked)
        desk.take(DECISIONS, answer(asked, by_provider("eve")))
        assert desk.newest.phase == "detect"


def acknowledgements(topics: Topics, _: Path) -> None:
    """Where people are named it takes one of them; that covers one severity of one case."""
    forged = acknowledgement(1, "critical")
    with keeping(topics, ACKNOWLEDGEMENTS, people=PEOPLE) as desk:
        assert not desk.take(ACKNOWLEDGEMENTS, forged)
        assert not desk.take(ACKNOWLEDGEMENTS, forged, signed(forged, STRANGER))
        assert (len(topics.letters()), desk.newest.acknowledged) == (2, None)
        assert desk.take(ACKNOWLEDGEMENTS, forged, signed(forged, OURS))
        assert desk.newest.acknowledged is not None


def findings(topics: Topics, _: Path) -> None:
    """It takes no alert back, also under that one's name."""
    with keeping(topics, FINDINGS) as desk:
        desk.take(FINDINGS, replace(finding(state="resolved"), id=alert_id(1)))
        (seen,) = desk.newest.sightings
        assert (seen.severity, seen.withdrawn) == ("critical", False)


def assessments(topics: Topics, _: Path) -> None:
    """What it makes up is taken back as soon as the chain is looked at."""
    topics.create((DEPLOYMENTS, EVENTS, FINDINGS, DEAD_LETTERS))
    (weakness,) = true(World()).findings
    forged = replace(true(World()), findings=(replace(weakness, id="9" * 64),))
    topics.write(ASSESSMENTS, forged)
    world = World(cast("MemoryBroker", topics))
    world.task.tick()
    until(lambda: ("9" * 64, "resolved") in {(one.id, one.state) for one in world.findings()})


def incidents(topics: Topics, _: Path) -> None:
    """Without the keeper's key dead letters, whoever reads it; with the key it is believed."""
    topics.create((DEAD_LETTERS,))
    one = case()
    key, value = key_of(one), encode(one)
    with closing(topics.producer()) as producer:
        intake = CaseIntake(producer, Metrics(), "page", Keepers(KEYS))
        forged = [
            topics.write(INCIDENTS, value, proof, key=key) for proof in ((), signed(one, STRANGER))
        ]
        kept = topics.write(INCIDENTS, value, signed(one, OURS), key=key)
        believed = [record for _, record in intake.read_all([*forged, kept])]
    assert believed == [one]
    assert {letter.topic for letter in topics.letters()} == {INCIDENTS.name}
    assert len(topics.letters()) == len(forged)


def pages(topics: Topics, _: Path) -> None:
    """That somebody has a case in hand is held against the case: people are told."""
    topics.create((INCIDENTS, PAGES))
    one = case()
    topics.write(INCIDENTS, one, key=key_of(one))
    page = after_case(None, one, LADDERS, NOW * 1000, 86_400)
    assert page is not None
    topics.write(PAGES, replace(page, ended="acknowledged", by="eve"), key=key_of(one))
    with closing((paging := Paging(topics)).producer):
        paging.pager.process(topics.all(INCIDENTS))
        until(paging.heard)


def beats(topics: Topics, _: Path) -> None:
    """A service that is dead looks alive; another one's silence is told."""
    with closing((paging := Paging(topics, BEATS, watch=("ingest", "detect"))).producer):
        topics.write(BEATS, b"rubbish")
        for number in range(4):
            paging.clock.seconds += 15
            topics.write(BEATS, beat("ingest", number))
            paging.pager.process(topics.all(BEATS)[number:])
            paging.heard()
        until(paging.heard)
        assert "detect" in paging.heard()
        assert "ingest" not in paging.heard()


def readinesses(topics: Topics, _: Path) -> None:
    """Brakes that look broken are told, and a case beside them no less."""
    one = case()
    with closing((paging := Paging(topics, READINESS)).producer):
        paging.pager.process([topics.write(READINESS, readiness(pause="its gate was killed"))])
        paging.pager.process([topics.write(INCIDENTS, one, key=key_of(one))])
        until(lambda: one.summary in paging.heard())
    assert {name for name, its in SERVICES.items() if READINESS in its.reads} == {
        "archive", "console", "page",
    }  # fmt: skip


def fund_flows(topics: Topics, _: Path) -> None:
    """A false picture where the console draws one; nobody else reads it."""
    read = Trust().read(topics.write(FUND_FLOWS, example(FUND_FLOWS)))
    changed = Picture().take(read.record, {})
    assert {region.partition(":")[0] for region in changed} <= {"flows", "trail"}
    with pytest.raises(PoisonRecordError):
        Trust().read(topics.write(FUND_FLOWS, b"{"))
    assert {name for name, one in SERVICES.items() if FUND_FLOWS in one.reads} == {
        "archive", "console",
    }  # fmt: skip
