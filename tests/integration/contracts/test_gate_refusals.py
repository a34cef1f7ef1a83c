"""Every way in which the gate must refuse, on a real node, owned by a real Safe."""

from typing import TYPE_CHECKING

import pytest
from eth_utils.crypto import keccak

from sandbox.deploy import ALLOWED, FORBIDDEN
from sandbox.evm import Account, Call
from sandbox.node import RpcError
from sandbox.world import PAUSE

if TYPE_CHECKING:
    from tests.integration.contracts.conftest import Bench

pytestmark = pytest.mark.node

ALREADY_PAUSED = keccak(text="EnforcedPause()")[:4].hex()
NOT_TODAY = (keccak(text="NotToday(uint256)")[:4] + (7).to_bytes(32)).hex()
PAUSE_DATA = bytes.fromhex(PAUSE[2:])
TTL = 21_600


@pytest.mark.parametrize("who", ["heartbeat", "owner-1", "deployer", "attacker"])
def test_only_responders_brake(bench: "Bench", who: str) -> None:
    account = bench.world.accounts[who]
    assert bench.brake_refused(bench.braking(1), account) == "NotResponder"
    assert not bench.is_paused()


def test_a_removed_responder_brakes_no_more(bench: "Bench") -> None:
    bench.set("setResponder", bench.responder.address, FORBIDDEN)
    assert bench.brake_refused(bench.braking(1)) == "NotResponder"


def test_the_safe_itself_does_not_brake_through_the_gate(bench: "Bench") -> None:
    assert bench.reason(bench.world.safe.address, bench.braking(1)) == "NotResponder"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(bytes.fromhex("3f4ba83a"), id="unpause"),
        pytest.param(b"", id="no calldata"),
        pytest.param(PAUSE_DATA[:3], id="cut selector"),
        pytest.param(PAUSE_DATA + b"\0", id="trailing zero"),
        pytest.param(PAUSE_DATA + b"\0" * 32, id="trailing word"),
    ],
)
def test_an_unknown_call_is_refused(bench: "Bench", data: bytes) -> None:
    assert bench.brake_refused(bench.braking(1, data=data)) == "UnknownBrake"


def test_a_known_call_of_another_target_is_refused(bench: "Bench") -> None:
    target = bench.create("HostileTarget")
    assert bench.brake_refused(bench.braking(1, target=target.address)) == "UnknownBrake"


def test_each_byte_of_the_calldata_counts(bench: "Bench") -> None:
    dollar = bench.world.tokens.dollar
    data = bench.allow(dollar, "approve", bench.stranger.address, 5)
    for index in range(len(data)):
        changed = data[:index] + bytes([data[index] ^ 1]) + data[index + 1 :]
        call = bench.braking(1, target=dollar.address, data=changed)
        assert bench.judged(call) == "UnknownBrake"
        assert bench.reason(bench.responder.address, call) == "UnknownBrake"
    assert bench.judged(bench.braking(1, target=dollar.address, data=data)) == ""


def test_a_removed_brake_is_refused(bench: "Bench") -> None:
    bench.set("setBrake", bench.world.pool.address, PAUSE_DATA, FORBIDDEN)
    assert bench.brake_refused(bench.braking(1)) == "UnknownBrake"


def test_an_action_works_once(bench: "Bench") -> None:
    bench.brakes(bench.braking(1))
    other_target = bench.braking(1, epoch=9, target=bench.world.vault.address)
    assert bench.brake_refused(bench.braking(1)) == "ActionUsed"
    assert bench.brake_refused(other_target) == "ActionUsed"


def test_a_stale_epoch_is_refused(bench: "Bench") -> None:
    bench.brakes(bench.braking(1, epoch=5))
    stale = bench.braking(2, epoch=4, target=bench.world.vault.address)
    assert bench.brake_refused(stale) == "StaleEpoch"
    assert bench.get("latestEpoch") == 5


def test_the_safe_can_fence_off_all_epochs_of_today(bench: "Bench") -> None:
    bench.set("setEpoch", 10)
    assert bench.brake_refused(bench.braking(1, epoch=9)) == "StaleEpoch"


def test_brakes_beyond_the_budget_are_refused(bench: "Bench") -> None:
    target = bench.create("HostileTarget")
    data = bench.allow(target, "pause")
    for action in (1, 2):
        bench.brakes(bench.braking(action, target=target.address, data=data))
    third = bench.braking(3, target=target.address, data=data)
    assert bench.brake_refused(third) == "BudgetSpent"
    assert bench.chain.read(target, "pauses") == (2,)


def test_a_smaller_budget_counts_past_brakes_at_once(bench: "Bench") -> None:
    bench.brakes(bench.braking(1))
    bench.set("setBudget", 1, 86_400)
    vault = bench.braking(2, target=bench.world.vault.address)
    assert bench.brake_refused(vault) == "BudgetSpent"


