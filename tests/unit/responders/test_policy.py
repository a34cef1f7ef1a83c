from decimal import Decimal

import msgspec
import pytest

from responders import policy
from responders.decision import Surroundings, gathered
from responders.guard import GuardState
from schemas.activities import Activity
from schemas.alerts import Alert, Reason, Vote
from schemas.loss import Cut
from schemas.manifest import Brake, Contract
from tests.unit.responders.examples import POOL, alert, brake, inputs, manifest, vote

PAIR = "0x" + "dd" * 20
SILENT = vote("price-move", alerted=False)
RULE = vote("declared-invariants", tail="rule", made_from=("amounts", "events", "storage"))
MOVES = vote("volatility", made_from=("prices", "volatility"))


def objection(given: Alert, by: Brake | None = None, **around: object) -> str:
    pulled = by or brake()
    seen = Surroundings(guard=GuardState(), head=given.block, **around)  # type: ignore[arg-type]
    return policy.objection(gathered(given, pulled, manifest(pulled), seen))


def test_two_detectors_made_from_different_things_may_pause() -> None:
    assert objection(alert()) == ""


@pytest.mark.parametrize(
    "votes",
    [
        (vote("asset-outflow"), SILENT),
        (vote("asset-outflow"), vote("one-sided", made_from=("amounts",))),
        (vote("asset-outflow"), vote("call-shape", made_from=("calls", "amounts"))),
        (vote("asset-outflow"), vote("a-stranger")),
        (vote("price-move"), vote("price-move")),
        (RULE, SILENT),
    ],
)
def test_one_witness_may_not(votes: tuple[Vote, ...]) -> None:
    assert "this brake needs 2" in objection(alert(votes=votes))


@pytest.mark.parametrize("votes", [(vote("asset-outflow"), SILENT), (RULE,)])
def test_one_may_where_the_manifest_says_so(votes: tuple[Vote, ...]) -> None:
    assert objection(alert(votes=votes), brake(one_detector_may_pause=True)) == ""


def test_one_broken_rule_pulls_a_narrow_brake_and_one_statistic_does_not() -> None:
    cap = brake(scope="T1")
    assert objection(alert(votes=(RULE, SILENT)), cap, lapses=True) == ""
    statistic = alert(votes=(vote("asset-outflow"), SILENT))
    assert "needs 2" in objection(statistic, cap, lapses=True)


def test_a_narrow_brake_that_only_people_release_takes_the_evidence_of_a_broad_one() -> None:
    cap = brake(scope="T1")
    assert "needs 2" in objection(alert(votes=(RULE, SILENT)), cap)
    assert objection(alert(), cap) == ""


def test_one_detector_may_pull_what_lapses_and_what_its_manifest_calls_a_pause() -> None:
    one = alert(votes=(vote("asset-outflow"), SILENT))
    alone = brake(scope="T1", one_detector_may_pause=True)
    assert objection(one, alone, lapses=True) == ""
    assert "needs 2" in objection(one, alone)
    assert "needs 2" in objection(alert(votes=(RULE,)), alone)


def asking(target: str) -> Vote:
    """The vote that says that somebody asks to halt this contract, with a bond."""
    reason = Reason(
        feature=f"requested:{target}", observed=1, expected=1, distance=0, unit="", text="asks"
    )
    return vote("halt-requests", tail="rule", made_from=("requests",), reasons=(reason,))


def test_a_bonded_request_pulls_a_narrow_brake_of_what_it_names_and_nothing_else() -> None:
    asked = alert(votes=(asking(POOL),))
    assert objection(asked, brake(scope="T1"), lapses=True) == ""
    assert "needs 2" in objection(asked, brake(scope="T1"))
    assert "needs 2" in objection(asked, brake(scope="T1", target=PAIR), lapses=True)
    assert "for people" in objection(asked, brake(scope="T3"))


@pytest.mark.parametrize("alone", [True, False])
def test_a_bonded_request_is_no_witness_for_a_pause(*, alone: bool) -> None:
    pause = brake(one_detector_may_pause=alone)
    assert "nothing above T1" in objection(alert(votes=(asking(POOL),)), pause)
    one = alert(votes=(asking(POOL), vote("asset-outflow")))
    assert (objection(one, pause) == "") is alone
    two = alert(votes=(asking(POOL), vote("asset-outflow"), vote("price-move")))
    assert objection(two, pause) == ""


def test_a_bonded_request_is_no_broken_rule() -> None:
    around = Surroundings(guard=GuardState(), head=101, lapsing=True, lapses=True)
    cap = brake(scope="T1")
    given = gathered(alert(votes=(asking(POOL),)), cap, manifest(cap), around)
    assert (given.rules_broken, given.renewal, given.requested) == (0, False, True)


