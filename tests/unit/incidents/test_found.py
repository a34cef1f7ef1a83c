"""Findings about contracts in the case stream: sorted in as alerts are, and taken back."""

import pytest

from incidents.cases import add_alert, add_finding
from incidents.docket import Docket
from incidents.entries import FOUND
from schemas.assurance import Finding
from schemas.ids import content_id, incident_id
from tests.unit.incidents.builders import CHAIN, LATER, PROTOCOL, START, alert, incident, tx


def finding(number: int = 1, *, at: int = START, of: str = "", state: str = "open") -> Finding:
    return Finding(
        id=content_id("finding", number), chain=CHAIN, protocol=PROTOCOL,
        contract="0x" + "aa" * 20, weakness="self-destruct", severity="high",
        state=state, block=1000, timestamp=at, tx=of, summary="it can destroy itself",  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_finding_opens_a_case_with_its_severity() -> None:
    docket, case = add_finding(Docket(), finding())
    assert case is not None
    assert docket.cases == (case,)
    assert case.id == incident_id(CHAIN, PROTOCOL, finding().id)
    assert (case.severity, case.summary) == ("high", "it can destroy itself")
    (sighting,) = case.sightings
    assert (sighting.alert, sighting.set, sighting.score) == (finding().id, FOUND, 0.0)


def test_the_same_one_twice_changes_nothing() -> None:
    docket, case = add_finding(Docket(), finding())
    assert add_finding(docket, finding()) == (docket, case)
    assert add_finding(docket, finding(at=LATER))[0].cases[0].sightings == case.sightings  # type: ignore[union-attr]


@pytest.mark.parametrize("first", ["alert", "finding"])
def test_what_one_transaction_led_to_is_one_case(first: str) -> None:
    found = finding(of=tx(1), at=LATER)
    if first == "alert":
        docket, _ = add_alert(Docket(), alert(1), {})
        _, case = add_finding(docket, found)
    else:
        docket, _ = add_finding(Docket(), found)
        _, case = add_alert(docket, alert(1), {})
    assert case is not None
    assert case.id == incident(1)
    assert len(case.sightings) == 2


def test_one_that_is_resolved_is_taken_back_and_one_that_nobody_knew_is_nothing() -> None:
    gone = finding(state="resolved", at=LATER)
    assert add_finding(Docket(), gone) == (Docket(), None)
    docket, _ = add_finding(Docket(), finding())
    _, case = add_finding(docket, gone)
    assert case is not None
    assert [sighting.withdrawn for sighting in case.sightings] == [True]
