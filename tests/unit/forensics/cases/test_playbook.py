"""A playbook tells what people said and how they led the protocol back, and makes nothing up."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec

from forensics.cases.analysis import Analysis, Moment
from forensics.cases.chronicle import Course, chronicle
from forensics.cases.custody import Custody
from forensics.cases.dossier import Dossier
from forensics.cases.playbook import playbook
from schemas.codec import decode
from schemas.decisions import answered, proposed
from schemas.examples import FOLDER
from schemas.fundflow import FundFlow
from schemas.incidents import Acknowledged, Recovery, Turn
from tests.people import NOW, answer, by_provider, proposal
from tests.unit.console.scene import alert, case

INTEGRATION = Path(__file__).parents[3] / "integration" / "cases"
SCHEMA = json.loads((INTEGRATION / "cacao.schema.json").read_text())
FLOW = decode(next((FOLDER / "fund-flows-v1").glob("*.json")).read_bytes(), FundFlow)
NOTHING = Course(prepared=(), thefts=(), attempts=(), way=())
CUSTODY = Custody(
    incident=case().id, chain=FLOW.chain, protocol="meadow", who="Ada", why="Robbery",
    began="2026-01-02T03:04:05.000Z", ended="2026-01-02T03:14:05.000Z", machine="here", tools={},
    hop_limit=3, account_limit=10, lookback=10, follow=10,
)  # fmt: skip


def steps(moments: tuple[Moment, ...]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The playbook of an incident with this timeline, and its actions in their order."""
    analysis = Analysis(
        incident=case().id, chain=FLOW.chain, protocol="meadow", name="meadow", phase="recover",
        severity="critical", summary="It was robbed", first=1, last=2, anchor="0x" + "1" * 64,
        techniques=(), thefts=(), losses=(), quotes=(), brakes=(), hops={}, attempts=(), alerts=1,
        other_alerts=0, moments=moments, members=(), causes=(), flow=FLOW,
    )  # fmt: skip
    made = playbook(analysis, CUSTODY)
    jsonschema.validate(made, SCHEMA)
    name, found = made["workflow"][made["workflow_start"]]["on_completion"], []
    while made["workflow"][name]["type"] == "action":
        found.append(made["workflow"][name])
        name = found[-1]["on_completion"]
    return made, found


def turn(place: int, event: str) -> Recovery:
    (told,) = (FOLDER / "recoveries-v1").glob("recovery.json")
    record = decode(told.read_bytes(), Recovery)
    return msgspec.structs.replace(record, turn=Turn(place=place, event=event))


def test_words_decisions_and_turns_are_steps_in_their_order() -> None:
    asked = proposal(case(), by_provider("rea", NOW - 30), "release", "It is green.")
    decision = answered(proposed(asked), answer(asked, by_provider("ana", NOW - 10)))
    hand = Acknowledged(by="rea", severity="critical", words="on it", time=NOW - 45)
    dossier = Dossier(
        incident=case(acknowledged=hand, decisions=(decision,), latest=NOW),
        alerts=(alert(1, timestamp=NOW - 60),),
        recoveries=(turn(0, "opened"), turn(1, "staged"), turn(2, "carried-out")),
    )
    moments = chronicle(dossier, NOTHING, lambda _: "account", lambda *_: "")
    made, found = steps(moments)
    told = [one for one in found if one["name"].startswith("A ")]
    expected = [one.what for one in moments if one.kind in ("people", "recovery")]
    commands = [one["commands"][0]["command"] for one in told]
    assert commands == expected
    assert {
        "rea took the case in hand: on it",
        "rea proposed (release): It is green.",
        "ana: approved (release)",
    } <= set(commands)
    assert sum("carried out" in one for one in commands) == 1
    assert "remediation" in made["playbook_types"]
    agents = {made["agent_definitions"][one["agent"]]["name"] for one in told}
    assert agents == {"People on call"}


def test_what_nobody_did_is_no_step() -> None:
    made, found = steps(())
    assert not [one for one in found if one["name"].startswith("A ")]
    assert "remediation" not in made["playbook_types"]
    assert "recover open" not in json.dumps(made)


def test_a_playbook_says_how_much_it_does_not_tell() -> None:
    many = tuple(
        Moment(at=NOW + number, kind="recovery", what=f"turn {number}") for number in range(250)
    )
    _, found = steps(many)
    assert "50 more words and turns" in json.dumps(found[-1])
