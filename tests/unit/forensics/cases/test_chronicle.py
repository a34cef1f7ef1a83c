"""What people said is part of an incident's story, at its time."""

from forensics.cases.chronicle import Course, chronicle
from forensics.cases.dossier import Dossier
from forensics.cases.report.view import _MOMENTS
from schemas.decisions import answered, proposed
from schemas.incidents import Acknowledged
from tests.people import NOW, answer, by_provider, proposal
from tests.unit.console.scene import POOL, alert, case, on_chain, turn

NOTHING = Course(prepared=(), thefts=(), attempts=(), way=())


def test_people_stand_among_the_blocks_by_their_clocks() -> None:
    asked = proposal(case(), by_provider("rea", NOW - 30), "release", "It is green.")
    decision = answered(proposed(asked), answer(asked, by_provider("ana", NOW - 10)))
    hand = Acknowledged(by="rea", severity="critical", words="on it", time=NOW - 45)
    incident = case(acknowledged=hand, decisions=(decision,))
    alerts = (
        alert(1, timestamp=NOW - 60),
        alert(2, timestamp=NOW - 40),
        alert(3, timestamp=NOW - 20),
    )
    found = chronicle(
        Dossier(incident=incident, alerts=alerts), NOTHING, lambda _: "account", lambda *_: ""
    )
    assert [(one.at - NOW, one.kind) for one in found] == [
        (-60, "alert"), (-45, "people"), (-40, "alert"), (-30, "people"), (-20, "alert"),
        (-10, "people"),
    ]  # fmt: skip
    assert [one.what for one in found if one.kind == "people"] == [
        "rea took the case in hand: on it",
        "rea proposed (release): It is green.",
        "ana: approved (release)",
    ]
    assert {one.kind for one in found} <= _MOMENTS.keys()


def test_a_word_without_a_time_is_left_out() -> None:
    incident = case(acknowledged=Acknowledged(by="rea", severity="critical"))
    found = chronicle(Dossier(incident=incident), NOTHING, lambda _: "account", lambda *_: "")
    assert found == ()


def test_each_turn_stands_at_its_time_and_names_its_record() -> None:
    told = (
        turn(0, "opened", NOW - 30),
        turn(1, "approved", NOW - 10, "a"),
        turn(2, "elapsed", None),
    )
    dossier = Dossier(
        incident=case(),
        alerts=(alert(1, timestamp=NOW - 40), alert(2, timestamp=NOW - 20)),
        recoveries=told,
        keys={told[1].id: "abc"},
    )
    found = chronicle(dossier, NOTHING, lambda _: "account", lambda *_: "")
    assert [(one.at - NOW, one.kind) for one in found] == [
        (-40, "alert"), (-30, "recovery"), (-20, "alert"), (-10, "recovery"), (-10, "recovery"),
    ]  # fmt: skip
    assert [one.record for one in found if one.kind == "recovery"] == [one.id for one in told]
    assert found[3].what == "Recovery, approved: phase respond, 0 % let through again (a, key abc)"


def test_a_release_on_chain_is_part_of_the_story() -> None:
    shown = (
        on_chain("Paused(address)", 1001, NOW - 55),
        on_chain("Unpaused(address)", 1002, NOW - 5),
    )
    dossier = Dossier(incident=case(), shown=shown)
    found = chronicle(dossier, NOTHING, lambda _: "account", lambda *_: "")
    assert [(one.kind, one.what, one.record, one.step) for one in found] == [
        ("chain", f"The chain shows a brake: Paused of {POOL}", shown[0].id, "braked"),
        ("chain", f"The chain shows a release: Unpaused of {POOL}", shown[1].id, "released"),
    ]
    assert "chain" in _MOMENTS
