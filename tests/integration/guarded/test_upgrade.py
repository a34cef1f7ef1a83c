"""The code behind a proxy becomes a thief's; what it draws from stands apart, and is braked."""

import pytest

from runtime.settings import ACTS
from sandbox.evm import ETHER
from schemas.manifest import Brake
from tests.integration.detectors.theatre import NIGHT, Act
from tests.integration.guarded.coffers import Council
from tests.integration.guarded.desks import SHARE, Desk, ReplaceableDesk, TransparentDesk
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.tally import Row, Tally

pytestmark = pytest.mark.node


@pytest.mark.parametrize(
    "kind", [pytest.param(TransparentDesk, marks=pytest.mark.slow), ReplaceableDesk]
)
def test_new_code_that_pays_anybody_finds_the_coffer_shut(
    guarded: Guarded, tally: Tally, kind: type[Desk]
) -> None:
    """Class 7 of the attacks: a releaser's key is stolen, and the code replaced at night."""
    stage, theatre, council = guarded.stage, guarded.theatre, Council(guarded)
    keeper, thief, people = theatre.keeper, theatre.thief, theatre.people(10)
    code, open_code = kind.codes(guarded, 8)
    stage.deployer.settle()
    desk, other = (kind(guarded, council, code[0], keeper) for _ in range(2))
    brake = Brake(name="shut-coffer", adapter="pausable", target=desk.coffer.address)
    roles = {"treasury": [desk.proxy, other.proxy], "vault": [desk.coffer, other.coffer]}
    manifest = theatre.watch(roles, ACTS, (guarded.through_gate(brake),))
    payments: list[list[Act]] = [[(keeper, desk.pays(people[0], ETHER))] * 5] * 4
    for released in code[1:7]:
        theatre.days([[(keeper, desk.becomes(released))], *payments])
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
    draws = [[(keeper, first)], *[[(thief, desk.pays(thief, SHARE))]] * 6]
    possible = guarded.unguarded(lambda: council.held(thief.address), *draws)
    times, *_ = [guarded.strike(*acts) for acts in draws]
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
    drawn = desk.pays(thief, SHARE)
    desk.mend(code[7])
    council.decide(desk.no_longer(keeper), other.no_longer(keeper), desk.coffer.call("unpause"))
    assert not stage.works(keeper, desk.becomes(open_code))
    assert not stage.works(thief, drawn)
    assert not stage.works(thief, desk.pays(thief, SHARE))
    theatre.play((keeper, desk.pays(people[1], ETHER)))
    tally.append(
        Row(
            attack=f"7: code replaced with a stolen key ({kind.PROXY})",
            alert_ms=times["alert"],
            brake_ms=times["brake"],
            taken=1,
            possible=possible // SHARE,
            unit="shares",
            brake="the coffer that it draws from is paused",
            goes_on="the other desk and its coffer",
            refused=asked.count(False),
            tried=len(asked),
            released_by=f"a Safe, which {kind.MENDED} first",
        )
    )
