"""A person has a case in hand: whose word lands in it, and whose does not."""

from pathlib import Path

from incidents.docket import (
    Docket,
)
from runtime.acknowledging import People
from runtime.signatures import generate, load_signer, load_verifier
from schemas.codec import decode, encode
from schemas.topics import ACKNOWLEDGEMENTS, ALERTS
from tests.unit.incidents.builders import (
    acknowledgement,
    alert,
)
from tests.unit.incidents.test_casework import Desk


def docket(desk: Desk) -> Docket:
    return decode(desk.kept or b"", Docket)


def acknowledged(desk: Desk) -> tuple[str, str] | None:
    case = docket(desk).cases[-1]
    said = case.acknowledged
    return None if said is None else (said.by, said.severity)


def test_an_acknowledgement_lands_in_its_case_whichever_comes_first() -> None:
    for alert_first in (True, False):
        desk = Desk()
        steps = [(alert(1), ALERTS), (acknowledgement(1), ACKNOWLEDGEMENTS)]
        for record, topic in steps if alert_first else reversed(steps):
            desk.take(record, topic=topic)
        assert acknowledged(desk) == ("alice", "high")
        assert docket(desk).acknowledgements == ()


def test_who_was_first_has_it_unless_it_was_for_something_less() -> None:
    desk = Desk()
    desk.take(alert(1))
    for word in (
        acknowledgement(1, "medium", "bob"),
        acknowledgement(1, "critical", "carol"),
        acknowledgement(1, "critical", "dave"),
        acknowledgement(1, "low", "eve"),
    ):
        desk.take(word, topic=ACKNOWLEDGEMENTS)
    assert acknowledged(desk) == ("carol", "critical")


def test_with_peoples_keys_only_theirs_count(tmp_path: Path) -> None:
    mine = load_signer(generate(tmp_path / "people", "alice"))
    strangers = load_signer(generate(tmp_path / "others", "mallory"))
    desk = Desk(people=People(load_verifier(tmp_path / "people")))
    desk.take(alert(1))
    word = acknowledgement(1)
    for signed in ((), strangers.sign(encode(word), sequence=0, expires=0)):
        desk.take(word, topic=ACKNOWLEDGEMENTS, headers=signed)
        assert acknowledged(desk) is None
    assert len(desk.letters) == 2
    desk.take(word, topic=ACKNOWLEDGEMENTS, headers=mine.sign(encode(word), sequence=0, expires=0))
    assert acknowledged(desk) == ("alice", "high")
