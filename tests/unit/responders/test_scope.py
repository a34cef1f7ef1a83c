"""The narrowest set of brakes that stops a loss, on the graph and in the life of a responder."""

from decimal import Decimal
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import msgspec
import pytest

from responders import scope
from responders.holdings import Held
from responders.judgement import KEEPS_BACK
from responders.network.terrain import Terrain, lacking
from responders.rederive import decided, rederive
from responders.scope import chosen
from schemas.errors import PoisonRecordError
from schemas.loss import Asset, Cut, Loss
from schemas.manifest import Contract, Dependency, Limits, Manifest, TokenInfo
from schemas.reach import MOST_LINKS, MOST_PLACES, Link, Option, Place, Reach
from tests.unit.responders.bench import Bench, bench
from tests.unit.responders.examples import CHAIN, POOL, alert, brake, manifest
from tests.unit.responders.fakes import FakeChain

PAIR, VAULT, DAI = "0x" + "dd" * 20, "0x" + "ee" * 20, "0x" + "d1" * 20
SWITCH = "0x" + "55" * 20


def place(money: float = 0.0, *, begins: bool = False) -> Place:
    return Place(name="somewhere", at_risk=money, begins=begins)


def option(brake: str, at: int | None, cost: float = 10.0) -> Option:
    return Option(brake=brake, place=at, cost=cost)


def picked(*options: Option, places: tuple[Place, ...], links: tuple[Link, ...] = ()) -> set[str]:
    return set(chosen(Reach(places=places, links=links, options=options)).brakes)


ABOVE, BELOW = place(1000, begins=True), place(800)
DOWN = (Link(source=0, target=1),)


def test_one_brake_at_the_source_does_for_what_depends_on_it() -> None:
    assert picked(option("a", 0), option("b", 1), places=(ABOVE, BELOW), links=DOWN) == {"a"}


def test_where_the_source_cannot_be_halted_what_depends_on_it_is() -> None:
    assert picked(option("b", 1), places=(ABOVE, BELOW), links=DOWN) == {"b"}


def test_of_two_brakes_of_one_place_the_cheaper_is_taken_and_the_narrower_of_equals() -> None:
    assert picked(option("cap", 0, 5), option("pause", 0, 10), places=(ABOVE,)) == {"cap"}
    assert picked(option("cap", 0, 10), option("pause", 0, 5), places=(ABOVE,)) == {"pause"}
    assert picked(option("cap", 0, 5), option("pause", 0, 5), places=(ABOVE,)) == {"cap"}


def test_nothing_is_halted_that_is_worth_less_than_its_brake() -> None:
    assert picked(option("a", 0, 2000), places=(ABOVE,)) == set()


def test_what_was_pulled_already_counts_for_nothing_more() -> None:
    assert picked(option("pulled", 0, 0.0), option("pause", 0, 5), places=(ABOVE,)) == {"pulled"}


@pytest.mark.parametrize(
    "reach",
    [
        Reach(places=(ABOVE,), links=(Link(source=0, target=5),)),
        Reach(places=(place(float("nan"), begins=True),)),
        Reach(places=(place(-1.0, begins=True),)),
        Reach(places=(ABOVE,), options=(option("a", 3),)),
        Reach(places=(ABOVE,), options=(option("a", 0, float("inf")),)),
    ],
)
def test_numbers_that_no_graph_has_are_refused(reach: Reach) -> None:
    with pytest.raises(PoisonRecordError):
        chosen(reach)


# ------------------------------------------------------------------ a protocol's own graph


