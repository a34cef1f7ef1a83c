"""What the web view says of the kept dockets."""

from incidents.cases import add_action, add_alert
from incidents.docket import Docket
from incidents.pages import listed, shown
from schemas.codec import encode
from tests.unit.incidents.builders import LATER, START, action, alert, alert_id, incident


def kept() -> dict[bytes, bytes]:
    meadow, _ = add_alert(Docket(), alert(1), {})
    meadow, _ = add_alert(meadow, alert(2, at=LATER), {})
    meadow, _ = add_action(meadow, action(1, "signed"), {})
    meadow, _ = add_action(meadow, action(2, "signed", for_alert=9), {})
    brook, _ = add_alert(Docket(), alert(3, at=START + 1, protocol="brook"), {})
    return {b"meadow": encode(meadow), b"brook": encode(brook)}


def test_all_cases_are_listed_the_newest_first() -> None:
    rows = listed(kept())
    assert [row["id"] for row in rows] == [incident(2), incident(3, "brook"), incident(1)]
    assert [(row["alerts"], row["actions"]) for row in rows] == [(1, 0), (1, 0), (1, 1)]


def test_a_protocol_is_shown_whole_with_actions_that_wait() -> None:
    page = shown(kept(), "meadow")
    assert page is not None
    assert [case["id"] for case in page["cases"]] == [incident(2), incident(1)]
    assert page["cases"][1]["sightings"][0]["alert"] == alert_id(1)
    assert [step["alert"] for step in page["waiting"]] == [alert_id(9)]


def test_nothing_is_shown_of_a_protocol_without_cases() -> None:
    assert shown(kept(), "nowhere") is None
