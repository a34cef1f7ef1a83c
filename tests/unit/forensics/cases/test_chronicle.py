"""What people said is part of an incident's story, at its time."""

from forensics.cases.chronicle import Course, chronicle
from forensics.cases.dossier import Dossier
from forensics.cases.report.view import _MOMENTS
from schemas.decisions import answered, proposed
from schemas.incidents import Acknowledged
from tests.people import NOW, answer, by_provider, proposal
from tests.unit.console.scene import alert, case

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
