"""Two transactions of one attack: what ties their alerts, and what does not."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from responders.linkage import MOST_ALIKE, MOST_TIES, Heard, Linkage, claim
from responders.rederive import rederive
from runtime.broker import Message
from schemas.alerts import Alert
from schemas.manifest import Limits
from schemas.topics import ALERTS
from tests.unit.responders.bench import Assembly, bench
from tests.unit.responders.examples import POOL, alert, costs, manifest, vote, withdrawal
from tests.unit.responders.fakes import FakeChain

THIEF, OTHER, VAULT = ("0x" + 20 * two for two in ("e1", "e2", "cc"))
AMOUNTS, CALLS = vote("asset-outflow"), vote("nesting", made_from=("calls",))
WINDOW = Limits().alert_blocks


def bends(number: int = 1, **changes: Any) -> Alert:
    return alert(number, **{"votes": (CALLS,), "sender": THIEF} | changes)


def drains(number: int = 2, **changes: Any) -> Alert:
    return alert(number, **{"votes": (AMOUNTS,), "sender": THIEF} | changes)


def pulled(responder: Assembly) -> bool:
    return "authorised" in responder.states()


def test_two_transactions_of_one_signer_are_two_witnesses(tmp_path: Path) -> None:
    with bench(tmp_path / "journal.jsonl", FakeChain(102)) as responder:
        responder.receive(bends())
        assert not pulled(responder)
        responder.receive(drains())
        decided = next(step for step in responder.published() if step.state == "authorised")
    assert decided.alert == drains().id
    assert decided.linked == bends().id
    terms = {term.name: term.value for term in (*decided.terms, *decided.further)}
    assert terms["families_agreeing"] == 2
    assert terms["looked_among"] == 1
    again = rederive(decided)
    assert again.equal, again.differences


@pytest.mark.parametrize("order", [(bends(), drains()), (drains(), bends())], ids=["1-2", "2-1"])
def test_the_order_in_which_they_come_and_one_batch_change_nothing(
    tmp_path: Path, order: tuple[Alert, Alert]
) -> None:
    with bench(tmp_path / "journal.jsonl", FakeChain(102)) as responder:
        responder.receive(*order)
        assert pulled(responder)


def test_two_signers_at_one_contract_that_loses_are_two_witnesses_if_both_are_rare(
    tmp_path: Path,
) -> None:
    given = manifest(halt=costs(prior=0.0005))
    for p_value, expected in ((1e-6, True), (1e-3, False)):
        journal = tmp_path / f"{p_value}.jsonl"
        with bench(journal, FakeChain(102), given=given) as responder:
            responder.receive(bends(losing=(POOL,), p_value=1e-9))
            responder.receive(drains(losing=(POOL,), p_value=p_value, sender=OTHER))
            assert pulled(responder) is expected


@pytest.mark.parametrize(
    "other",
    [
        drains(sender=OTHER),
        drains(sender=None),
        drains(sender=OTHER, losing=(VAULT,)),
        drains(phase="pending"),
        drains(subject="deployment"),
        drains(votes=(CALLS,)),
        drains(votes=(vote("silent", made_from=()),)),
        drains(2 + WINDOW),
    ],
    ids=["other signer", "unknown", "other contract", "waits", "new", "alike", "mute", "late"],
)
def test_what_is_not_of_the_same_attack_is_no_witness(tmp_path: Path, other: Alert) -> None:
    with bench(tmp_path / "journal.jsonl", FakeChain(200)) as responder:
        responder.receive(bends(losing=(POOL,)))
        responder.receive(other)
        assert not pulled(responder)


def test_a_request_from_outside_is_no_witness_here_either(tmp_path: Path) -> None:
    asked = vote("requests", made_from=("requests",), tail="rule")
    with bench(tmp_path / "journal.jsonl", FakeChain(102)) as responder:
        responder.receive(bends(votes=(asked,)))
        responder.receive(drains())
        assert not pulled(responder)


def test_an_alert_that_was_withdrawn_speaks_for_nobody(tmp_path: Path) -> None:
    with bench(tmp_path / "journal.jsonl", FakeChain(102)) as responder:
        responder.receive(bends())
        responder.receive(withdrawal(bends()))
        responder.receive(drains())
        assert not pulled(responder)
        responder.receive(bends())  # said anew: its block came back
        assert pulled(responder)


def test_a_brake_ends_with_the_alert_that_spoke_for_it(tmp_path: Path) -> None:
    chain = FakeChain(102)
    with bench(tmp_path / "journal.jsonl", chain) as responder:
        responder.receive(bends())
        chain.down = True
        responder.receive(drains())
        assert responder.states()[-1] == "authorised"
        responder.receive(withdrawal(bends()))
        assert responder.states()[-1] == "refused"


def test_a_restart_keeps_what_was_decided_on_a_link(tmp_path: Path) -> None:
    chain, path = FakeChain(102), tmp_path / "journal.jsonl"
    with bench(path, chain) as responder:
        responder.receive(bends())
        chain.down = True
        responder.receive(drains())
        assert responder.states()[-1] == "authorised"
    with bench(path, chain) as responder:
        responder.receive(withdrawal(bends()))
        assert responder.states()[-1] == "refused"


def test_where_nothing_is_read_back_the_next_alert_makes_the_link(tmp_path: Path) -> None:
    chain, path = FakeChain(103), tmp_path / "journal.jsonl"
    with bench(path, chain) as responder:
        responder.receive(bends())
    with bench(path, chain) as responder:
        responder.receive(drains())
        assert not pulled(responder)
        responder.receive(bends(3))
        assert pulled(responder)


def linkage(*forged: str) -> Linkage:
    return Linkage(lambda one: one.alert.tx not in forged, lambda _: True)


def put(made: Linkage, *alerts: Alert) -> None:
    for one in alerts:
        made.add(Heard(Message(ALERTS.name, 0, 0, b"meadow", None, ()), one), WINDOW)


def test_a_forged_one_neither_speaks_nor_counts() -> None:
    made = linkage(bends(3).tx, bends(4).tx)
    put(made, bends(1, p_value=1e-4), bends(3), bends(4))
    found = made.find(drains(), WINDOW)
    assert found is not None
    assert (found.alert.tx, found.among) == (bends(1).tx, 1)


def test_the_weaker_decides_and_what_it_was_found_among_is_paid_for() -> None:
    made = linkage()
    put(made, *(bends(n, p_value=1e-4 * n) for n in (1, 3, 4)))
    found = made.find(drains(p_value=1e-5), WINDOW)
    assert found is not None
    assert (found.alert.tx, found.among) == (bends(1).tx, 3)
    assert claim(drains(p_value=1e-5), found) == pytest.approx(3e-4)


def test_whoever_alerts_a_lot_hides_nothing_and_fills_no_memory() -> None:
    made = linkage()
    put(made, bends(1, p_value=1e-9))
    put(made, *(bends(2 + n % WINDOW, tx=f"0x{n:064x}", p_value=1e-3) for n in range(9, 999)))
    found = made.find(drains(3), WINDOW)
    assert found is not None
    assert (found.alert.tx, found.among) == (bends(1).tx, MOST_ALIKE)
    put(made, *(bends(2, sender=f"0x{n:040x}", tx=f"0x{n:064x}") for n in range(MOST_TIES)))
    assert made.find(drains(3), WINDOW) is None


def test_what_is_far_away_makes_room() -> None:
    made = linkage()
    put(made, *(bends(1, tx=f"0x{n:064x}", p_value=1e-9) for n in range(20, 30)))
    put(made, bends(100, p_value=1e-4))
    assert made.find(drains(101), WINDOW) is not None


def test_a_budget_that_says_nothing_ties_no_contract() -> None:
    made = linkage()
    put(made, bends(losing=(POOL,), budget=0.0, sender=None))
    assert made.find(drains(losing=(POOL,)), WINDOW) is None


def test_an_alert_that_may_pull_the_brake_alone_is_decided_alone(tmp_path: Path) -> None:
    with bench(tmp_path / "journal.jsonl", FakeChain(102)) as responder:
        responder.receive(bends(p_value=2e-3))
        both = msgspec.structs.replace(drains(), votes=(AMOUNTS, CALLS))
        responder.receive(both)
        decided = next(step for step in responder.published() if step.state == "authorised")
    assert decided.linked is None
