"""What cases are made of, beside signed alerts, in a stranger's hands: the worst that each writer
does to a true case, that people are woken for."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from incidents.docket import KEPT_MEASURES, KEPT_SIGHTINGS
from neighbours.outbound import CONFIDENCE, CONFIRMED, draft
from paging.pages import after_case
from runtime.acknowledging import People
from runtime.actors import Actors, actors_of
from runtime.intake import FUSE
from runtime.signatures import generate, load_signer, load_verifier, signed
from schemas.alerts import Severity
from schemas.assurance import Finding
from schemas.base import Record
from schemas.codec import encode
from schemas.decisions import Voice
from schemas.headers import Headers
from schemas.incidents import Incident, Phase, Progress, Recovery
from schemas.paging import Page
from schemas.topics import ACTIONS, DECISIONS, FINDINGS, MAX_RECORD_BYTES, RECOVERIES, TopicSpec
from tests.people import NOW, answer, by_provider, by_wallet, proposal, signature, wallet
from tests.unit.incidents.builders import CHAIN, PROTOCOL, START, action, alert, alert_id, incident
from tests.unit.incidents.test_casework import Desk
from tests.unit.incidents.test_found import finding
from tests.unit.paging.stand import LADDERS

ANA, BEN = by_provider("ana"), by_provider("ben")


def at_work(people: People | None = None, actors: Actors | None = None) -> Desk:
    """A case that people are woken for."""
    desk = Desk(people=people, actors=actors)
    desk.take(alert(1, severity="critical"))
    return desk


def newest(desk: Desk) -> Incident:
    return desk.published[-1][1]


def woken(desk: Desk) -> bool:
    """Say whether people go on being woken, who had been told of the case as it was first."""
    page: Page | None = None
    for _, case in desk.published:
        page = after_case(page, case, LADDERS, START * 1000, 86_400)
    return page is not None and not page.ended


def dismissal(by: Voice, answerer: Voice) -> list[Record]:
    """Two people's agreement that the case was nothing."""
    case = newest(at_work())
    asked = proposal(case, by, "false-alarm")
    return [asked, answer(asked, answerer)]


def recovery(phase: Phase, number: int = 1) -> Recovery:
    progress = Progress(number=number, phase=phase, released=10_000, block=2**50, cause="nothing")
    return Recovery(
        id=alert_id(7), chain=CHAIN, protocol=PROTOCOL, incident=incident(1), progress=progress
    )


def forged(number: int = 1, state: str = "open", severity: Severity = "low") -> Finding:
    return replace(finding(), id=alert_id(number), state=state, severity=severity)


@pytest.mark.parametrize("state", ["final", "satisfied", "failed", "broadcast"])
def test_a_forged_action_tells_a_brake_that_never_was_and_closes_nothing(state: str) -> None:
    desk = at_work()
    desk.take(action(1, state, step=2**53 - 1), topic=ACTIONS)
    assert newest(desk).phase == ("recover" if state in ("final", "satisfied") else "respond")
    assert woken(desk)
    desk.take(action(1, "broadcast", step=3), topic=ACTIONS)
    assert newest(desk).measures[0].state == state, "the worst: the true steps look older"


def test_where_responders_keys_are_named_a_step_takes_one_of_them(tmp_path: Path) -> None:
    ours, mallory = (load_signer(generate(tmp_path / name, name)) for name in ("ours", "mallory"))
    desk = at_work(actors=actors_of(tmp_path / "ours"))
    true, newer = action(1, "broadcast", step=3), action(1, "final", step=2**53 - 1)
    forged: list[Headers] = [
        (),
        signed(encode(newer), mallory),
        signed(encode(true), ours),
    ]
    for headers in forged:
        assert desk.take(newer, topic=ACTIONS, headers=headers) is None
    assert [letter.fault for letter in desk.letters] == ["content"] * 3
    assert newest(desk).measures == ()
    for _ in range(FUSE + 1):
        assert desk.take(newer, topic=ACTIONS) is None, "no streak of it stops the keeper of cases"
    assert desk.take(true, topic=ACTIONS, headers=signed(encode(true), ours)) is not None
    assert newest(desk).measures[0].state == "broadcast"


