"""How things are put: postures, the next step, the timeline, drawings, words."""

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from console.atlas import Atlas
from console.flows import MOST_FLOWS, drawing
from console.next_step import next_step
from console.picture import Asked, Picture, Step
from console.posture import STALE_SECONDS, Level, postures
from console.timeline import lines_of
from console.words import age, amount, one_in, plain, short, span
from schemas.chain import Flow, Transaction
from schemas.decisions import Request, answered, proposed
from schemas.incidents import Phase
from schemas.readiness import Readiness
from tests.people import NOW, answer, by_provider, proposal
from tests.unit.console.scene import (
    CASE,
    CHAIN,
    MANIFEST,
    POOL,
    TX,
    action,
    alert,
    case,
    on_chain,
    readiness,
    turn,
)  # fmt: skip

CALL = Request(to=POOL, function="unpause()", calldata="0x3f4ba83a")


def level(*records: Readiness, phase: Phase | None = None, heard: float = 1.0) -> Level:
    picture = Picture()
    for record in records:
        picture.take(record, {})
    if phase is not None:
        picture.take(case(phase=phase), {})
    (one,) = postures(picture, {"meadow": MANIFEST}, {"meadow": heard})
    return one.level


def test_what_has_to_be_looked_at_first_decides_the_posture() -> None:
    assert level() == "unknown"
    assert level(readiness()) == "ready"
    assert level(readiness(armed=False)) == "dry-run"
    assert level(readiness(), phase="closed") == "ready"
    assert level(readiness(), phase="recover") == "recover"
    assert level(readiness(), phase="detect") == "detect"
    assert level(readiness(), phase="respond") == "respond"


@pytest.mark.parametrize(
    "record",
    [
        readiness(brakes=(replace(readiness().brakes[0], trouble="lacks the role"),)),
        readiness(authority_until=NOW),
        readiness(authority_until=NOW + 60),
        readiness(brakes_left=0),
    ],
)
def test_a_brake_that_would_not_work_is_not_ready(record: Readiness) -> None:
    assert level(record) == "unready"


def test_nor_one_whose_responder_is_silent() -> None:
    assert level(readiness(), heard=STALE_SECONDS + 1) == "unready"


def step(state: str, number: int = 0, hop: int | None = None) -> Step:
    return Step(action(state, number), {} if hop is None else {"sent": hop})


@pytest.mark.parametrize(
    ("phase", "states", "words"),
    [
        ("detect", (), "Decide whether it is an attack"),
        ("detect", ("refused",), "may not brake here"),
        ("detect", ("rehearsed",), "nothing was sent"),
        ("respond", ("failed",), "did not hold"),
        ("respond", ("broadcast",), "under way"),
        ("respond", ("failed", "final"), "under way"),
        ("recover", ("final",), "people let go of it"),
        ("closed", (), "Nothing is left"),
    ],
)
def test_the_next_step_follows_from_the_brakes(
    phase: Phase, states: tuple[str, ...], words: str
) -> None:
    brakes = [[step(state)] for state in states]
    assert words in next_step(case(phase=phase, measures=()), [], brakes, NOW)


def test_and_from_what_waits_for_a_second_person() -> None:
    asked = proposal(case(), by_provider("ana"), "release", calls=[CALL])
    waiting = Asked(asked, proposed(asked))
    assert "ana waits for a second person" in next_step(case(), [waiting], [], NOW)
    assert "waits" not in next_step(case(), [waiting], [], NOW + 10_000)
    agreed = Asked(asked, answered(proposed(asked), answer(asked, by_provider("ben"))))
    assert "execute it with your Safe" in next_step(case(), [agreed], [], NOW)
    assert "Nothing is left" in next_step(case(phase="closed"), [agreed], [], NOW)


def test_the_timeline_is_in_order_and_names_every_record() -> None:
    picture = Picture()
    picture.take(alert(), {"scored": NOW * 10**9})
    for number, state in enumerate(("proposed", "authorised", "broadcast")):
        picture.take(step(state, number, hop=(NOW + 1) * 10**9).action, {"sent": (NOW + 1) * 10**9})
    asked = proposal(case(), by_provider("ana", NOW + 5))
    picture.take(asked, {})
    picture.take(answer(asked, by_provider("ana", NOW + 6)), {})
    picture.take(answer(asked, by_provider("ben", NOW + 7), "veto"), {})
    lines = lines_of(case(), picture)
    assert [line.title for line in lines] == [
        "Alert, critical",
        "Brake proposed",
        "Brake authorised",
        "Brake sent",
        "Proposes that this is an attack",
        "Approves, which counts for nothing",
        "Vetoes",
    ]
    assert [line.text for line in lines[1:4]] == ["it pays", "", ""], "said once"
    assert len({line.record for line in lines}) == 7


