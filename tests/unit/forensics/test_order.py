"""Whether what people did on the way back stands behind what they said that they would do."""

import msgspec
import pytest

from schemas.ids import content_id
from schemas.incidents import Checklist, Progress, Recovery, Turn
from tests.forensic_log import INCIDENT, action, disordered

FIX, OTHER = "0x" + "11" * 32, "0x" + "22" * 32


def told(
    place: int, event: str, proposal: str = "", signer: str = "", quorum: int | None = 2
) -> Recovery:
    return Recovery(
        id=content_id("recovery", place, event, proposal, signer),
        chain="eip155:1",
        protocol="meadow",
        incident=INCIDENT,
        progress=Progress(number=place, phase="respond", released=0, block=1),
        checklist=None if quorum is None else Checklist(tasks=(), quorum=quorum),
        turn=Turn(place=place, event=event, proposal=proposal, signer=signer),
    )


SOUND = (
    told(0, "opened"),
    told(1, "cause-recorded"),
    told(2, "staged", FIX),
    told(3, "approved", FIX, "a"),
    told(4, "approved", FIX, "b"),
    told(5, "carried-out", FIX),
)


def test_a_release_that_was_told_in_its_order_is_sound() -> None:
    assert disordered(*SOUND) == []
    assert disordered(*SOUND[:3], SOUND[2], *SOUND[3:], SOUND[5]) == [], "told twice is one turn"
    again = told(2, "staged", OTHER)
    others = (told(one.turn.place, one.turn.event, OTHER, one.turn.signer) for one in SOUND[3:]
              if one.turn)  # fmt: skip
    assert disordered(*SOUND[:3], again, *others) == [], "what was told last is what was staged"


@pytest.mark.parametrize("left_out", range(len(SOUND) - 1))
def test_a_turn_that_was_not_told_is_found(left_out: int) -> None:
    found = disordered(*SOUND[:left_out], *SOUND[left_out + 1 :])
    assert f"stands before its turn {left_out}" in " ".join(found)


def test_a_release_before_its_agreements_is_found() -> None:
    found = disordered(*SOUND[:4], told(4, "carried-out", FIX))
    assert [one.rpartition(": ")[2] for one in found] == [
        f"1 agreements to {FIX[:18]} before it, of 2"
    ]
    twice = disordered(*SOUND[:4], told(4, "approved", FIX, "a"), told(5, "carried-out", FIX))
    assert len(twice) == 1, "one person's word counts once"


def test_another_step_than_was_staged_is_found() -> None:
    for event in ("approved", "carried-out"):
        (found,) = disordered(*SOUND[:3], told(3, event, OTHER, "a"))
        assert "was not staged before" in found
    (found, *_) = disordered(*SOUND[:5], told(5, "staged", OTHER), told(6, "carried-out", OTHER))
    assert "0 agreements" in found, "an agreement is to what was staged then"


def test_a_release_cannot_do_without_agreements_by_telling_no_quorum() -> None:
    bare = disordered(*SOUND[:3], told(3, "carried-out", FIX, quorum=None))
    assert f"0 agreements to {FIX[:18]} before it, of 2" in " ".join(bare)
    lowered = disordered(*SOUND[:3], told(3, "carried-out", FIX, quorum=0))
    assert "0 agreements" in " ".join(lowered)
    never = [
        told(one.turn.place, one.turn.event, one.turn.proposal, one.turn.signer, quorum=None)
        for one in SOUND
        if one.turn
    ]
    (found,) = disordered(*never)
    assert "no quorum" in found


def test_nothing_that_is_not_named_is_released() -> None:
    agreed = told(2, "approved", "", "a"), told(3, "approved", "", "b")
    assert len(disordered(*SOUND[:2], *agreed, told(4, "carried-out", ""))) == 3


def test_a_case_that_is_opened_again_begins_at_nothing() -> None:
    assert disordered(*SOUND, *SOUND) == []
    assert disordered(SOUND[0], *SOUND) == [], "told twice is one turn"
    found = " ".join(disordered(*SOUND[:5], SOUND[0], told(2, "carried-out", FIX)))
    assert "stands before its turn 1" in found, "places of the first round are of another"
    assert "was not staged before" in found, "so are its staging and agreements"
    (late,) = disordered(*SOUND[:5], told(5, "opened"))
    assert "opened by its turn 0" in late
    (other, *_) = disordered(told(0, "staged", FIX))
    assert "opened by its turn 0" in other


def test_a_turn_that_was_told_and_never_written_down_leaves_its_place_to_the_next() -> None:
    killed = told(3, "staged", OTHER)
    assert disordered(*SOUND[:3], killed, *SOUND[3:]) == [], "people went on with what was staged"
    assert disordered(*SOUND[:3], killed, killed, *SOUND[3:]) == []
    assert disordered(*SOUND[:5], told(5, "braked-again"), SOUND[5]) == []
    lost = disordered(*SOUND[:4], told(3, "cause-recorded"), *SOUND[4:])
    assert "1 agreements" in " ".join(lost), "an agreement that another turn took the place of"


def test_where_a_case_stands_is_no_turn_and_brakes_are_apart() -> None:
    standing = msgspec.structs.replace(SOUND[5], turn=None)
    assert disordered(standing, *SOUND) == []
    assert disordered(action(0, INCIDENT), *SOUND) == []
    assert len(disordered(SOUND[0], action(1, INCIDENT))) == 1