def protocol(**changes: Any) -> Manifest:
    """A pool, a pair, and a vault that lent 300 to the pool."""
    halted = (
        Cut(brake="halt-pair", cost=Decimal(50)),
        Cut(brake="pause-vault", cost=Decimal(100)),
        Cut(brake="pause-all", cost=Decimal(400), halts=POOL),
    )
    made = manifest(
        brake(name="halt-pair", scope="T1", target=PAIR),
        brake(name="pause-vault", target=VAULT),
        brake(name="pause-all", target=SWITCH),
        limits=Limits(brakes_per_window=9, cooldown_seconds=0),
    )
    return made.model_copy(
        update={
            "contracts": tuple(Contract(address=a, role="pool") for a in (POOL, PAIR, VAULT)),
            "tokens": (TokenInfo(address=DAI, symbol="DAI", decimals=0),),
            "assets": (
                Asset(
                    token="DAI",
                    price=Decimal(1),
                    allowable=Decimal(100),
                    loss_per_second=Decimal(1),
                ),
            ),
            "loss": Loss(detect_seconds=1, decide_seconds=1, include_seconds=12),
            "cuts": halted,
        }
        | changes
    )


def held(**by: int) -> Held:
    named = {"pool": POOL, "pair": PAIR, "vault": VAULT}
    return Held({(named[name], DAI): Decimal(money) for name, money in by.items()}, whole=True)


def terrain(of: Manifest, holdings: Held) -> Terrain:
    made = Terrain(of)
    made.take(holdings)
    return made


def names(reach: Reach | None) -> dict[str, float]:
    assert reach is not None
    return {one.name.rpartition(":")[2]: one.at_risk for one in reach.places}


def test_a_loss_reaches_what_depends_on_it_and_nothing_else() -> None:
    lent = Dependency(name="pool", kind="liquidity", address=POOL, exposure=Decimal(300))
    ground = terrain(protocol(dependencies=(lent,)), held(pool=1000, pair=500, vault=1000))
    # what was lent falls on each by its part of all that is held
    assert names(ground.reach((POOL,))) == {POOL: 1000, PAIR: 60, VAULT: 120}
    assert names(ground.reach((PAIR,))) == {PAIR: 500}


def test_what_holds_nothing_priced_is_not_taken_for_empty() -> None:
    ground = terrain(protocol(), held(pool=1000, pair=0, vault=200))
    assert names(ground.reach((PAIR,))) == {PAIR: 1200}


def test_a_balance_that_changed_changes_the_answer() -> None:
    ground = terrain(protocol(), held(pool=1000, pair=500, vault=0))
    before = ground.reach((PAIR,))
    assert ground.reach((PAIR,)) is before
    ground.take(held(pool=1000, pair=400, vault=0))
    assert names(ground.reach((PAIR,)))[PAIR] == 400


@pytest.mark.parametrize(
    ("of", "holdings", "losing"),
    [
        (protocol(), Held({}, whole=False), (POOL,)),
        (protocol(assets=()), held(pool=1), (POOL,)),
        (protocol(), held(pool=1, pair=1, vault=1), ()),
        (protocol(), held(pool=1, pair=1, vault=1), (POOL, SWITCH)),
    ],
    ids=["a balance unknown", "no assets", "nobody says what loses", "not in the graph"],
)
def test_without_a_graph_there_is_no_reach(
    of: Manifest, holdings: Held, losing: tuple[str, ...]
) -> None:
    assert terrain(of, holdings).reach(losing) is None


def test_a_graph_beyond_its_bound_is_none() -> None:
    many = ["0x" + f"{number:040x}" for number in range(1, MOST_PLACES + 2)]
    lent = Dependency(name="hub", kind="liquidity", address=many[0])
    holders = tuple(Contract(address=a, role="pool") for a in (*many, PAIR))
    of = protocol(contracts=holders, dependencies=(lent,))
    all_hold = Held({(a.address, DAI): Decimal(5) for a in holders}, whole=True)
    assert terrain(of, all_hold).reach((many[0],)) is None
    assert terrain(of, all_hold).reach((many[1],)) is not None


