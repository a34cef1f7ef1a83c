"""What is at work, what is held now, what is old: the live side of a decision."""

from decimal import Decimal
from pathlib import Path

import pytest

from schemas.activities import Activity
from schemas.loss import Asset, Loss
from schemas.manifest import Contract, Limits, Manifest, TokenInfo
from tests.unit.responders.bench import bench
from tests.unit.responders.examples import POOL, alert, brake, manifest
from tests.unit.responders.fakes import FakeChain

PAIR = "0x" + "dd" * 20
DAI = "0x" + "d1" * 20


def two_rungs() -> Manifest:
    narrow, broad = brake(name="pair", scope="T1", target=PAIR), brake()
    limits = Limits(brakes_per_window=2, cooldown_seconds=0)
    return manifest(narrow, broad, limits=limits)


def pulled(steps: object) -> list[tuple[str, str]]:
    kept = ("authorised", "refused", "rehearsed")
    return [(s.scope, s.state) for s in steps if s.state in kept]  # type: ignore[attr-defined]


def test_the_narrow_brake_comes_first_and_the_broad_one_only_if_it_was_not_enough(
    journal: Path,
) -> None:
    chain = FakeChain(101)
    with bench(journal, chain, given=two_rungs()) as responder:
        responder.receive(alert(1, losing=(PAIR,)))
        assert pulled(responder.published()) == [("T1", "authorised"), ("T2", "refused")]
        responder.mine()  # it is in block 102
        responder.receive(alert(2, losing=(PAIR,)))  # of that same block
        assert pulled(responder.published())[2:] == []
        responder.mine()
        responder.receive(alert(3, losing=(PAIR,)))  # and still it goes on
        assert pulled(responder.published())[2:] == [("T2", "authorised")]


def test_a_dry_run_keeps_to_the_same_order(journal: Path) -> None:
    with bench(journal, FakeChain(101), given=two_rungs(), armed=False) as responder:
        responder.receive(alert(1, losing=(PAIR,)))
        assert pulled(responder.published()) == [("T1", "rehearsed"), ("T2", "refused")]


def test_where_the_alert_does_not_say_what_loses_every_rung_is_judged_by_itself(
    journal: Path,
) -> None:
    with bench(journal, FakeChain(101), given=two_rungs()) as responder:
        responder.receive(alert(1))
        assert pulled(responder.published()) == [("T1", "authorised"), ("T2", "authorised")]


def holding(**limits: int) -> Manifest:
    """The protocol, which may lose DAI; a whole token is worth 2."""
    tokens = (TokenInfo(address=DAI, symbol="DAI", decimals=3),)
    asset = Asset(token="DAI", price=Decimal(2), allowable=Decimal(100), loss_per_second=Decimal(1))
    return manifest(limits=Limits(**limits)).model_copy(
        update={
            "contracts": (Contract(address=POOL, role="pool"),),
            "tokens": tokens,
            "assets": (asset,),
            "loss": Loss(detect_seconds=1, decide_seconds=1, include_seconds=12),
        }
    )


def last_terms(responder: object) -> dict[str, float]:
    decided = [s for s in responder.published() if len(s.terms) > 10]  # type: ignore[attr-defined]
    return {term.name: term.value for term in decided[-1].terms}


def test_what_the_protocol_holds_now_is_what_can_be_saved(journal: Path) -> None:
    chain = FakeChain(101)
    chain.holdings = 400_000_000  # 400,000 DAI
    with bench(journal, chain, given=holding()) as responder:
        responder.receive(alert())
        terms = last_terms(responder)
    assert terms["value_exposed"] == 800_000
    assert terms["avoidable_loss"] == 800_000 - 13 * 10_000


def test_nothing_is_braked_that_is_empty_already(journal: Path) -> None:
    with bench(journal, FakeChain(101), given=holding()) as responder:
        responder.receive(alert())
        assert responder.states() == ["proposed", "refused"]
        assert last_terms(responder)["value_exposed"] == 0


@pytest.mark.parametrize(
    ("works", "takes", "ending", "reason"),
    [
        (True, 1_000_000, "broadcast", "handed to the node"),
        (True, 0, "refused", "no value at risk any more"),
        (True, -1_000_000, "refused", "no value at risk any more"),
        (False, 1_000_000, "refused", "no value at risk any more"),
        (None, 0, "refused", "could not be simulated"),
    ],
)
def test_an_old_alert_brakes_only_what_would_take_again(
    journal: Path, *, works: bool | None, takes: int, ending: str, reason: str
) -> None:
    chain = FakeChain(130)
    chain.holdings, chain.replays, chain.takes = 400_000_000, works, takes
    with bench(journal, chain, given=holding(alert_blocks=25)) as responder:
        responder.receive(alert(1))  # of block 101
        assert responder.states()[-1] == ending
        assert reason in responder.published()[-1].reason


def test_an_old_alert_of_an_empty_protocol_is_refused(journal: Path) -> None:
    chain = FakeChain(130)
    chain.replays, chain.takes = True, 1
    with bench(journal, chain, given=holding(alert_blocks=25)) as responder:
        responder.receive(alert(1))
        assert responder.states()[-1] == "refused"


def test_what_an_action_also_stops_is_told(journal: Path) -> None:
    with bench(journal, FakeChain(101)) as responder:
        responder.receive(alert())
        assert set(responder.published()[-1].also_stops) == {one.value for one in Activity}
