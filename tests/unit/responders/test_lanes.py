"""What is answered first, and what together."""

from responders.lanes import Lane, Lanes
from schemas.alerts import Alert
from schemas.manifest import Manifest
from tests.unit.responders.examples import POOL, alert, brake, manifest, vote

VAULT = "0x" + "cc" * 20
LONELY = (vote("asset-outflow"),)
RULE = (vote("declared-invariants", tail="rule", made_from=("state",)),)


def lanes(given: Manifest | None = None) -> Lanes:
    given = given or manifest(brake(name="cap", scope="T1", target=VAULT), brake())
    return Lanes({given.protocol: given})


def put(made: Lanes, *alerts: Alert) -> None:
    for one in alerts:
        made.add(one, {}, 0.0)


def test_what_may_pull_a_pool_s_brake_comes_first_and_nothing_else_last() -> None:
    made = lanes()
    put(made, alert(1, votes=LONELY), alert(2, votes=RULE), alert(3))
    assert [group.lane for group in made.take(Lane.REST)] == [Lane.BROAD, Lane.NARROW, Lane.REST]


def test_a_lane_is_taken_without_those_behind_it() -> None:
    made = lanes()
    put(made, alert(1, votes=LONELY), alert(2))
    assert [group.alert.tx for group in made.take(Lane.NARROW)] == [alert(2).tx]
    assert len(made) == 1


def test_alerts_alike_are_one_and_the_strongest_speaks_for_them() -> None:
    made, first = lanes(), alert(1, votes=LONELY, p_value=1e-3)
    strong = alert(1, votes=LONELY, p_value=1e-5, tx="0x" + "05" * 32)
    weak = alert(1, votes=LONELY, p_value=1e-2, tx="0x" + "06" * 32)
    put(made, first, strong, weak)
    (group,) = made.take(Lane.REST)
    assert (group.alert.tx, group.count) == (strong.tx, 3)


def test_what_another_block_or_loser_tells_is_told() -> None:
    made = lanes()
    put(made, alert(1), alert(2), alert(2, losing=(POOL,)), alert(2, losing=(VAULT,)))
    assert len(made) == 4


def test_votes_that_come_apart_move_an_alert_to_the_lane_of_both() -> None:
    made, amounts = lanes(), alert(1, votes=LONELY)
    put(made, amounts, alert(1, set="acts", votes=(vote("calls", made_from=("calls",)),)))
    assert [group.lane for group in made.take(Lane.REST)] == [Lane.BROAD, Lane.REST]


def test_a_request_is_narrow_and_one_detector_is_broad_where_it_may_be() -> None:
    from schemas.alerts import Reason

    reason = Reason(
        feature=f"requested:{VAULT}", observed=1, expected=0, distance=1, unit="", text=""
    )
    asking = vote("halt-requests", tail="rule", made_from=("requests",), reasons=(reason,))
    made = lanes()
    put(made, alert(1, votes=(asking,)))
    assert [group.lane for group in made.take(Lane.REST)] == [Lane.NARROW]
    alone = lanes(manifest(brake(one_detector_may_pause=True)))
    put(alone, alert(1, votes=LONELY))
    assert [group.lane for group in alone.take(Lane.REST)] == [Lane.BROAD]


def test_what_was_withdrawn_is_told_apart_and_waits() -> None:
    made = lanes()
    made.add(alert(1), {}, 0.0)
    made.add(alert(1), {}, 0.0, withdrawn=True)
    assert [(g.lane, g.withdrawn) for g in made.take(Lane.REST)] == [
        (Lane.BROAD, False),
        (Lane.REST, True),
    ]
