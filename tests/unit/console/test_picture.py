"""The picture: the same twice changes nothing, too much of anything is bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import picture as module
from console.picture import Picture, led
from schemas.alerts import Withdrawal
from schemas.base import Record
from schemas.ids import content_id
from schemas.incidents import Progress, Recovery
from tests.people import answer, by_provider, proposal
from tests.unit.console.scene import CASE, CHAIN, TX, alert, case, readiness

ASKED = proposal(case(), by_provider("ana"))
SAID = answer(ASKED, by_provider("ben"))
WITHDRAWN = Withdrawal(
    id=content_id("withdrawal", 1),
    alert=content_id("alert", 1),
    chain=CHAIN,
    protocol="meadow",
    set="core",
    block=1001,
    block_hash="0x" + "0b" * 32,
    tx=TX,
    reason="its block left the chain",
)


def recovery(number: int) -> Recovery:
    progress = Progress(number=number, phase="recover", released=number, block=number)
    return Recovery(
        id=content_id("recovery", number),
        chain=CHAIN,
        protocol="meadow",
        incident=CASE,
        progress=progress,
    )


RECORDS: list[Record] = [
    alert(), WITHDRAWN, case(), readiness(), ASKED, SAID, recovery(1), recovery(2),
]  # fmt: skip


def known(picture: Picture) -> object:
    return (
        dict(picture.alerts),
        dict(picture.cases),
        dict(picture.recoveries),
        {name: (one.decision, tuple(one.answers)) for name, one in picture.asked.items()},
        dict(picture.readiness),
        picture.heard,
    )


@given(st.lists(st.sampled_from(range(len(RECORDS))), max_size=20))
def test_what_comes_again_changes_nothing(again: list[int]) -> None:
    once, more = Picture(), Picture()
    for record in RECORDS:
        once.take(record, {})
        more.take(record, {})
    for number in again:
        if not isinstance(RECORDS[number], type(alert())):  # an alert raised again stands again
            more.take(RECORDS[number], {})
    assert known(more) == known(once)


def test_a_withdrawn_alert_says_why_and_one_raised_again_stands() -> None:
    picture = Picture()
    picture.take(alert(), {})
    picture.take(WITHDRAWN, {})
    assert picture.alerts[content_id("alert", 1)].withdrawn == "its block left the chain"
    picture.take(alert(), {})
    assert picture.alerts[content_id("alert", 1)].withdrawn == ""


def test_the_newest_recovery_counts_and_the_case_has_it() -> None:
    picture = Picture()
    picture.take(recovery(2), {})
    picture.take(recovery(1), {})
    shown = led(case(), picture.recoveries[CASE])
    assert shown.progress is not None
    assert shown.progress.number == 2


@pytest.mark.parametrize("most", [1, 3])
def test_of_too_many_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(module, "MOST_ALERTS", most)
    monkeypatch.setattr(module, "MOST_CASES", most)
    picture = Picture()
    for number in range(10):
        picture.take(alert(number), {})
        picture.take(case(id=content_id("case", number)), {})
    assert list(picture.alerts) == [content_id("alert", n) for n in range(10 - most, 10)]
    assert len(picture.cases) == most
    assert picture.heard == 10


def test_closed_cases_give_way_before_open_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CASES", 2)
    picture = Picture()
    picture.take(case(id=content_id("case", 1)), {})
    for number in range(2, 5):
        picture.take(case(id=content_id("case", number), phase="closed"), {})
    assert list(picture.cases) == [content_id("case", 1), content_id("case", 4)]
    assert picture.take(case(id=content_id("case", 1)), {}), "one that is known makes no room"
    assert len(picture.cases) == 2


def test_it_says_what_changed() -> None:
    picture = Picture()
    assert picture.take(alert(), {}) == {"alerts", "map"}
    of_case = {"cases", "map", "pages", f"case:{CASE}"}
    assert picture.take(case(), {}) == of_case | {"alerts"}, "its alert leads to it"
    assert picture.take(case(), {}) == of_case
    assert picture.take(ASKED, {}) == {"cases", "map", "pages", f"case:{CASE}"}
    assert picture.take(readiness(), {}) == {"map", "plans"}
