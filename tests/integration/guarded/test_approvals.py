"""What people approved to a router is taken from one after another; seen, braked, released."""

from random import Random

import pytest

from runtime.settings import ACTS
from sandbox.evm import ETHER, Account, Contract
from schemas.manifest import Brake
from tests.contract import safes
from tests.integration.detectors.theatre import Act, raised_by
from tests.integration.guarded.exchange import Exchange
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.tally import Row, Tally

pytestmark = pytest.mark.node

DAYS = 20
LOOT = 10**5 * ETHER
"""What the thief takes of each."""


def test_what_was_approved_to_a_router_is_drained(guarded: Guarded, tally: Tally) -> None:
    """Class 11 of the attacks, its other half: allowances to a router that calls anything."""
    stage, theatre, exchange = guarded.stage, guarded.theatre, Exchange(guarded)
    acre, dollar, people, thief = exchange.acre, exchange.dollar, exchange.people, exchange.thief
    safe = safes.new_safe(stage)
    router = stage.deployer.create("ZapRouter", safe.address)
    stage.deployer.settle()
    exchange.approve(router)
    pauser = stage.hands.read(router, "PAUSER_ROLE")[0]
    safes.by_owners(stage, safe, router.call("grantRole", pauser, guarded.gate.address))
    pause = Brake(
        name="pause-router",
        adapter="pausable",
        target=router.address,
        parameters={"also_stops": ["trading"]},
    )
    manifest = theatre.watch({"router": [router]}, ACTS, (guarded.through_gate(pause),))

    def zap(one: Account, amount: int, *path: Contract, to: Account | None = None) -> Act:
        _, swap = exchange.swap(to or one, amount, *path)
        return one, router.call("zap", path[0].address, amount, swap.to, swap.data)

    def drain(victim: Account) -> Act:
        take = acre.call("transferFrom", victim.address, thief.address, LOOT)
        return thief, router.call("zap", acre.address, 0, acre.address, take.data)

    def day() -> list[Act]:
        paths = [random.sample((acre, dollar), 2) for _ in people]
        amounts = [random.randrange(100, 1_000) * ETHER for _ in people]
        return [zap(one, n, *path) for one, n, path in zip(people, amounts, paths, strict=True)]

    def stolen() -> int:
        return exchange.balance(acre, thief.address)

    random = Random(11)
    assert not [alert for _ in range(DAYS) for alert in theatre.play(*day())]
    guarded.arm(manifest)
    gift = zap(people[0], 100 * ETHER, acre, dollar, to=people[1])
    assert guarded.strike(gift) is None, "people may pay for each other"

    possible = guarded.unguarded(stolen, *([drain(one)] for one in people))
    before = stolen()
    times = [guarded.strike(drain(one)) for one in people]
    taken = stolen() - before
    assert times[0], "the first victim was not seen"
    assert "went to" in raised_by(guarded.said, "approval-drain")
    assert "included" in guarded.states()
    assert (taken, possible) == (LOOT, len(people) * LOOT), "one paid, nobody after"

    direct = [stage.works(*exchange.swap(one, ETHER, acre, dollar)) for one in people]
    assert all(direct), "the exchange and the tokens are in use"
    assert all(stage.works(one, acre.call("approve", router.address, 0)) for one in people)
    asked = [*direct, *(stage.works(*act) for act in day())]
    for token in exchange.tokens:
        safes.by_owners(stage, safe, router.call("refuse", token.address))
    safes.by_owners(stage, safe, router.call("unpause"))
    assert not theatre.play(*day()), "people released it"
    assert guarded.unguarded(stolen, *([drain(one)] for one in people)) == 0, "no token is called"
    tally.append(
        Row(
            attack="11: allowances to a router (it calls Uniswap V2)",
            alert_ms=times[0]["alert"],
            brake_ms=times[0]["brake"],
            taken=taken // ETHER,
            possible=possible // ETHER,
            unit="acres",
            brake="the router is paused",
            goes_on="the exchange without it; taking approvals back",
            refused=asked.count(False),
            tried=len(asked),
            released_by="a Safe, which refuses tokens as targets first",
        )
    )
