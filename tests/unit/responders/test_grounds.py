from pathlib import Path

import msgspec
import pytest

from responders.entries import Step
from responders.grounds import differences
from responders.journal import read
from schemas.actions import Action, Term
from schemas.alerts import Alert
from schemas.chain import Posture
from schemas.ids import content_id
from tests.unit.responders.bench import bench
from tests.unit.responders.examples import AMOUNTS, CALLS, alert, vote
from tests.unit.responders.fakes import FakeChain

SIGNED_BY = "0x" + "5e" * 20
EVENTS = vote("privilege", made_from=("events",))
CORE = alert(1, votes=(AMOUNTS,), sender=SIGNED_BY)
ACTS = alert(1, id=content_id("acts", 1), set="acts", votes=(EVENTS,), p_value=1e-5)
BEFORE = alert(0, votes=(CALLS,), sender=SIGNED_BY, p_value=1e-5)


def last(folder: Path, *alerts: Alert) -> Action:
    """What a responder decided last, after these alerts."""
    path = folder / "journal.jsonl"
    with bench(path, FakeChain(102)) as responder:
        for one in alerts:
            responder.receive(one)
    steps = [entry.action for entry in read(path) if isinstance(entry, Step)]
    return [step for step in steps if step.terms][-1]


def said(action: Action, **terms: float) -> Action:
    """The action, with other numbers."""
    changed = tuple(
        Term(name=term.name, value=terms.get(term.name, term.value), unit=term.unit)
        for term in action.terms
    )
    return msgspec.structs.replace(action, terms=changed)


def test_a_set_that_says_less_anew_is_cited_with_all_that_it_said(tmp_path: Path) -> None:
    """Whatever order their ids have, the votes are put together as they were decided on."""
    for number in range(6):
        again = vote("sequence", made_from=CALLS.made_from)
        big = alert(1, id=content_id("big", number), set="acts", votes=(CALLS, again))
        less = msgspec.structs.replace(CALLS, made_from=("storage",))
        small = alert(1, id=content_id("small", number), set="acts", votes=(less,))
        folder = tmp_path / str(number)
        folder.mkdir()
        action = last(folder, big, small, CORE)
        assert {one.alert for one in action.cites} == {CORE.id, big.id, small.id}
        for told in ((CORE, big, small), (small, big, CORE)):
            assert list(differences(action, told)) == []


@pytest.mark.parametrize(
    "alerts",
    [
        (CORE,),
        (CORE, ACTS),
        (BEFORE, CORE),
        (alert(1, phase="pending", posture=Posture(odds=3.0)),),
    ],
    ids=["one", "two sets", "linked", "pending"],
)
def test_what_a_responder_decided_is_borne_out_by_what_it_cites(
    tmp_path: Path, alerts: tuple[Alert, ...]
) -> None:
    action = last(tmp_path, *alerts)
    assert [one.alert for one in action.cites] == [one.id for one in reversed(alerts)]
    assert list(differences(action, alerts[::-1])) == []
    for name in ("p_value", "families_agreeing", "posture_odds", "requested", "volatility_only"):
        (found,) = differences(said(action, **{name: 7.0}), alerts[::-1])
        assert found.startswith(f"{name}: the decision says")


def test_another_set_s_alert_has_to_be_on_the_same_transaction(tmp_path: Path) -> None:
    action = last(tmp_path, CORE, ACTS)
    astray = msgspec.structs.replace(CORE, tx="0x" + "ee" * 32)
    found = list(differences(action, (ACTS, astray)))
    assert "is not about the transaction" in found[0]
    assert any(one.startswith("families_agreeing") for one in found[1:])


def test_a_linked_alert_has_to_be_tied_and_found_among_enough(tmp_path: Path) -> None:
    action = last(tmp_path, BEFORE, CORE)
    assert action.linked == BEFORE.id
    (found,) = differences(said(action, looked_among=0.5), (CORE, BEFORE))
    assert "looked_among: the decision says 0.5, what it cites at least 1.0" in found
    stranger = msgspec.structs.replace(BEFORE, sender=None)
    assert "is not tied to" in next(differences(action, (CORE, stranger)))


def test_what_is_not_there_is_not_compared(tmp_path: Path) -> None:
    """That it is not there is said by whoever looked for it."""
    action = last(tmp_path, BEFORE, CORE)
    assert list(differences(said(action, p_value=0.0), (CORE,))) == []