def test_a_manifest_says_why_it_has_no_graph() -> None:
    assert lacking(protocol()) == ""
    assert "[[assets]]" in lacking(protocol(assets=()))
    elsewhere = protocol(brakes=(brake(target=SWITCH),), cuts=())
    assert "[[cuts]]" in lacking(elsewhere)


# ------------------------------------------------------------------ a responder's decisions


def verdicts(responder: Bench) -> dict[str, tuple[str, str]]:
    """What became of each brake, by what it calls."""
    named = {f"{CHAIN}:{PAIR}": "pair", f"{CHAIN}:{VAULT}": "vault", f"{CHAIN}:{SWITCH}": "all"}
    return {
        named[step.target]: (step.state, step.reason)
        for step in responder.published()
        if decided(step)
    }


def told(responder: Bench) -> None:
    """Whatever was decided can be decided again, and says that the graph was asked."""
    steps = [step for step in responder.published() if decided(step)]
    assert steps
    for step in steps:
        again = rederive(step)
        assert again.equal, again.differences


def chain() -> FakeChain:
    found = FakeChain(101)
    found.holdings = 2_000_000
    return found


def test_only_what_loses_is_halted(journal: Path) -> None:
    with bench(journal, chain(), given=protocol()) as responder:
        responder.receive(alert(1, losing=(VAULT,)))
        found = verdicts(responder)
        told(responder)
    assert found["vault"][0] == "authorised"
    assert found["pair"] == ("refused", "what loses does not reach what this brake halts")
    assert found["all"] == ("refused", "what loses does not reach what this brake halts")


def test_two_that_lose_are_both_halted(journal: Path) -> None:
    with bench(journal, chain(), given=protocol()) as responder:
        responder.receive(alert(1, losing=(VAULT, PAIR)))
        found = verdicts(responder)
        told(responder)
    assert {name for name, (state, _) in found.items() if state == "authorised"} == {
        "vault",
        "pair",
    }


def two_of_one_pool() -> Manifest:
    narrow = brake(name="cap-pool", scope="T1", target=PAIR)
    made = protocol(brakes=(narrow, brake(name="pause-all", target=SWITCH)))
    cuts = (Cut(brake="cap-pool", halts=POOL), Cut(brake="pause-all", halts=POOL))
    return made.model_copy(update={"cuts": cuts})


def test_the_broad_brake_of_the_same_pool_waits_until_the_narrow_one_was_not_enough(
    journal: Path,
) -> None:
    with bench(journal, chain(), given=two_of_one_pool()) as responder:
        responder.receive(alert(1, losing=(POOL,)))
        assert verdicts(responder)["pair"][0] == "authorised"
        assert verdicts(responder)["all"][0] == "refused"
        responder.mine(2)  # the narrow one is in block 102
        responder.receive(alert(3, losing=(POOL,)))
        assert verdicts(responder)["all"][0] == "authorised"
        told(responder)


def test_a_narrow_brake_that_may_not_be_pulled_stands_in_nobodys_way(journal: Path) -> None:
    spent = two_of_one_pool().model_copy(
        update={"limits": Limits(brakes_per_window=1, narrow_brakes_per_window=0)}
    )
    with bench(journal, chain(), given=spent) as responder:
        responder.receive(alert(1, losing=(POOL,)))
        assert verdicts(responder)["pair"][0] == "refused"
        assert verdicts(responder)["all"][0] == "authorised"
        told(responder)


def test_a_brake_that_turns_out_not_to_work_gives_way_within_the_same_alert(
    journal: Path,
) -> None:
    world = chain()
    world.bare = {PAIR}  # nothing is there any more
    with bench(journal, world, given=two_of_one_pool()) as responder:
        responder.receive(alert(1, losing=(POOL,)))
        found = verdicts(responder)
        told(responder)
        narrow = [s.state for s in responder.published() if s.target.endswith(PAIR)]
    assert narrow == ["proposed", "authorised", "failed"], "tried once"
    assert found["all"][0] == "authorised"