def test_who_is_not_shipped_cannot_ask() -> None:
    claimed = msgspec.structs.replace(asking(POOL), tail="empirical")
    assert "needs 2" in objection(alert(votes=(claimed,)), brake(scope="T1"))


def test_nobody_alerting_is_never_enough() -> None:
    silent = (vote("asset-outflow", alerted=False),)
    assert objection(alert(votes=silent), brake(one_detector_may_pause=True)) != ""


@pytest.mark.parametrize("alone", [True, False])
def test_a_whole_protocol_is_never_braked_automatically(*, alone: bool) -> None:
    assert "for people" in objection(alert(), brake(scope="T3", one_detector_may_pause=alone))


def test_a_withdrawn_alert_pulls_nothing() -> None:
    assert "withdrawn" in objection(alert(), withdrawn=True)


@pytest.mark.parametrize("alone", [True, False])
def test_over_a_contract_that_nobody_called_nothing_is_braked(*, alone: bool) -> None:
    given = alert(subject="deployment")
    assert "for people" in objection(given, brake(one_detector_may_pause=alone))


def test_a_brake_may_say_that_a_deployment_pulls_it_and_then_evidence_still_counts() -> None:
    for alone, scope, objected in ((True, "T2", ""), (False, "T2", "few"), (True, "T3", "people")):
        told = brake(deployment_may_pause=True, one_detector_may_pause=alone, scope=scope)
        seen = alert(subject="deployment", votes=(vote("deployed-code"),))
        found = objection(seen, told)
        assert objected in found
        assert bool(objected) == bool(found)


def test_a_pending_transaction_is_judged_like_one_at_the_head() -> None:
    assert objection(alert(phase="pending")) == ""


@pytest.mark.parametrize("activity", ["liquidation", "repayment", "collateral", "withdrawal"])
def test_a_price_that_moves_never_stops_what_keeps_people_whole(activity: str) -> None:
    given = alert(votes=(MOVES, vote("price-move")))
    alone = brake(one_detector_may_pause=True)
    stops = {"also_stops": frozenset({Activity(activity), Activity.TRADING})}
    assert f"never stops {activity}" in objection(given, alone, **stops)
    assert objection(given, alone, also_stops=frozenset({Activity.TRADING})) == ""


def test_a_price_that_moves_and_something_else_may() -> None:
    assert objection(alert(votes=(MOVES, vote("asset-outflow")))) == ""


def test_narrow_brakes_come_first_and_of_those_the_cheap_ones() -> None:
    brakes = [brake(name=name, scope=name[:2]) for name in ("T2", "T3", "T1-dear", "T1")]
    given = manifest(*brakes).model_copy(update={"cuts": (Cut(brake="T1-dear", cost=Decimal(9)),)})
    assert [one.name for one in policy.ladder(given)] == ["T1", "T1-dear", "T2", "T3"]


def test_a_broad_brake_waits_for_a_narrow_one_that_halts_all_that_loses() -> None:
    narrow, broad = brake(name="pair", scope="T1", target=PAIR), brake()
    given = manifest(narrow, broad)

    def waits_for(*losing: str) -> int:
        return policy.narrower(broad, alert(losing=losing), given, {"pair"})

    assert waits_for(PAIR) == 1
    assert waits_for(PAIR, POOL) == waits_for() == 0
    assert policy.narrower(broad, alert(losing=(PAIR,)), given, set()) == 0
    assert policy.narrower(narrow, alert(losing=(PAIR,)), given, {"pair"}) == 0
    assert "comes first" in policy.objection(inputs(narrower_brakes=1))


def test_what_a_brake_halts_may_be_another_contract_than_it_calls() -> None:
    cap = brake(name="cap", scope="T1", target="0x" + "ee" * 20)
    given = manifest(cap, brake()).model_copy(
        update={
            "contracts": (Contract(address=POOL, role="pool", name="Pool"),),
            "cuts": (Cut(brake="cap", halts="Pool"),),
        }
    )
    assert policy.narrower(brake(), alert(losing=(POOL,)), given, {"cap"}) == 1


def test_a_brake_is_pulled_on_what_it_guards_alone() -> None:
    guarding = brake(guards=(PAIR,), one_detector_may_pause=True)
    assert "had a part" in objection(alert(involved=(POOL,)), guarding)
    assert objection(alert(involved=(PAIR, POOL)), guarding) == "", "whatever else it touched"
    assert objection(alert(), guarding) == "", "nobody knows what it is about"
    assert objection(alert(involved=(POOL,)), brake()) == "", "it is for the whole protocol"


def test_who_asks_for_a_halt_need_not_touch_what_it_guards() -> None:
    guarding = brake(scope="T1", guards=(PAIR,))
    asked = alert(votes=(asking(guarding.target),), involved=(POOL,))
    assert objection(asked, guarding, lapses=True) == ""
