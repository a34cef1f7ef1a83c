"""What neighbours are told of our cases, and when again."""

from typing import Any

import msgspec
import pytest

from neighbours.outbound import AGAIN_AFTER, Rules, Said, draft, due, evidence_root
from schemas.alerts import Severity
from schemas.incidents import Incident, Measure, Progress, Sighting
from tests.unit.neighbours.examples import NOW, address

POOL, OTHER = "0x" + "aa" * 20, "0x" + "bb" * 20
OURS = f"eip155:1:{OTHER}", f"eip155:1:{POOL}"
RULES = Rules(least="high", after="respond", lifetime=21_600)


def sighting(number: int = 1, **changes: Any) -> Sighting:
    made = Sighting(
        alert=f"{number:064x}",
        set="core",
        tx=f"0x{number:064x}",
        block=number,
        score=5.0,
        severity="critical",
        summary="much left",
        technique="ADT3012.004",
        losing=(POOL,),
    )
    return msgspec.structs.replace(made, **changes)


def case(**changes: Any) -> Incident:
    made = Incident(
        id="c" * 64,
        chain="eip155:1",
        protocol="meadow",
        phase="respond",
        severity="critical",
        summary="much left",
        opened=NOW - 60,
        latest=NOW - 10,
        sightings=(sighting(),),
    )
    return msgspec.structs.replace(made, **changes)


def wanted(given: Incident, said: Said | None = None, rules: Rules = RULES, now: int = NOW) -> bool:
    return due(draft(given, address(9), OURS), given, said, rules, now)


def said(severity: Severity = "critical", confidence: int = 7_000, ago: int = 0) -> Said:
    return Said(severity, confidence, NOW - ago + RULES.lifetime)


def test_a_draft_says_what_is_in_danger_and_how_sure_we_are() -> None:
    told = draft(case(), address(9), OURS)
    assert told.target == f"eip155:1:{POOL}"
    assert (told.technique, told.severity, told.confidence) == ("ADT3012.004", "critical", 7_000)
    assert told.id == draft(case(phase="recover"), address(9), OURS).id
    assert told.id != draft(case(), address(8), OURS).id, "nobody takes another's name"


def test_what_a_case_does_not_say_is_taken_from_what_is_known() -> None:
    bare = case(sightings=(sighting(technique="", losing=()),))
    assert draft(bare, address(9), OURS).target == f"eip155:1:{OTHER}"
    assert draft(bare, address(9), OURS).technique == "ADT3012"
    measure = Measure(
        action="a" * 64, state="final", adapter="gate", target=f"eip155:1:{POOL}", reason=""
    )
    braked = msgspec.structs.replace(bare, measures=(measure,))
    assert draft(braked, address(9), OURS).target == f"eip155:1:{POOL}"


@pytest.mark.parametrize(
    ("changes", "confidence"),
    [
        ({"phase": "detect"}, 3_000),
        ({"phase": "recover"}, 9_000),
        ({"phase": "closed"}, 9_000),
        ({"sightings": (sighting(withdrawn=True),)}, 0),
        (
            {"progress": Progress(number=1, phase="recover", released=0, cause="x", block=9)},
            10_000,
        ),
    ],
)
def test_confidence_follows_how_far_a_case_has_come(
    changes: dict[str, Any], confidence: int
) -> None:
    assert draft(case(**changes), address(9), OURS).confidence == confidence


def test_only_grave_cases_that_came_far_enough_are_told() -> None:
    assert wanted(case())
    assert not wanted(case(severity="medium"))
    assert not wanted(case(phase="detect"))
    assert wanted(case(phase="detect"), rules=Rules("high", "detect", 21_600))
    assert not wanted(case(), rules=Rules("high", "recover", 21_600))
    assert not wanted(case(phase="closed"))
    confirmed = Rules("high", "confirmed", 21_600)
    assert not wanted(case(phase="recover"), rules=confirmed)
    found = Progress(number=1, phase="recover", released=0, cause="a spot price", block=9)
    assert wanted(case(progress=found), rules=confirmed)


def test_a_case_of_long_ago_is_not_told() -> None:
    assert not wanted(case(latest=NOW - RULES.lifetime))


def test_a_matter_is_told_again_when_graver_surer_or_about_to_expire() -> None:
    assert not wanted(case(), said())
    assert wanted(case(), said("high"))
    assert not wanted(case(phase="recover"), said(ago=AGAIN_AFTER - 1))
    assert wanted(case(phase="recover"), said(ago=AGAIN_AFTER))
    assert not wanted(case(), said(ago=RULES.lifetime // 2 - 1))
    assert wanted(case(), said(ago=RULES.lifetime // 2))


def test_what_was_withdrawn_is_taken_back_once() -> None:
    gone = case(sightings=(sighting(withdrawn=True),), severity="low", phase="closed")
    assert wanted(gone, said())
    assert not wanted(gone, said(confidence=0))
    assert not wanted(gone, said(ago=RULES.lifetime)), "nobody believes it any more"
    assert not wanted(gone), "what was never said is not taken back"


def test_what_people_closed_is_left_to_expire() -> None:
    assert not wanted(case(phase="closed"), said())


def test_evidence_is_named_whatever_order_it_came_in() -> None:
    both = (sighting(1), sighting(2))
    assert evidence_root(case(sightings=both)) == evidence_root(case(sightings=both[::-1]))
    assert evidence_root(case(sightings=both)) != evidence_root(case())