def test_no_budget_allows_nothing(bench: "Bench") -> None:
    bench.set("setBudget", 0, 1)
    assert bench.brake_refused(bench.braking(1)) == "BudgetSpent"


def test_authority_ends_without_a_heartbeat(bench: "Bench") -> None:
    until = bench.get("authorityUntil")
    now = bench.chain.timestamp()
    transaction = bench.chain.send(bench.responder, bench.braking(1))
    bench.chain.mine(until - now)
    assert bench.chain.receipt(transaction)["status"] == "0x0"
    assert bench.brake_refused(bench.braking(1)) == "AuthorityLapsed"


def test_a_heartbeat_after_the_lapse_comes_too_late(bench: "Bench") -> None:
    bench.chain.mine(TTL)
    assert bench.refused(bench.heartbeat, bench.gate.call("heartbeat")) == "AuthorityLapsed"
    assert bench.brake_refused(bench.braking(1)) == "AuthorityLapsed"


@pytest.mark.parametrize("who", ["responder", "owner-1", "attacker"])
def test_only_heartbeat_accounts_renew(bench: "Bench", who: str) -> None:
    before = bench.get("authorityUntil")
    refusal = bench.refused(bench.world.accounts[who], bench.gate.call("heartbeat"))
    assert refusal == "NotHeartbeat"
    assert bench.get("authorityUntil") == before


def test_a_removed_heartbeat_account_renews_no_more(bench: "Bench") -> None:
    bench.set("setHeartbeat", bench.heartbeat.address, FORBIDDEN)
    assert bench.refused(bench.heartbeat, bench.gate.call("heartbeat")) == "NotHeartbeat"


def test_a_killed_gate_neither_brakes_nor_renews(bench: "Bench") -> None:
    bench.set("kill")
    assert bench.brake_refused(bench.braking(1)) == "Disarmed"
    assert bench.refused(bench.heartbeat, bench.gate.call("heartbeat")) == "Disarmed"


def test_the_gate_takes_no_ether(bench: "Bench") -> None:
    call = bench.braking(1)
    for data in ("0x", "0x" + call.data.hex()):
        question = {
            "from": bench.responder.address,
            "to": bench.gate.address,
            "data": data,
            "value": "0x1",
        }
        with pytest.raises(RpcError):
            bench.node.rpc("eth_call", question, "latest")


def unspent(bench: "Bench", action: int, account: Account | None = None) -> bool:
    """Say whether the gate would still carry out this action, in the oldest epoch."""
    assert not bench.get("used", action.to_bytes(32))
    return bench.judged(bench.braking(action), account) == ""


def test_already_paused_is_told_apart_and_spends_nothing(bench: "Bench") -> None:
    bench.set("setBudget", 2, 86_400)
    bench.brakes(bench.braking(1))
    again = bench.braking(2, epoch=8)

    assert bench.judged(again) == ""
    assert bench.refused(bench.responder, again) == ALREADY_PAUSED

    assert unspent(bench, 2)
    assert bench.get("latestEpoch") == 0


@pytest.mark.parametrize(
    ("name", "reason"), [("refuse", NOT_TODAY), ("refuseInSilence", "FailedCall")]
)
def test_a_target_that_reverts_spends_nothing(bench: "Bench", name: str, reason: str) -> None:
    bench.set("setBudget", 1, 86_400)
    target = bench.create("HostileTarget")
    data = bench.allow(target, name)

    call = bench.braking(1, epoch=8, target=target.address, data=data)
    assert bench.refused(bench.responder, call) == reason

    assert unspent(bench, 1)
    assert bench.get("latestEpoch") == 0


def reentering(bench: "Bench", inner: Call) -> Call:
    """Allow-list a target that calls the gate back, and return the call that brakes it."""
    target = bench.create("HostileTarget")
    data = bench.allow(target, "pause")
    bench.act(bench.stranger, target.call("setCall", bench.gate.address, inner.data))
    bench.set("setResponder", target.address, ALLOWED)
    return bench.braking(1, target=target.address, data=data)


def test_a_reentrant_target_finds_the_action_used(bench: "Bench") -> None:
    outer = reentering(bench, bench.braking(1))

    assert bench.refused(bench.responder, outer) == "ActionUsed"
    assert not bench.is_paused()


def test_a_reentrant_target_finds_the_budget_spent(bench: "Bench") -> None:
    bench.set("setBudget", 1, 86_400)
    outer = reentering(bench, bench.braking(2))

    assert bench.refused(bench.responder, outer) == "BudgetSpent"
    assert not bench.is_paused()


def test_a_reentrant_target_gains_no_rights(bench: "Bench") -> None:
    outer = reentering(bench, bench.gate.call("setBudget", 99, 1))

    assert bench.refused(bench.responder, outer) == "OwnableUnauthorizedAccount"
    assert bench.get("budget") == 2
