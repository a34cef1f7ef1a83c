"""A vault robbed of coin by re-entrancy: what no log tells, call trees do."""

import pytest

from sandbox.demo.verdict import lost_in
from sandbox.evm import ETHER
from schemas.units import NATIVE
from tests.integration.cases.conftest import Collected
from tests.integration.cases.test_robbery import node_of, stays

pytestmark = pytest.mark.node


def test_the_loss_is_what_the_vault_paid_beyond_what_it_got(drained: Collected) -> None:
    heist = drained.heist
    (loss,) = drained.analysis.losses
    lost = [lost_in(heist.node, heist.attack, tx) or 0 for tx in heist.thefts]
    assert (loss.token, loss.symbol, int(loss.lost)) == (NATIVE, "ETH", sum(lost))
    assert loss.worth == "", "no price is stated for it"


def test_coin_is_followed_through_its_wrapper(drained: Collected) -> None:
    weth = drained.heist.world.tokens.weth.address
    bridge, runner = node_of(drained, "bridge"), node_of(drained, "runner")
    assert bridge.kind == "bridge"
    assert stays(bridge) == {weth: 80 * ETHER}
    tokens = {token.token: token for token in drained.analysis.flow.tokens}
    stolen, wrapped = int(tokens[NATIVE].stolen), int(tokens[weth].received)
    assert 0 < stolen - wrapped <= 4 * ETHER, "what the thief and the runner kept for fees"
    assert stays(runner)[weth] == wrapped - 85 * ETHER
    assert int(tokens[weth].exchanged) == int(tokens[NATIVE].received) == 5 * ETHER
    assert drained.analysis.unexplained == ()


def test_re_entrancy_is_hinted_at_and_no_loan_is(drained: Collected) -> None:
    told = [cause.what for cause in drained.analysis.causes]
    assert any("re-entrancy" in what for what in told)
    assert not any("borrowed" in what for what in told)


def test_who_made_the_contract_is_known(drained: Collected) -> None:
    heist = drained.heist
    members = {m.address: m for m in drained.analysis.members if m.standing == "member"}
    assert set(members) == {heist.world.accounts["attacker"].address, heist.attack.contract.address}