def test_forged_actions_fill_the_room_for_true_ones_which_are_counted() -> None:
    desk = at_work()
    for number in range(2, KEPT_MEASURES + 5):
        desk.take(action(number, "refused"), topic=ACTIONS)
    desk.take(action(1, "final"), topic=ACTIONS)
    case = newest(desk)
    assert (len(case.measures), case.dropped) == (KEPT_MEASURES, 4)
    assert woken(desk)


def test_a_forged_action_makes_us_surer_of_what_we_warn_of_and_never_confirms_it() -> None:
    """Where `signals.publish` is set; a recorded cause alone confirms."""
    desk = at_work()
    desk.take(action(1, "final"), topic=ACTIONS)
    forged, ours = action(1, "final").target, f"{CHAIN}:0x{'cd' * 20}"
    told = draft(newest(desk), "0x" + "ab" * 20, (ours, forged))
    assert told.confidence == CONFIDENCE["recover"] < CONFIRMED
    assert told.target == forged, "the worst: which of our contracts is in danger"
    assert draft(newest(desk), "0x" + "ab" * 20, (ours,)).target == ours, "never another's"


def test_where_nobody_is_named_a_forged_recovery_closes_a_case_of_which_people_hear() -> None:
    desk = at_work()
    desk.take(recovery("closed"), topic=RECOVERIES)
    assert newest(desk).phase == "closed"
    assert not woken(desk), "the worst: it is read as people's own word that all is over"
    desk.take(action(2, "broadcast"), topic=ACTIONS)
    assert woken(desk), "a brake under way opens it again"


def test_where_people_are_named_a_recovery_takes_one_of_their_keys(tmp_path: Path) -> None:
    carol, mallory = (load_signer(generate(tmp_path / name, name)) for name in ("carol", "mallory"))
    desk = at_work(People(load_verifier(tmp_path / "carol"), [wallet("ben").address.lower()]))
    newer = recovery("closed", 2**53 - 1)
    true = recovery("recover")
    forged: list[tuple[Recovery, Headers]] = [
        (newer, ()),
        (newer, mallory.sign(encode(newer), sequence=0, expires=0)),
        (newer, carol.sign(encode(true), sequence=0, expires=0)),
    ]
    for record, headers in forged:
        assert desk.take(record, topic=RECOVERIES, headers=headers) is None
    assert [letter.fault for letter in desk.letters] == ["content"] * 3
    assert newest(desk).progress is None
    assert woken(desk)
    for one in (true, recovery("closed", 2), true):
        signed = carol.sign(encode(one), sequence=0, expires=0)
        assert desk.take(one, topic=RECOVERIES, headers=signed) is not None
    assert newest(desk).phase == "closed", "an old word, said again, opens nothing"


def test_where_wallets_alone_are_named_nobody_has_a_key_to_close_a_case(tmp_path: Path) -> None:
    carol = load_signer(generate(tmp_path, "carol"))
    desk = at_work(People(None, [wallet("carol").address.lower()]))
    closed = recovery("closed")
    signed = carol.sign(encode(closed), sequence=0, expires=0)
    desk.take(closed, topic=RECOVERIES, headers=signed)
    assert ["paging.people_keys" in letter.reason for letter in desk.letters] == [True]
    assert woken(desk)


def test_made_up_people_close_a_case_where_nobody_is_named() -> None:
    desk = at_work()
    for record in dismissal(ANA, BEN):
        desk.take(record, topic=DECISIONS)
    assert newest(desk).phase == "closed"
    assert not woken(desk)


@pytest.mark.parametrize("named", ["key", "wallet"])
def test_where_people_are_named_nobody_else_closes_a_case(tmp_path: Path, named: str) -> None:
    generate(tmp_path, "carol")
    with_key = People(load_verifier(tmp_path))
    with_wallet = People(None, [wallet("carol").address.lower()])
    desk = at_work(with_key if named == "key" else with_wallet)
    for record in dismissal(ANA, BEN):
        desk.take(record, topic=DECISIONS)
    assert [letter.fault for letter in desk.letters] == ["content"]
    assert newest(desk).decisions == (), "an answer to what nobody asked changes nothing"
    assert woken(desk)


