"""Whether what people did on the way back stands behind what they said that they would do."""

import msgspec
import pytest

from schemas.ids import content_id
from schemas.incidents import Checklist, Progress, Recovery, Turn
from tests.forensic_log import INCIDENT, action, disordered

FIX, OTHER = "0x" + "11" * 32, "0x" + "22" * 32


def who(name: str) -> str:
    """Somebody's account."""
    return f"eip155:1:0x{name.encode().hex():0>40}"


def told(
    place: int,
    event: str,
    proposal: str = "",
    signer: str = "",
    quorum: int | None = 2,
    signers: tuple[str, ...] = ("a", "b", "c"),
) -> Recovery:
    return Recovery(
        id=content_id("recovery", place, event, proposal, signer),
        chain="eip155:1",
        protocol="meadow",
        incident=INCIDENT,
        progress=Progress(number=place, phase="respond", released=0, block=1),
        checklist=None
        if quorum is None
        else Checklist(tasks=(), quorum=quorum, signers=tuple(map(who, signers))),
        turn=Turn(place=place, event=event, proposal=proposal, signer=signer and who(signer)),
    )


def way(
    fix: str = FIX,
    agreeing: tuple[str, str] = ("a", "b"),
    quorum: int | None = 2,
    signers: tuple[str, ...] = ("a", "b", "c"),
) -> tuple[Recovery, ...]:
    """A whole way back, in its order."""
    turns = [("opened", "", ""), ("cause-recorded", "", ""), ("staged", fix, "")]
    turns += [("approved", fix, name) for name in agreeing]
    turns.append(("carried-out", fix, ""))
    return tuple(told(place, *turn, quorum, signers) for place, turn in enumerate(turns))


SOUND = way()


def test_a_release_that_was_told_in_its_order_is_sound() -> None:
    assert disordered(*SOUND) == []
    assert disordered(*SOUND[:3], SOUND[2], *SOUND[3:], SOUND[5]) == [], "told twice is one turn"
    again = told(2, "staged", OTHER)
    others = way(OTHER)[3:]
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
    found = disordered(*way(quorum=None))
    assert ["as no signer" in one for one in found] == [True, True, False]
    assert "no quorum" in found[-1]


def test_who_agrees_was_told_as_a_signer_when_the_case_was_opened() -> None:
    stranger = told(4, "approved", FIX, "mallory")
    found = disordered(*SOUND[:4], stranger, SOUND[5])
    assert [one.rpartition(": ")[2] for one in found] == [
        f"{who('mallory')} agrees, and was told as no signer of the case",
        f"1 agreements to {FIX[:18]} before it, of 2",
    ]
    more = ("a", "b", "c", "mallory")
    found = disordered(*SOUND[:4], told(4, "approved", FIX, "mallory", signers=more), SOUND[5])
    assert ["other signers" in one for one in found] == [True, False, False], "and counts no more"
    fewer = told(1, "cause-recorded", signers=("a",))
    (found_,) = disordered(SOUND[0], fewer, *SOUND[2:])
    assert "leaf 1: turn 1 (cause-recorded)" in found_


def test_signers_are_those_of_the_last_opening() -> None:
    again = told(0, "opened", signers=("x", "y"))
    (*others, short) = disordered(SOUND[0], again, *SOUND[1:])
    assert "0 agreements" in short
    assert any("as no signer" in one for one in others)
    theirs = way(agreeing=("x", "y"), signers=("x", "y"))
    assert disordered(SOUND[0], *theirs) == []


def test_of_more_signers_than_a_record_has_room_for_any_may_agree() -> None:
    many = tuple(f"s{number}" for number in range(256))
    assert disordered(*way(agreeing=("zed", "b"), signers=many)) == []


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


def test_a_turn_that_is_told_again_with_other_signers_takes_its_first_telling_back() -> None:
    changed = told(4, "cause-recorded", signers=("a", "b"))
    found = [one.rpartition(": ")[2] for one in disordered(*SOUND[:5], changed, SOUND[5])]
    assert found == [
        "tells other signers than were told as the case was opened",
        f"1 agreements to {FIX[:18]} before it, of 2",
    ]


def test_where_a_case_stands_is_no_turn_and_brakes_are_apart() -> None:
    standing = msgspec.structs.replace(SOUND[5], turn=None)
    assert disordered(standing, *SOUND) == []
    assert disordered(action(0, INCIDENT), *SOUND) == []
    assert len(disordered(SOUND[0], action(1, INCIDENT))) == 1
