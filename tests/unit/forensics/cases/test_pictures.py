"""The report's timeline is drawn of all that the story tells but the movements of funds."""

from pathlib import Path

import pytest

from forensics.cases.analysis import Analysis, Moment
from forensics.cases.chronicle import _STEPS
from forensics.cases.report import pictures
from runtime.pictures.timeline import Mark
from schemas.codec import decode
from schemas.examples import FOLDER
from schemas.fundflow import FundFlow

FLOW = decode(next(Path(FOLDER / "fund-flows-v1").glob("*.json")).read_bytes(), FundFlow)


def marks(*moments: Moment) -> list[Mark]:
    analysis = Analysis(
        incident="1" * 64, chain=FLOW.chain, protocol="meadow", name="meadow", phase="recover",
        severity="critical", summary="It was robbed", first=1, last=2, anchor="0x" + "1" * 64,
        techniques=(), thefts=(), losses=(), quotes=(), brakes=(), hops={}, attempts=(), alerts=1,
        other_alerts=0, moments=moments, members=(), causes=(), flow=FLOW,
    )  # fmt: skip
    assert pictures.pictures(analysis).keys() == {"timeline", "losses", "funds"}
    return list(pictures._marks(analysis))


def test_each_kind_has_its_row() -> None:
    found = marks(
        Moment(at=10, kind="preparation", what="a", block=1),
        Moment(at=20, kind="attack", what="b", block=2),
        Moment(at=20, kind="alert", what="c", block=2),
        Moment(at=20, kind="movement", what="is in another picture", block=2),
        Moment(at=30, kind="refused", what="d", block=3),
        Moment(at=40, kind="people", what="e"),
        Moment(at=50, kind="recovery", what="f", block=3),
        Moment(at=60, kind="chain", what="g", block=6, step="released"),
    )
    assert [(one.row, one.block, one.at) for one in found] == [
        ("prepared", 1, 10), ("theft", 2, 20), ("alert", 2, 20), ("refused", 3, 30),
        ("people", None, 40), ("recovery", None, 50), ("released", 6, 60),
    ]  # fmt: skip


@pytest.mark.parametrize("state", _STEPS)
def test_each_step_of_a_brake_has_one_and_no_time_but_its_blocks(state: str) -> None:
    kind = _STEPS[state][0]
    (found,) = marks(Moment(at=20, kind=kind, what="x", block=3, step=state))
    assert (found.block, found.at) == (3, None)
    dropped = state in ("refused", "rehearsed", "failed")
    assert (found.row == "dropped") == dropped


def test_a_brake_that_its_contract_shows_too_is_one() -> None:
    found = marks(
        Moment(at=20, kind="brake", what="mined", block=3, tx="0xaa", step="included"),
        Moment(at=30, kind="chain", what="Paused", block=3, tx="0xaa", step="braked"),
        Moment(at=30, kind="chain", what="Paused by people", block=3, tx="0xbb", step="braked"),
    )
    assert [one.what for one in found] == ["mined", "Paused by people"]
