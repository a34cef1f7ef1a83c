"""What the gate must do, on a real node, owned by a real Safe."""

from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.evm import Call
from sandbox.world import PAUSE

if TYPE_CHECKING:
    from tests.integration.contracts.conftest import Bench

pytestmark = pytest.mark.node

DAY = 86_400
TTL = 21_600


def logs_of(receipt: Any, signature: str) -> list[Any]:
    topic = "0x" + keccak(text=signature).hex()
    return [log for log in receipt["logs"] if log["topics"][0] == topic]


def test_a_brake_pauses_the_pool_through_the_gate(bench: "Bench") -> None:
    pool, user = bench.world.pool, bench.world.users[1]
    assert bench.reason(user.address, pool.call("withdraw", 0)) == ""

    bench.brakes(bench.braking(1))

    assert bench.is_paused()
    enforced_pause = keccak(text="EnforcedPause()")[:4].hex()
    assert bench.reason(user.address, pool.call("withdraw", 0)) == enforced_pause


def test_a_brake_says_what_it_did(bench: "Bench") -> None:
    receipt = bench.brakes(bench.braking(0xABC, epoch=7))

    (log,) = logs_of(receipt, "Braked(bytes32,address,address,bytes4,uint64)")
    assert log["address"] == bench.gate.address
    assert log["topics"][1] == f"0x{0xABC:064x}"
    assert log["topics"][2][-40:] == bench.world.pool.address[2:]
    assert log["topics"][3][-40:] == bench.responder.address[2:]
    assert log["data"] == PAUSE + "00" * 28 + f"{7:064x}"
    assert bench.get("used", (0xABC).to_bytes(32))


def test_a_higher_epoch_raises_the_latest(bench: "Bench") -> None:
    vault = bench.world.vault.address
    bench.brakes(bench.braking(1, epoch=3))
    assert bench.get("latestEpoch") == 3

    bench.brakes(bench.braking(2, epoch=3, target=vault))

    assert bench.get("latestEpoch") == 3


def test_one_action_may_brake_with_arguments(bench: "Bench") -> None:
    dollar = bench.world.tokens.dollar
    data = bench.allow(dollar, "approve", bench.stranger.address, 5)

    bench.brakes(bench.braking(1, target=dollar.address, data=data))

    allowance = bench.chain.read(dollar, "allowance", bench.gate.address, bench.stranger.address)
    assert allowance == (5,)


def test_the_budget_returns_after_the_window(bench: "Bench") -> None:
    target = bench.create("HostileTarget")
    data = bench.allow(target, "pause")
    bench.set("setTtl", 30 * DAY)
    bench.set("arm")
    bench.set("setBudget", 1, 3600)
    bench.brakes(bench.braking(1, target=target.address, data=data))
    again = bench.braking(2, target=target.address, data=data)

    bench.chain.mine(3600 - 13)
    assert bench.brake_refused(again) == "BudgetSpent"

    bench.chain.mine(1)
    bench.brakes(again)


def test_a_heartbeat_renews_the_authority_by_one_ttl(bench: "Bench") -> None:
    before = bench.get("authorityUntil")
    bench.chain.mine(TTL // 2)

    receipt = bench.act(bench.heartbeat, bench.gate.call("heartbeat"))

    now = bench.chain.timestamp(receipt["blockNumber"])
    assert bench.get("authorityUntil") == now + TTL > before
    assert len(logs_of(receipt, "AuthorityRenewed(address,uint64)")) == 1


def test_the_safe_arms_a_lapsed_gate_again(bench: "Bench") -> None:
    bench.chain.mine(TTL)
    assert bench.brake_refused(bench.braking(1)) == "AuthorityLapsed"

    bench.set("arm")

    bench.brakes(bench.braking(1))


def test_the_safe_arms_a_killed_gate_again(bench: "Bench") -> None:
    bench.set("kill")
    bench.set("arm")

    bench.brakes(bench.braking(1))


def test_the_safe_undoes_an_epoch_that_went_too_far(bench: "Bench") -> None:
    bench.brakes(bench.braking(1, epoch=2**64 - 1))
    assert bench.brake_refused(bench.braking(2, target=bench.world.vault.address)) == "StaleEpoch"

    bench.set("setEpoch", 4)

    bench.brakes(bench.braking(2, epoch=4, target=bench.world.vault.address))


def test_a_new_gate_can_do_nothing(bench: "Bench") -> None:
    gate = bench.create("BrakeGate", bench.world.safe.address)

    for name in ("authorityUntil", "ttl", "budget", "window", "latestEpoch"):
        assert bench.chain.read(gate, name) == (0,)
    assert bench.chain.read(gate, "isResponder", bench.responder.address) == (False,)
    assert bench.chain.read(gate, "owner") == (bench.world.safe.address,)


def test_ownership_is_handed_over_in_two_steps(bench: "Bench") -> None:
    successor = bench.world.accounts["owner-3"]
    bench.set("transferOwnership", successor.address)
    assert bench.get("owner") == bench.world.safe.address
    assert bench.reason(successor.address, bench.gate.call("kill")) == "OwnableUnauthorizedAccount"

    assert bench.act(successor, bench.gate.call("acceptOwnership"))["status"] == "0x1"

    assert bench.get("owner") == successor.address
    assert bench.act(successor, bench.gate.call("kill"))["status"] == "0x1"
    safe = bench.world.safe.address
    assert bench.reason(safe, bench.gate.call("arm")) == "OwnableUnauthorizedAccount"


@settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    budget=st.integers(0, 3),
    waits=st.lists(st.integers(1, 60), min_size=4, max_size=10),
)
def test_no_window_ever_holds_more_brakes_than_the_budget(
    bench: "Bench", budget: int, waits: list[int]
) -> None:
    snapshot = bench.node.rpc("evm_snapshot")
    window, braked = 100, list[int]()
    target = bench.create("HostileTarget")
    data = bench.allow(target, "pause")
    bench.set("setBudget", budget, window)
    for action, wait in enumerate(waits):
        call = bench.braking(action, target=target.address, data=data)
        transaction = bench.chain.send(bench.responder, call)
        bench.chain.mine(wait)
        receipt = bench.chain.receipt(transaction)
        now = bench.chain.timestamp(receipt["blockNumber"])
        allowed = sum(now - time < window for time in braked) < budget
        assert receipt["status"] == ("0x1" if allowed else "0x0")
        braked += [now] if allowed else []
    bench.node.rpc("evm_revert", snapshot)
    bench.chain = type(bench.chain)(bench.node)


def test_a_brake_is_cheap(bench: "Bench") -> None:
    call = bench.braking(1)
    assert int(bench.brakes(Call(to=call.to, data=call.data, gas=200_000))["gasUsed"], 16) < 150_000