def test_a_brake_that_gets_into_no_block_does_not_keep_others_back_for_ever(
    journal: Path,
) -> None:
    with bench(journal, chain(), given=two_of_one_rung()) as responder:
        responder.receive(alert(1, losing=(POOL,)))
        assert verdicts(responder)["pair"][0] == "authorised"
        responder.mine(KEEPS_BACK, include=False)
        responder.receive(alert(1 + KEEPS_BACK, losing=(POOL,)))
        assert verdicts(responder)["all"][0] == "refused"
        responder.mine(include=False)
        responder.receive(alert(2 + KEEPS_BACK, losing=(POOL,)))
        assert verdicts(responder)["all"][0] == "authorised"
        told(responder)


def two_of_one_rung() -> Manifest:
    """Two brakes of one pool, neither narrower than the other, and one of them dearer."""
    cuts = (
        Cut(brake="cap-pool", halts=POOL, cost=Decimal(1)),
        Cut(brake="pause-all", halts=POOL, cost=Decimal(400)),
    )
    cheap = brake(name="cap-pool", target=PAIR)
    both = (cheap, brake(name="pause-all", target=SWITCH))
    return two_of_one_pool().model_copy(update={"brakes": both, "cuts": cuts})


def test_without_a_graph_the_action_says_that_each_was_judged_by_itself(journal: Path) -> None:
    with bench(journal, chain(), given=protocol()) as responder:
        responder.receive(alert(1))  # nobody says what loses
        steps = [step for step in responder.published() if decided(step)]
        told(responder)
    assert {step.state for step in steps} == {"authorised"}
    for step in steps:
        assert step.reach is None
        assert {t.name: t.value for t in (*step.terms, *step.further)}["on_graph"] == 0.0


def test_a_graph_that_was_taken_out_or_bent_is_noticed(journal: Path) -> None:
    with bench(journal, chain(), given=protocol()) as responder:
        responder.receive(alert(1, losing=(VAULT,)))
        step = next(s for s in responder.published() if s.state == "authorised")
    with pytest.raises(PoisonRecordError, match="lacks the graph"):
        rederive(msgspec.structs.replace(step, reach=None))
    assert step.reach is not None
    worthless = tuple(msgspec.structs.replace(one, at_risk=0.0) for one in step.reach.places)
    bent = msgspec.structs.replace(step.reach, places=worthless)
    assert not rederive(msgspec.structs.replace(step, reach=bent)).equal


def test_what_a_single_contract_loses_was_cut_before_the_alert_came(journal: Path) -> None:
    with bench(journal, chain(), given=protocol()) as responder:
        looked_up = scope.remembered()
        responder.receive(alert(1, losing=(VAULT,)))
        assert scope.remembered().misses == looked_up.misses
        assert scope.remembered().hits > looked_up.hits


@pytest.mark.parametrize("size", [2, 8, MOST_PLACES])
def test_how_long_a_cut_takes(size: int) -> None:
    """`pytest -s` tells: milliseconds for a loss that nobody prepared for, and for one that is
    remembered. Every place leads on to the next four, as far as a graph has room."""
    links = [Link(source=a, target=b) for a in range(size) for b in range(a + 1, min(size, a + 5))]
    spent = []
    for money in range(20):
        places = tuple(place(1000 + money, begins=not number) for number in range(size))
        options = tuple(option(f"b{number}", number) for number in range(size))
        reach = Reach(places=places, links=tuple(links[:MOST_LINKS]), options=options)
        began = perf_counter()
        first = chosen(reach)
        known = perf_counter()
        assert chosen(reach) == first == scope.Scope(frozenset({"b0"}), frozenset())
        spent.append((known - began, perf_counter() - known))
    cold, warm = (median(times) * 1e3 for times in zip(*spent, strict=True))
    print(f"{size} places: {cold:.2f} ms, remembered {warm:.3f} ms")  # noqa: T201 - to be read
