"""A new vault is baited for its next depositors, seen, braked for deposits, and released."""

import pytest

from runtime.settings import ACTS
from sandbox.evm import ETHER, FOREVER, Account, Contract
from schemas.manifest import Brake
from tests.contract import safes
from tests.integration.detectors.theatre import DAY, Act, raised_by
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.tally import Row, Tally

pytestmark = pytest.mark.node

DAYS = 24
SAVED = 1_000 * ETHER
"""What each victim deposits."""
BAIT = 2_100 * ETHER
"""What the thief gives the vault: more than twice that, so that no victim gets a share."""
PLENTY = 10**6 * ETHER


def test_the_first_depositor_baits_the_next(guarded: Guarded, tally: Tally) -> None:
    """Class 4 of the attacks: one wei is deposited, and then much is given."""
    stage, theatre = guarded.stage, guarded.theatre
    people, thief, create = theatre.people(12), theatre.thief, stage.deployer.create
    safe = safes.new_safe(stage)
    money = create("ToyERC20", "Acre Dollar", "AUSD", 18, 10**9 * ETHER)
    old, new, sound = vaults = [
        create("SavingsVault", money.address, safe.address) for _ in range(3)
    ]
    stage.deployer.settle()
    for one in (*people, thief, stage.people):
        stage.do(stage.people, money.call("transfer", one.address, PLENTY))
        stage.do(one, *(money.call("approve", vault.address, FOREVER) for vault in vaults))
    pauser = stage.hands.read(new, "PAUSER_ROLE")[0]
    safes.by_owners(stage, safe, new.call("grantRole", pauser, guarded.gate.address))
    pause = Brake(
        name="pause-deposits",
        adapter="pausable",
        target=new.address,
        parameters={"also_stops": ["deposit"]},
    )
    manifest = theatre.watch({"vault": vaults}, ACTS, (guarded.through_gate(pause),))

    def saves(one: Account, vault: Contract, amount: int = SAVED) -> Act:
        return one, vault.call("deposit", amount, one.address)

    def leaves(one: Account, vault: Contract, shares: int) -> Act:
        return one, vault.call("redeem", shares, one.address, one.address)

    def savings() -> int:
        """Return what the victims have, in their pockets and by their shares."""
        total = 0
        for one in people:
            total += stage.hands.read(money, "balanceOf", one.address)[0]
            shares = stage.hands.read(new, "balanceOf", one.address)[0]
            total += stage.hands.read(new, "convertToAssets", shares)[0]
        return total

    for day in range(DAYS):
        acts = [saves(one, old, (100 + 9 * at + day) * ETHER) for at, one in enumerate(people)]
        acts += [leaves(one, old, (10 + at) * ETHER) for at, one in enumerate(people)]
        interest = people[0], money.call("transfer", old.address, (day + 1) * ETHER // 10)
        assert not theatre.play(*acts, interest, seconds=DAY), "saving is what a vault is for"
    guarded.arm(manifest)
    assert guarded.strike(saves(people[0], sound)) is None, "somebody is always the first"

    bait = thief, money.call("transfer", new.address, BAIT)
    attack = [(saves(thief, new, 1),), (bait,), *((saves(one, new),) for one in people)]
    possible = -guarded.unguarded(savings, *attack)
    assert possible == len(people) * SAVED, "nobody would get a share"
    before = savings()
    times = [guarded.strike(*acts) for acts in attack]
    assert times[0], "the first wei was not seen"
    assert "a few wei of shares" in raised_by(guarded.said, "share-price")
    assert "included" in guarded.states()
    assert savings() == before, "nobody deposited after it"

    asked = [
        stage.works(*act)
        for one in people
        for act in (saves(one, old), leaves(one, old, ETHER), saves(one, new))
    ]
    assert asked.count(False) == len(people), "the other vault is in use"
    assert stage.works(*leaves(thief, new, 1)), "whoever has shares can leave"
    for call in (new.call("clear", stage.people.address), new.call("unpause")):
        safes.by_owners(stage, safe, call)
    stage.do(stage.people, new.call("deposit", PLENTY, stage.people.address))
    assert all(stage.works(*saves(one, new)) for one in people), "people released it"
    again = [(bait,), *((saves(one, new),) for one in people)]
    assert -guarded.unguarded(savings, *again) < ETHER, "with shares of its own, bait is in vain"
    tally.append(
        Row(
            attack="4: a first depositor's donation (OpenZeppelin ERC-4626)",
            alert_ms=times[0]["alert"],
            brake_ms=times[0]["brake"],
            taken=(before - savings()) // ETHER,
            possible=possible // ETHER,
            unit="dollars",
            brake="deposits into one vault are paused",
            goes_on="withdrawing from it; the other vaults",
            refused=asked.count(False),
            tried=len(asked),
            released_by="a Safe, which takes the bait out and saves first",
        )
    )
