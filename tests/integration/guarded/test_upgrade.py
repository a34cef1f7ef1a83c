"""The code behind a proxy becomes a thief's; what it draws from stands apart, and is braked."""

import pytest

from runtime.settings import ACTS
from sandbox.evm import ETHER, Account, Call, Contract, created_by
from schemas.manifest import Brake
from tests.integration.detectors.theatre import NIGHT, OPENZEPPELIN, Act
from tests.integration.guarded.coffers import DRAWER, Council
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.tally import Row, Tally

pytestmark = pytest.mark.node

RELEASER = 5
"""The manager's role that may replace code."""
SHARE = 125_000 * ETHER


class Desk:
    """A desk behind OpenZeppelin's transparent proxy; its admin obeys an AccessManager."""

    def __init__(self, guarded: Guarded, council: Council, code: Contract, clerk: Account) -> None:
        make = guarded.stage.deployer
        self._manager = make.create_packaged(OPENZEPPELIN, "AccessManager", council.safe.address)
        self.coffer = council.coffer(8 * SHARE, guarded.gate)
        setup = code.call("setUp", clerk.address, self.coffer.address).data
        name = "TransparentUpgradeableProxy"
        proxy = make.create_packaged(OPENZEPPELIN, name, code.address, self._manager.address, setup)
        make.settle()
        self._admin = Contract(
            created_by(proxy.address, 1), make.packaged(OPENZEPPELIN, "ProxyAdmin")
        )
        self.proxy, self._money = Contract(proxy.address, code.interface), council.money
        upgrade = self._admin.interface.encode("upgradeAndCall", proxy.address, code.address, b"")
        council.decide(
            self.coffer.call("grantRole", DRAWER, proxy.address),
            self._manager.call(
                "setTargetFunctionRole", self._admin.address, [upgrade[:4]], RELEASER
            ),
            self._manager.call("grantRole", RELEASER, clerk.address, 0),
            self._manager.call("grantRole", RELEASER, council.safe.address, 0),
        )

    def becomes(self, code: Contract, then: bytes = b"") -> Call:
        """Return the call that replaces the code, as the manager lets its releasers make it."""
        inner = self._admin.call("upgradeAndCall", self.proxy.address, code.address, then)
        return self._manager.call("execute", self._admin.address, inner.data)

    def no_longer(self, clerk: Account) -> Call:
        return self._manager.call("revokeRole", RELEASER, clerk.address)

    def pays(self, to: Account, amount: int) -> Call:
        return self.proxy.call("pay", self._money.address, to.address, amount)


def test_new_code_that_pays_anybody_finds_the_coffer_shut(guarded: Guarded, tally: Tally) -> None:
    """Class 7 of the attacks: a releaser's key is stolen, and the code replaced at night."""
    stage, theatre, council = guarded.stage, guarded.theatre, Council(guarded)
    keeper, thief, people = theatre.keeper, theatre.thief, theatre.people(10)
    code = [stage.deployer.create("PayDesk") for _ in range(8)]
    open_code = stage.deployer.create("OpenPayDesk")
    stage.deployer.settle()
    desk, other = (Desk(guarded, council, code[0], keeper) for _ in range(2))
    brake = Brake(name="shut-coffer", adapter="pausable", target=desk.coffer.address)
    roles = {"treasury": [desk.proxy, other.proxy], "vault": [desk.coffer, other.coffer]}
    manifest = theatre.watch(roles, ACTS, (guarded.through_gate(brake),))
    payments: list[list[Act]] = [[(keeper, desk.pays(people[0], ETHER))] * 5] * 4
    for released in code[1:7]:
        if theatre.days([[(keeper, desk.becomes(released))], *payments]):
            theatre.later()
    assert theatre.days([[(keeper, desk.becomes(code[7]))]]) == [], "a release is a habit"

    stage.do(stage.people, guarded.gate.call("arm"))  # as heartbeats would have kept it
    guarded.arm(manifest)
    pays = [(keeper, desk.pays(one, ETHER)) for one in people[1:]]
    guarded.strike((keeper, desk.becomes(code[6])), *pays)
    guarded.strike((keeper, desk.becomes(code[7])))
    stage.hands.mine(seconds=NIGHT)
    guarded.strike(*pays)
    assert "included" not in guarded.states(), "code put back by day, and payments at night"
    before = council.held(desk.coffer.address)
    first = desk.becomes(open_code, desk.pays(thief, SHARE).data)
    times = guarded.strike((keeper, first))
    for _ in range(6):
        guarded.strike((thief, desk.pays(thief, SHARE)))
    assert times, "the new code was not seen"
    assert guarded.states().count("included") == 1
    assert before - council.held(desk.coffer.address) == SHARE, "what came with the code is lost"

    asked = [
        stage.works(keeper, one.pays(somebody, ETHER))
        for one in (desk, other)
        for somebody in people
    ]
    assert asked.count(True) == len(people), "the other desk pays"
    assert not stage.works(keeper, desk.coffer.call("unpause")), "the stolen key cannot reopen"
    council.decide(
        desk.no_longer(keeper), other.no_longer(keeper), desk.becomes(code[7]),
        desk.coffer.call("unpause"),
    )  # fmt: skip
    assert not stage.works(keeper, desk.becomes(open_code))
    assert not stage.works(thief, desk.pays(thief, SHARE))
    theatre.play((keeper, desk.pays(people[1], ETHER)))
    tally.append(
        Row(
            attack="7: code replaced with a stolen key (OpenZeppelin transparent proxy)",
            alert_ms=times["alert"],
            brake_ms=times["brake"],
            taken=1,
            possible=7,
            unit="shares",
            brake="the coffer that it draws from is paused",
            goes_on="the other desk and its coffer",
            refused=asked.count(False),
            tried=len(asked),
            released_by="the council's Safe, which put the code back",
        )
    )
