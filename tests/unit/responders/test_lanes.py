"""What is answered first, what together, and what is not believed."""

from responders.groups import Lane
from responders.lanes import CANDIDATES, MOST_SETS, Lanes
from responders.linkage import Heard
from runtime.broker import Message
from schemas.alerts import Alert, Reason
from schemas.manifest import Manifest
from schemas.topics import ALERTS
from tests.unit.responders.examples import POOL, alert, brake, manifest, vote, withdrawal

VAULT, PAIR = "0x" + "cc" * 20, "0x" + "dd" * 20
MESSAGE = Message(ALERTS.name, 0, 0, b"meadow", None, ())
LONELY = (vote("asset-outflow"),)
CALLS = (vote("calls", made_from=("calls",)),)
RULE = (vote("declared-invariants", tail="rule", made_from=("state",)),)


class Checks:
    """Remembers what was checked; believes all but the forged."""

    def __init__(self, *forged: str) -> None:
        self.forged = forged
        self.seen: list[str] = []

    def __call__(self, message: Message, one: Alert) -> bool:
        self.seen.append(one.tx)
        return one.tx not in self.forged


def lanes(given: Manifest | None = None, check: Checks | None = None) -> Lanes:
    given = given or manifest(brake(name="cap", scope="T1", target=VAULT), brake())
    return Lanes({given.protocol: given}, check or Checks())


def put(made: Lanes, *alerts: Alert, withdrawn: bool = False) -> None:
    for one in alerts:
        made.add(Heard(MESSAGE, one, withdrawn), 0.0)


def taken(made: Lanes, worst: Lane = Lane.REST) -> list[tuple[str, int]]:
    return [(heard.alert.tx, count) for heard, count in made.take(worst)]


def tx(number: int) -> str:
    return f"0x{number:064x}"


def test_what_may_pull_a_pool_s_brake_comes_first_and_nothing_else_last() -> None:
    made = lanes()
    put(made, alert(1, votes=LONELY), alert(2, votes=RULE), alert(3))
    assert taken(made) == [(tx(3), 1), (tx(2), 1), (tx(1), 1)]


def test_a_lane_is_taken_without_those_behind_it() -> None:
    made = lanes()
    put(made, alert(1, votes=LONELY), alert(2))
    assert taken(made, Lane.NARROW) == [(tx(2), 1)]
    assert len(made) == 1


def test_alerts_alike_are_one_and_the_strongest_speaks_for_them() -> None:
    check = Checks()
    made = lanes(check=check)
    for number, p_value in ((1, 1e-3), (5, 1e-5), (6, 1e-2)):
        put(made, alert(1, votes=LONELY, p_value=p_value, tx=tx(number)))
    assert check.seen == []
    assert taken(made) == [(tx(5), 3)]
    assert check.seen == [tx(5)]


def test_a_forged_one_speaks_for_nobody() -> None:
    made = lanes(check=Checks(tx(5), tx(7)))
    for number, p_value in ((1, 1e-3), (5, 1e-5)):
        put(made, alert(1, votes=LONELY, p_value=p_value, tx=tx(number)))
    put(made, alert(7))
    assert taken(made) == [(tx(1), 2)]


def test_forged_ones_hide_only_what_could_pull_nothing() -> None:
    forged = [tx(n) for n in range(10, 10 + CANDIDATES)]
    made = lanes(check=Checks(*forged))
    for name in forged:
        put(made, alert(1, votes=LONELY, p_value=1e-9, tx=name))
    put(made, alert(1, votes=LONELY), alert(1))
    assert taken(made) == [(tx(1), 1)]


def test_what_another_block_or_loser_tells_is_told() -> None:
    made = lanes()
    put(made, alert(1), alert(2), alert(2, losing=(POOL,)), alert(2, losing=(VAULT,)))
    assert len(made) == 4


def test_votes_that_come_apart_move_an_alert_to_the_lane_of_both() -> None:
    made = lanes()
    put(made, alert(1, votes=LONELY), alert(1, set="acts", votes=CALLS))
    assert len(list(made.take(Lane.BROAD))) == 1


def test_a_forged_vote_makes_no_quorum() -> None:
    made = Lanes(
        {"meadow": manifest(brake(name="cap", scope="T1", target=VAULT), brake())},
        lambda _, one: one.set == "acts",
    )
    put(made, alert(1, votes=LONELY), alert(1, set="acts", votes=CALLS))
    assert list(made.take(Lane.BROAD)) == []


