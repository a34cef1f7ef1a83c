"""A key with a role is stolen; the brake stands where that key has no say."""

import pytest

from runtime.settings import CORE
from sandbox.evm import ETHER, Account, Call, Contract
from schemas.manifest import Brake
from tests.integration.detectors.theatre import OPENZEPPELIN
from tests.integration.guarded.coffers import DRAWER, Council
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.tally import Row, Tally

pytestmark = pytest.mark.node

EVERYTHING, OPERATOR, HIRER = 0, 5, 7
"""Roles of the manager; hirers give out the operators'."""
SHARE = 125_000 * ETHER
OPEN = False


class Office:
    """OpenZeppelin's AccessManager, whose operators draw from two coffers through it."""

    def __init__(
        self,
        guarded: Guarded,
        council: Council,
        operators: list[Account],
        coffers: list[Contract] | None = None,
    ) -> None:
        stage, self.money = guarded.stage, council.money
        make = stage.deployer
        self.manager = make.create_packaged(OPENZEPPELIN, "AccessManager", council.safe.address)
        make.settle()
        self.coffers = coffers or [council.coffer(8 * SHARE, guarded.gate) for _ in range(2)]
        call = self.manager.call
        council.decide(
            call("grantRole", HIRER, council.safe.address, 0),
            call("setRoleAdmin", OPERATOR, HIRER),
            *(self.may_draw(coffer) for coffer in self.coffers),
            *(coffer.call("grantRole", DRAWER, self.manager.address) for coffer in self.coffers),
            *(call("grantRole", OPERATOR, one.address, 0) for one in operators),
        )

    def may_draw(self, coffer: Contract) -> Call:
        selector = coffer.interface.encode("draw", coffer.address, coffer.address, 0)[:4]
        terms = coffer.address, [selector], OPERATOR
        return self.manager.call("setTargetFunctionRole", *terms)

    def draws(self, coffer: Contract, to: Account, amount: int) -> Call:
        inner = coffer.call("draw", self.money.address, to.address, amount)
        return self.manager.call("execute", coffer.address, inner.data)

    def hires(self, one: Account) -> Call:
        return self.manager.call("grantRole", OPERATOR, one.address, 0)

    def reopens(self, coffer: Contract) -> Call:
        return self.manager.call("setTargetClosed", coffer.address, OPEN)


@pytest.mark.parametrize("stolen", ["hirer", "admin"])
def test_a_stolen_role_draws_once(guarded: Guarded, tally: Tally, stolen: str) -> None:
    """Class 6 of the attacks: a key hires its thief, as it hires others, who draws too much.

    A hirer cannot open what the manager closes. An admin can, so there the brake is the coffer's.
    """
    stage, theatre, council = guarded.stage, guarded.theatre, Council(guarded)
    keeper, thief, people = theatre.keeper, theatre.thief, theatre.people(19)
    operators, hired, newcomer = people[:6], people[6:18], people[18]
    office = Office(guarded, council, operators)
    manager, (coffer, other) = office.manager, office.coffers
    council.decide(manager.call("grantRole", HIRER, keeper.address, 0))
    if stolen == "admin":
        council.decide(manager.call("grantRole", EVERYTHING, keeper.address, 0))
        brake = Brake(name="shut-coffer", adapter="pausable", target=coffer.address)
    else:
        council.decide(manager.call("grantRole", EVERYTHING, guarded.gate.address, 0))
        told = {"closes": coffer.address, "also_stops": ["withdrawal"]}
        brake = Brake(name="close", adapter="access-manager", target=manager.address)
        brake = brake.model_copy(update={"parameters": told})
    roles = {"governor": [manager], "vault": office.coffers}
    manifest = theatre.watch(roles, (*CORE, "privilege"), (guarded.through_gate(brake),))
    said = []
    for number, one in enumerate(hired):
        if theatre.play((keeper, office.hires(one))):
            theatre.later()
        said += theatre.play(
            *(
                (who, office.draws(where, who, (100 + 9 * at + number) * ETHER))
                for at, who in enumerate(operators)
                for where in office.coffers
            )
        )
    assert said == [], "drawing is what operators do"

    guarded.arm(manifest)
    guarded.strike((keeper, office.hires(newcomer)))
    guarded.strike((newcomer, office.draws(coffer, newcomer, 120 * ETHER)))
    assert "included" not in guarded.states(), "who is hired and draws as others do is no thief"
    before = council.held(coffer.address)
    assert guarded.strike((keeper, office.hires(thief))) is None, "one more is a habit: not seen"
    draw = office.draws(coffer, thief, SHARE)
    times = [found for _ in range(7) if (found := guarded.strike((thief, draw)))]
    assert times, "what was drawn was not seen"
    assert guarded.states().count("included") == 1
    assert before - council.held(coffer.address) == SHARE, "what came before the brake is lost"

    asked = [
        stage.works(one, office.draws(where, one, ETHER))
        for where in (coffer, other)
        for one in operators
    ]
    assert asked.count(True) == len(operators), "the other coffer is in use"
    assert stage.works(keeper, office.reopens(coffer)) == (stolen == "admin")
    if stolen == "admin":
        stage.do(keeper, office.reopens(coffer))
        assert not stage.works(thief, draw), "the manager's admin has no say over the coffer"
        heir = Office(guarded, council, operators, office.coffers)
        council.decide(
            *(one.call("revokeRole", DRAWER, manager.address) for one in office.coffers),
            coffer.call("unpause"),
        )
    else:
        heir = office
        council.decide(
            manager.call("revokeRole", HIRER, keeper.address),
            manager.call("revokeRole", OPERATOR, thief.address),
            office.reopens(coffer),
        )
    assert not stage.works(keeper, heir.hires(thief))
    assert not stage.works(thief, draw)
    theatre.play(*((one, heir.draws(coffer, one, ETHER)) for one in operators))
    tally.append(
        Row(
            attack=f"6: a stolen role, {stolen} (OpenZeppelin AccessManager)",
            alert_ms=times[0]["alert"],
            brake_ms=times[0]["brake"],
            taken=1,
            possible=7,
            unit="shares",
            brake="the coffer is paused"
            if stolen == "admin"
            else "one target of the manager is closed",
            goes_on="the other coffer",
            refused=asked.count(False),
            tried=len(asked),
            released_by="the council's Safe, which put another manager in its place"
            if stolen == "admin"
            else "the council's Safe, which took the role back",
        )
    )
