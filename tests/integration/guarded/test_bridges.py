"""A key of Aave V3's ACLManager is stolen and hires a bridge, which mints from nowhere."""

import pytest

from runtime.settings import CORE
from sandbox.evm import ETHER, Account, Call, Contract
from schemas.manifest import Brake
from tests.contract.exhibits import aave as aave_v3
from tests.contract.stage import ALLOWED
from tests.integration.detectors.theatre import Act
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.lending import EVERYTHING, Lending
from tests.integration.guarded.tally import Row, Tally

pytestmark = pytest.mark.node

HIRER = b"BRIDGE_ADMIN".ljust(32, b"\0")
"""A role that gives out the bridges'."""
SHARE = 50_000 * ETHER
MOST = 10**7
"""Whole tokens that bridges may be in debt with."""
SHARES = 7


class Bridges:
    """Bridges let people have barley that is yet to come, and bring it later."""

    def __init__(self, guarded: Guarded) -> None:
        self.guarded, self.stage, self.lending = guarded, guarded.stage, Lending(guarded)
        self.pool, self.acl, self.barley = (
            self.lending.aave.pool,
            self.lending.aave.acl,
            self.lending.barley,
        )
        self.role = self.stage.hands.read(self.acl, "BRIDGE_ROLE")[0]
        self.kept = self.lending.kept_in(self.barley)
        saver = self.lending.people[0]
        self.stage.do(saver, self.lending.call("supply", self.barley, 10 * SHARE, saver))
        capped = self.lending.aave.configurator.call
        self.stage.do(self.stage.people, capped("setUnbackedMintCap", self.barley.address, MOST))

    def held(self) -> int:
        """Return how much barley there is to take."""
        return int(self.stage.hands.read(self.barley, "balanceOf", self.kept)[0])

    def hires(self, one: Account, acl: Contract | None = None) -> Call:
        return (acl or self.acl).call("addBridge", one.address)

    def lets(self, one: Account, amount: int) -> Call:
        """Return a bridge's call for barley that is yet to come."""
        return self.pool.call("mintUnbacked", self.barley.address, amount, one.address, 0)

    def day(self, one: Account, amount: int) -> list[Act]:
        """Let a bridge give somebody barley, who takes it out, and bring as much."""
        brought = self.pool.call("backUnbacked", self.barley.address, amount, amount // 1_000)
        out = self.lending.call("withdraw", self.barley, amount, one)
        return [(one, self.lets(one, amount)), (one, out), (one, brought)]

    def frozen(self, keeper: Account) -> Brake:
        """Return what stops bridges where the stolen key may only hire them; it has that role."""
        safe = self.lending.safe.address
        self.stage.do(
            self.stage.people,
            self.acl.call("setRoleAdmin", self.role, HIRER),
            *(self.acl.call("grantRole", HIRER, one) for one in (keeper.address, safe)),
        )
        brake = self.lending.brake(self.guarded, "freeze", self.barley)
        self.lending.hand_over()
        return brake

    def replaced(self, keeper: Account) -> tuple[Contract, Brake]:
        """Return what is pulled where the stolen key is an admin: in the manager's place another,
        whose admin is the Safe. The gate owns the provider, which it makes this one call."""
        lending, people = self.lending, self.stage.people
        self.stage.do(people, lending.provider.call("setACLAdmin", lending.safe.address))
        spare = aave_v3.create(
            self.stage, "protocol/configuration/ACLManager", lending.provider.address
        )
        self.stage.deployer.settle()
        self.stage.do(
            people,
            self.acl.call("grantRole", EVERYTHING, keeper.address),
            lending.provider.call("transferOwnership", self.guarded.gate.address),
        )
        brake = Brake(
            name="replace-manager",
            adapter="generic",
            target=lending.provider.address.lower(),
            parameters={
                "call": {"function": "setACLManager(address)", "arguments": [spare.address]},
                "probe": {
                    "function": "getACLManager()",
                    "braked": "0x" + spare.address.removeprefix("0x").lower().zfill(64),
                },
                "also_stops": ["governance"],
                "released_by": "the Safe, which gives out the roles of the other manager",
            },
        )
        return spare, self.guarded.through_gate(brake)


@pytest.mark.parametrize("stolen", [pytest.param("hirer", marks=pytest.mark.slow), "admin"])
def test_a_stolen_key_hires_a_bridge_that_mints_once(
    guarded: Guarded, tally: Tally, stolen: str
) -> None:
    """Class 6 of the attacks: a key hires its thief, as it hires others, who mints too much.

    A hirer cannot release a frozen reserve. An admin can, so there its manager is replaced.
    """
    stage, theatre, bridges = guarded.stage, guarded.theatre, Bridges(guarded)
    lending, keeper, thief = bridges.lending, theatre.keeper, bridges.lending.thief
    workers, newcomer, people = lending.people[:6], lending.people[6], lending.people[7:]
    thaw = lending.aave.configurator.call("setReserveFreeze", bridges.barley.address, not ALLOWED)
    stage.do(stage.people, *(bridges.hires(one) for one in workers))
    spare = bridges.acl
    if stolen == "admin":
        spare, brake = bridges.replaced(keeper)
    else:
        brake = bridges.frozen(keeper)
    holders = [
        Contract(kept, lending.acre.interface)
        for kept in (lending.kept_in(lending.acre), bridges.kept)
    ]
    roles = {"governor": [bridges.acl], "pool": [lending.aave.pool, *holders]}
    manifest = theatre.watch(roles, (*CORE, "privilege"), (brake,))
    said = []
    for number in range(16):
        if number % 4 == 0:
            theatre.play((keeper, bridges.hires(theatre.person(f"another bridge {number}"))))
            theatre.later()
        said += theatre.play(
            *(
                act
                for at, one in enumerate(workers)
                for act in bridges.day(one, (100 + 9 * at + number) * ETHER)
            )
        )
    assert said == [], "bringing is what bridges do"

    guarded.arm(manifest)
    guarded.strike((keeper, bridges.hires(newcomer)))
    guarded.strike(*bridges.day(newcomer, 120 * ETHER))
    assert "included" not in guarded.states(), "who is hired and brings as others do is no thief"
    guarded.strike((keeper, bridges.hires(thief)))
    theft = [
        (thief, bridges.lets(thief, SHARE)),
        (thief, lending.call("withdraw", bridges.barley, SHARE, thief)),
    ]
    possible, before = -guarded.unguarded(bridges.held, *[theft] * 7), bridges.held()
    times = [found for _ in range(7) if (found := guarded.strike(*theft))]
    taken = before - bridges.held()
    assert times, "what was taken was not seen"
    assert guarded.states().count("included") == 1
    assert taken == SHARE, "what came before the brake is lost"

    asked = {
        "bridges": [stage.works(one, bridges.lets(one, ETHER)) for one in workers],
        "supply": [lending.works("supply", bridges.barley, one) for one in people],
        "withdraw": [lending.works("withdraw", bridges.barley, lending.people[0])],
        "elsewhere": [lending.works("supply", lending.acre, one) for one in people],
    }
    assert not any(asked["bridges"])
    assert all(asked["elsewhere"] + asked["withdraw"]), "the other is in use; who supplied has it"
    assert all(asked["supply"]) == (stolen == "admin")
    again = [bridges.hires(thief)]
    if stolen == "admin":
        again.append(bridges.acl.call("addPoolAdmin", keeper.address))
    stage.do(keeper, *again)
    assert not stage.works(thief, theft[0][1])
    assert not stage.works(keeper, thaw)
    if stolen == "admin":
        lending.govern(*(bridges.hires(one, spare) for one in workers))
    else:
        lending.govern(
            bridges.acl.call("revokeRole", HIRER, keeper.address),
            bridges.acl.call("revokeRole", bridges.role, thief.address),
            thaw,
        )
    assert all(stage.works(one, bridges.lets(one, ETHER)) for one in workers), "people released it"
    assert not stage.works(thief, theft[0][1])
    tried = [works for one in asked.values() for works in one]
    tally.append(
        Row(
            attack=f"6: a stolen key hires a bridge, {stolen} (Aave V3's ACLManager)",
            alert_ms=times[0]["alert"],
            brake_ms=times[0]["brake"],
            taken=taken // SHARE,
            possible=possible // SHARE,
            unit="shares",
            brake="its manager is replaced" if stolen == "admin" else "one reserve is frozen",
            goes_on="everything but bridges"
            if stolen == "admin"
            else "the other reserve; withdrawing",
            refused=tried.count(False),
            tried=len(tried),
            released_by="a Safe, which hires the bridges again"
            if stolen == "admin"
            else "a Safe, which takes the role back first",
        )
    )