def test_every_turn_of_the_way_back_stands_at_its_time_with_its_record() -> None:
    picture = Picture()
    told = [
        turn(0, "opened", NOW + 10), turn(1, "cause-recorded", NOW + 20),
        turn(2, "staged", NOW + 30), turn(2, "staged", NOW + 35),
        turn(3, "approved", NOW + 40, "a"), turn(4, "a-later-version-s", None),
    ]  # fmt: skip
    for one in told:
        picture.take(one, {}, by="abc")
        picture.take(one, {}, by="abc")
    lines = lines_of(case(), picture)
    assert [(line.time - NOW, line.title, line.who) for line in lines] == [
        (10, "Recovery: The way back is opened", "key abc"),
        (20, "Recovery: Root cause recorded", "key abc"),
        (35, "Recovery: Step put before the signers", "key abc"),
        (40, "Recovery: Agreement to the step", "a, key abc"),
        (40, "Recovery: a-later-version-s", "key abc"),
    ], "of one place in a row the last was written down"
    assert [line.record for line in lines] == [told[n].id for n in (0, 1, 3, 4, 5)]


def test_what_the_chain_shows_of_brakes_is_told_until_the_next_case() -> None:
    picture, opened = Picture(), case()
    picture.take(opened, {})
    before = on_chain("Unpaused(address)", 900, NOW - 90)
    course = [
        on_chain("Paused(address)", 1001, NOW - 55), on_chain("Unpaused(address)", 1100, NOW + 5),
        on_chain("Paused(address)", 1200, NOW + 500),
    ]  # fmt: skip
    for event in (before, *course, *course):
        assert picture.take(event, {}) == {f"case:{CASE}"}
    assert picture.take(on_chain("Transfer(address,address,uint256)", 1, NOW), {}) == frozenset()
    lines = lines_of(opened, picture)
    assert [(line.title, line.record) for line in lines] == [
        ("Braked on chain: Paused", course[0].id),
        ("Released on chain: Unpaused", course[1].id),
    ]


def moved(*flows: tuple[str, str, int]) -> Transaction:
    return Transaction(
        id="0" * 64,
        chain=CHAIN,
        protocol="meadow",
        block=1,
        block_hash="",
        timestamp=1,
        index=0,
        tx=TX,
        seen=("flows",),
        sender="0x" + "99" * 20,
        flows=tuple(
            Flow(token="0x" + "70" * 20, sender=source, to=target, amount=str(units))
            for source, target, units in flows
        ),
    )


def test_a_drawing_adds_up_and_keeps_places_apart() -> None:
    thief, other = "0x" + "99" * 20, "0x" + "77" * 20
    found = drawing(
        [moved((POOL, thief, 10**6), (POOL, thief, 10**6), (thief, other, 5))],
        Atlas({"meadow": MANIFEST}),
    )
    assert [[label.words for label in one.labels] for one in found.moved] == [
        ["2.00 AUSD"], ["0.000005 AUSD"],
    ]  # fmt: skip
    assert {one.role for one in found.places} == {"sender", "protocol", ""}
    assert len({(one.x, one.y) for one in found.places}) == 3


def test_of_very_many_flows_the_first_are_drawn_and_the_rest_counted() -> None:
    flows = [("0x" + "99" * 20, f"0x{number:040x}", 1) for number in range(MOST_FLOWS + 25)]
    found = drawing([moved(*flows)], Atlas({}))
    assert len(found.moved) == MOST_FLOWS
    assert found.left_out == 25


def test_nothing_moved_is_nothing_drawn() -> None:
    assert drawing([], Atlas({})).places == ()
    assert drawing([moved()], Atlas({})).moved == ()


@given(st.text())
def test_no_text_hides_or_turns_what_stands_around_it(text: str) -> None:
    kinds = {unicodedata.category(letter) for letter in plain(text) if letter not in "\n\t"}
    assert not kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def test_numbers_are_put_shortly() -> None:
    assert amount(1_500_000, 6) == "1.50"
    assert amount(1, 18) == "0.000000"
    assert amount(7, None) == "7 units"
    assert amount(2**256 - 1, 18).startswith("115,792,089")
    assert Decimal(amount(10**24, 18).replace(",", "")) == 10**6
    assert (age(5), age(90), age(7200), age(-1)) == ("5 s", "1 min", "2 h", "in the future")
    assert span(90_061) == "1 d 1 h"
    assert (one_in(0.001), one_in(0)) == ("1 in 1,000", "never before")
    assert short(f"{CHAIN}:{POOL}") == "0x1a1a1a…1a1a"