def test_a_request_is_narrow_and_one_detector_is_broad_where_it_may_be() -> None:
    reason = Reason(
        feature=f"requested:{VAULT}", observed=1, expected=0, distance=1, unit="", text=""
    )
    asking = vote("halt-requests", tail="rule", made_from=("requests",), reasons=(reason,))
    made = lanes()
    put(made, alert(1, votes=(asking,)))
    assert taken(made, Lane.BROAD) == []
    assert taken(made, Lane.NARROW) == [(tx(1), 1)]
    alone = lanes(manifest(brake(one_detector_may_pause=True)))
    put(alone, alert(1, votes=LONELY))
    assert taken(alone, Lane.BROAD) == [(tx(1), 1)]


def test_what_was_withdrawn_is_told_apart_and_waits() -> None:
    made = lanes()
    put(made, alert(1))
    put(made, alert(1), withdrawn=True)
    assert taken(made, Lane.BROAD) == [(tx(1), 1)]
    assert [heard.withdrawn for heard, _ in made.take(Lane.REST)] == [True]


def test_where_each_speaks_for_itself_none_is_left_out_and_all_are_counted() -> None:
    made = Lanes({"meadow": manifest()}, Checks(), {"meadow"})
    put(made, *(alert(1, tx=tx(number), id=f"{number:064x}") for number in range(3 * CANDIDATES)))
    found = taken(made)
    assert {name for name, _count in found} == {tx(number) for number in range(3 * CANDIDATES)}
    assert sum(count for _name, count in found) == 3 * CANDIDATES
    put(made, alert(1, votes=LONELY), alert(1, votes=LONELY, tx=tx(9)))
    assert len(taken(made)) == 1, "no brake may be pulled on these"


def test_what_was_withdrawn_while_it_waited_is_answered_as_withdrawn() -> None:
    made = lanes()
    put(made, alert(1, votes=LONELY), alert(2))
    for gone in (alert(1), alert(2)):
        made.withdraw(withdrawal(gone))
    assert [heard.withdrawn for heard, _ in made.take(Lane.REST)] == [True, True]
    put(made, alert(1, votes=LONELY))  # said anew
    assert [heard.withdrawn for heard, _ in made.take(Lane.REST)] == [False]


def test_what_waited_unchecked_and_was_withdrawn_is_joined_to_nothing() -> None:
    made = lanes(manifest(brake()))
    put(made, alert(1, votes=LONELY))
    made.withdraw(withdrawal(alert(1)))
    put(made, alert(1, votes=CALLS, set="acts"))
    assert {len(heard.alert.votes) for heard, _ in made.take(Lane.REST)} == {1}


def test_made_up_sets_hide_no_true_one_and_fill_no_memory() -> None:
    def forged(message: Message, one: Alert) -> bool:
        return not one.set.startswith("made-up")

    given = manifest(brake())
    made = Lanes({given.protocol: given}, forged)
    put(made, alert(1, votes=LONELY))
    for number in range(4 * MOST_SETS):
        put(made, alert(1, votes=LONELY, set=f"made-up-{number}"))
    assert all(len(waiting) <= MOST_SETS for waiting in made._unchecked.values())
    put(made, alert(1, votes=CALLS, set="acts"))
    broad = [heard for heard, _ in made.take(Lane.BROAD)]
    assert [len(heard.alert.votes) for heard in broad] == [2]


def guarding(*targets: str) -> Manifest:
    return manifest(
        *(brake(name=f"for-{n}", target=n, guards=(n,)) for n in targets), brake(name="all")
    )


def test_what_is_about_one_contract_is_not_hidden_behind_what_is_about_another() -> None:
    made = lanes(guarding(VAULT, PAIR))
    strong = [alert(1, p_value=1e-9, involved=(VAULT,), tx=tx(n)) for n in range(2, 3 * CANDIDATES)]
    put(made, *strong[1:], alert(1, p_value=1e-5, involved=(PAIR, POOL)), strong[0])
    told = taken(made)
    assert [name for name, _ in told][1:] == [tx(1)]
    assert sum(count for _, count in told) == len(strong) + 1


def test_somebody_else_s_touches_make_no_more_to_answer() -> None:
    made = lanes(guarding(VAULT))
    others = [f"0x{n:040x}" for n in range(40)]
    put(made, *(alert(1, involved=tuple(others[:n]), tx=tx(n)) for n in range(1, 40)))
    assert [count for _, count in taken(made)] == [39]


def test_what_guards_nothing_that_had_a_part_puts_nobody_first() -> None:
    made = lanes(manifest(brake(guards=(VAULT,))))
    put(made, alert(1, involved=(POOL,)), alert(2, involved=(VAULT,)))
    assert taken(made) == [(tx(2), 1), (tx(1), 1)]