def test_a_named_persons_proposal_is_not_approved_by_one_that_was_made_up() -> None:
    named = [wallet(name).address.lower() for name in ("ana", "ben")]
    desk = at_work(People(None, named))
    asked = proposal(newest(desk), by_wallet("ana"), "false-alarm")
    asked = replace(asked, by=replace(asked.by, signature=signature(asked, "ana")))
    desk.take(asked, topic=DECISIONS)
    desk.take(answer(asked, by_provider("ben")), topic=DECISIONS)
    assert woken(desk)
    approved = answer(asked, by_wallet("ben"))
    approved = replace(approved, by=replace(approved.by, signature=signature(approved, "ben")))
    desk.take(approved, topic=DECISIONS)
    assert newest(desk).phase == "closed"


def test_other_matters_are_anybodys_and_wake_no_less() -> None:
    desk = at_work(People(None, [wallet("carol").address.lower()]))
    asked = proposal(newest(desk), ANA, "attack")
    for record in (asked, answer(asked, BEN)):
        assert desk.take(record, topic=DECISIONS) is not None
    assert newest(desk).decisions[0].state == "approved"
    assert woken(desk)


def test_said_again_it_changes_nothing() -> None:
    desk = at_work()
    asked = proposal(newest(desk), ANA, "attack")
    for record in (asked, answer(asked, BEN), asked, answer(asked, BEN, "veto")):
        desk.take(record, topic=DECISIONS)
    assert [one.state for one in newest(desk).decisions] == ["approved"]


@pytest.mark.parametrize("state", ["open", "resolved"])
def test_a_finding_neither_takes_an_alert_back_nor_takes_its_place(state: str) -> None:
    desk = at_work()
    before = newest(desk)
    assert desk.take(forged(state=state), topic=FINDINGS) is None
    assert newest(desk) == before
    assert [letter.fault for letter in desk.letters] == ["content"]


def test_a_finding_that_is_there_first_gives_way_to_the_alert_of_its_name() -> None:
    desk = Desk()
    desk.take(forged(), topic=FINDINGS)
    desk.take(alert(1, severity="critical"))
    desk.take(forged(state="resolved"), topic=FINDINGS)
    case = newest(desk)
    assert [(one.set, one.withdrawn) for one in case.sightings] == [("core", False)]
    assert woken(desk)


def test_a_flood_of_forged_findings_pushes_no_alert_out_of_its_case() -> None:
    desk = at_work()
    for number in range(2, KEPT_SIGHTINGS + 50):
        desk.take(forged(number, severity="critical"), topic=FINDINGS)
    case = newest(desk)
    assert len(case.sightings) == KEPT_SIGHTINGS
    assert alert_id(1) in {one.alert for one in case.sightings}


@pytest.mark.parametrize("topic", [ACTIONS, DECISIONS, FINDINGS, RECOVERIES], ids=lambda t: t.name)
def test_cut_short_or_huge_it_is_kept_apart_and_no_streak_stops_the_keeper_of_cases(
    topic: TopicSpec,
) -> None:
    records: dict[TopicSpec, Record] = {
        ACTIONS: action(1, "final"),
        DECISIONS: dismissal(ANA, BEN)[0],
        FINDINGS: finding(),
        RECOVERIES: recovery("recover"),
    }
    value = encode(records[topic])
    desk = at_work()
    before = newest(desk)
    bad = (value[:-1], value + b"}", b"[" * 100_000, b"", b"\xff" * 9, value[1:])
    for rubbish in (b" " * (MAX_RECORD_BYTES + 1), *bad * FUSE):
        assert desk.take(rubbish, topic=topic) is None
    assert len(desk.letters) == 1 + 6 * FUSE
    assert newest(desk) == before
    assert desk.take(records[topic], topic=topic) is not None


def test_its_time_says_nothing() -> None:
    """An answer far in the future is too late for the proposal, whoever forges it."""
    desk = at_work()
    asked = proposal(newest(desk), ANA, "false-alarm")
    for record in (asked, answer(asked, by_provider("ben", NOW + 10**6))):
        desk.take(record, topic=DECISIONS)
    assert woken(desk)
