"""A new market of the real Venus is baited for its next suppliers, seen, braked, and released."""

import pytest

from runtime.settings import ACTS
from sandbox.evm import ETHER, FOREVER, Account, Call, Contract
from sandbox.safe import approved
from schemas.manifest import Brake
from tests.contract import safes
from tests.contract.exhibits import venus as exhibits
from tests.contract.stage import ALLOWED
from tests.integration.detectors.theatre import DAY, Act, raised_by
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.tally import Row, Tally

pytestmark = pytest.mark.node

DAYS = 24
SAVED = 1_000 * ETHER
"""What each victim supplies."""
BAIT = 3_000 * ETHER
"""What the thief gives the market: so much that no victim gets a share."""
MINT = 0
"""Of the actions of a market."""


class Markets:
    """Venus, whose admin is a Safe: a market in use, one that is new, and a sound third."""

    def __init__(self, guarded: Guarded) -> None:
        self.stage, self.people = guarded.stage, guarded.theatre.people(12)
        stage, thief = guarded.stage, guarded.theatre.thief
        self.venus = venus = exhibits.deployed(stage)
        self.safe = safes.new_safe(stage)
        self.money = stage.deployer.create("ToyERC20", "Acre Dollar", "AUSD", 18, 10**9 * ETHER)
        stage.deployer.settle()
        self.old, self.new, self.sound = self.markets = [
            exhibits.listed(stage, venus, self.money) for _ in range(3)
        ]
        for one in (*self.people, thief):
            stage.do(stage.people, self.money.call("transfer", one.address, 10**6 * ETHER))
            approved = (self.money.call("approve", m.address, FOREVER) for m in self.markets)
            stage.do(one, *approved)

    def hand_over(self, gate: Contract) -> None:
        """Let the Safe be admin, and the gate alone pause."""
        stage, venus = self.stage, self.venus
        owned = venus.unitroller, self.new
        access = exhibits.manager(stage, gate.address)
        stage.do(
            stage.people,
            venus.comptroller.call("_setAccessControl", access.address),
            *(one.call("_setPendingAdmin", self.safe.address) for one in owned),
        )
        self.govern(*(one.call("_acceptAdmin") for one in owned))

    def govern(self, *calls: Call) -> None:
        for call in calls:
            safes.by_owners(self.stage, self.safe, call)

    def signed(self, call: Call) -> Act:
        """Return the next transaction of the Safe, which both owners have signed."""
        nonce = self.stage.hands.read(self.safe, "nonce")[0]
        chain = self.stage.hands.id
        return self.stage.people, approved(self.safe, safes.OWNERS, call, nonce, chain)

    def saves(self, one: Account, market: Contract, amount: int = SAVED) -> Act:
        return one, market.call("mint", amount)

    def leaves(self, one: Account, market: Contract, shares: int) -> Act:
        return one, market.call("redeem", shares)

    def savings(self) -> int:
        """Return what the victims have, in their pockets and by their shares of the new market."""
        read, total = self.stage.hands.read, 0
        rate = read(self.new, "exchangeRateStored")[0]
        for one in self.people:
            total += read(self.money, "balanceOf", one.address)[0]
            total += read(self.new, "balanceOf", one.address)[0] * rate // ETHER
        return total


def test_the_first_supplier_baits_the_next(guarded: Guarded, tally: Tally) -> None:
    """Class 4 of the attacks: two wei are supplied to a market of Venus, and then much is given.

    Since Venus counts the cash that it was told of, a donation is in vain, until an admin has it
    count what it holds (`sweepTokenAndSync`).
    """
    stage, theatre, markets = guarded.stage, guarded.theatre, Markets(guarded)
    people, thief, old, new = markets.people, theatre.thief, markets.old, markets.new
    saves, leaves, savings = markets.saves, markets.leaves, markets.savings
    pause = Brake(
        name="pause-mint",
        adapter="venus",
        target=markets.venus.comptroller.address,
        parameters={"does": "actions", "market": new.address.lower(), "actions": ["mint"]},
    )
    brake = guarded.through_gate(pause)
    markets.hand_over(guarded.gate)
    manifest = theatre.watch({"vault": markets.markets}, ACTS, (brake,))
    for day in range(DAYS):
        acts = [saves(one, old, (100 + 9 * at + day) * ETHER) for at, one in enumerate(people)]
        acts += [leaves(one, old, (10 + at) * ETHER) for at, one in enumerate(people)]
        assert not theatre.play(*acts, seconds=DAY), "supplying is what a market is for"
    guarded.arm(manifest)
    assert guarded.strike(saves(people[0], markets.sound)) is None, "somebody is always the first"

    synced = markets.signed(new.call("sweepTokenAndSync", 0))
    bait = thief, markets.money.call("transfer", new.address, BAIT)
    attack = [(saves(thief, new, 2),), (bait,)]
    victims = [(saves(one, new),) for one in people]
    assert guarded.unguarded(savings, *attack, *victims) == 0, "a market counts what it was told of"
    possible, before = -guarded.unguarded(savings, *attack, (synced,), *victims), savings()
    assert possible == len(people) * SAVED, "unless its admin has it count what it holds"
    times = [guarded.strike(*acts) for acts in (*attack, (synced,), *victims)]
    assert times[0], "the first wei was not seen"
    assert "a few wei of shares" in raised_by(guarded.said, "share-price")
    assert "included" in guarded.states()
    assert savings() == before, "nobody supplied after it"

    asked = [
        stage.works(*act)
        for one in people
        for act in (saves(one, old), leaves(one, old, ETHER), saves(one, new))
    ]
    assert asked.count(False) == len(people), "the other market is in use"
    assert stage.works(*leaves(thief, new, 1)), "whoever has shares can leave"
    access, where = exhibits.manager(stage, markets.safe.address), [new.address]
    release = markets.venus.comptroller.call("_setActionsPaused", where, [MINT], not ALLOWED)
    assert not stage.works(stage.people, release)
    markets.govern(
        new.call("sweepTokenAndSync", BAIT),
        markets.venus.comptroller.call("_setAccessControl", access.address),
        release,
    )
    assert all(stage.works(*saves(one, new)) for one in people), "people released it"
    assert guarded.unguarded(savings, (bait,), *victims) == 0, "what is given once more is in vain"
    tally.append(
        Row(
            attack="4: a first supplier's donation, once it counts (Venus)",
            alert_ms=times[0]["alert"],
            brake_ms=times[0]["brake"],
            taken=(before - savings()) // ETHER,
            possible=possible // ETHER,
            unit="dollars",
            brake="supplying one market is paused",
            goes_on="leaving it; the other markets",
            refused=asked.count(False),
            tried=len(asked),
            released_by="a Safe, which takes the bait out first",
        )
    )
