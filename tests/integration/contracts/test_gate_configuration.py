"""Who may set what on the gate, and to what, on a real node, owned by a real Safe."""

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.deploy import ALLOWED
from sandbox.safe import approved
from sandbox.world import PAUSE

if TYPE_CHECKING:
    from tests.integration.contracts.conftest import Bench

pytestmark = pytest.mark.node

PAUSE_DATA = bytes.fromhex(PAUSE[2:])


CONFIGURATION: dict[str, tuple[Any, ...]] = {
    "arm": (),
    "kill": (),
    "setResponder": ("0x" + "11" * 20, True),
    "setHeartbeat": ("0x" + "11" * 20, True),
    "setBrake": ("0x" + "11" * 20, PAUSE_DATA, True),
    "setBudget": (9, 1),
    "setTtl": (1,),
    "setEpoch": (1,),
    "transferOwnership": ("0x" + "11" * 20,),
    "acceptOwnership": (),
    "renounceOwnership": (),
}


def test_every_function_that_changes_something_is_covered(bench: "Bench") -> None:
    changing = {
        entry["name"]
        for entry in bench.gate.interface.abi
        if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
    }
    assert changing - CONFIGURATION.keys() == {"brake", "heartbeat"}
    assert all(entry.get("stateMutability") != "payable" for entry in bench.gate.interface.abi)


@pytest.mark.parametrize("name", CONFIGURATION)
@pytest.mark.parametrize("who", ["responder", "heartbeat", "owner-1", "deployer"])
def test_only_the_safe_configures(bench: "Bench", name: str, who: str) -> None:
    call = bench.gate.call(name, *CONFIGURATION[name])
    refusal = bench.refused(bench.world.accounts[who], call)
    assert refusal == "OwnableUnauthorizedAccount"


def test_one_owner_alone_configures_nothing(bench: "Bench") -> None:
    nonce = bench.chain.read(bench.world.safe, "nonce")[0]
    owners = [bench.world.accounts["owner-1"]]
    call = bench.gate.call("kill")
    signed = approved(bench.world.safe, owners, call, nonce, bench.chain.id)
    assert bench.act(owners[0], signed)["status"] == "0x0"
    assert bench.get("authorityUntil") > 0


def by_safe_refused(bench: "Bench", name: str, *arguments: Any) -> str:
    """Return why the gate refuses the Safe; the Safe's own transaction then fails as a whole."""
    call = bench.gate.call(name, *arguments)
    reason = bench.reason(bench.world.safe.address, call)
    assert bench.by_safe(call)["status"] == "0x0"
    return reason


def test_the_gate_and_the_safe_cannot_become_targets(bench: "Bench") -> None:
    for target in (bench.gate, bench.world.safe):
        assert by_safe_refused(bench, "setBrake", target.address, PAUSE_DATA, ALLOWED) == (
            "ForbiddenTarget"
        )


def test_a_target_that_becomes_the_owner_is_refused(bench: "Bench") -> None:
    target = bench.create("HostileTarget")
    data = bench.allow(target, "pause")
    accept = bench.gate.interface.encode("acceptOwnership")
    bench.act(bench.stranger, target.call("setCall", bench.gate.address, accept))
    bench.set("transferOwnership", target.address)
    assert bench.act(bench.stranger, target.call("pause"))["status"] == "0x1"
    assert bench.get("owner") == target.address

    call = bench.braking(1, target=target.address, data=data)
    assert bench.brake_refused(call) == "ForbiddenTarget"


def test_a_target_needs_code(bench: "Bench") -> None:
    nobody = "0x" + "11" * 20
    assert by_safe_refused(bench, "setBrake", nobody, PAUSE_DATA, ALLOWED) == "TargetWithoutCode"

    target = bench.create("HostileTarget")
    data = bench.allow(target, "pause")
    bench.node.rpc("anvil_setCode", target.address, "0x")
    call = bench.braking(1, target=target.address, data=data)
    assert bench.brake_refused(call) == "TargetWithoutCode"


@pytest.mark.parametrize("data", [b"", b"\x84\x56\xcb"])
def test_a_brake_needs_a_selector(bench: "Bench", data: bytes) -> None:
    pool = bench.world.pool.address
    assert by_safe_refused(bench, "setBrake", pool, data, ALLOWED) == "SelectorMissing"


def test_an_account_has_one_role(bench: "Bench") -> None:
    responder, heartbeat = bench.responder.address, bench.heartbeat.address
    assert by_safe_refused(bench, "setHeartbeat", responder, ALLOWED) == "RolesMustDiffer"
    assert by_safe_refused(bench, "setResponder", heartbeat, ALLOWED) == "RolesMustDiffer"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("setTtl", (0,)), ("setTtl", (30 * 86_400 + 1,)), ("setBudget", (1, 0))],
)
def test_a_setting_out_of_range_is_refused(
    bench: "Bench", name: str, arguments: tuple[int, ...]
) -> None:
    assert by_safe_refused(bench, name, *arguments) == "OutOfRange"


def test_a_gate_without_a_ttl_cannot_be_armed(bench: "Bench") -> None:
    gate = bench.create("BrakeGate", bench.world.safe.address)
    assert bench.reason(bench.world.safe.address, gate.call("arm")) == "OutOfRange"


def test_the_gate_cannot_be_left_without_an_owner(bench: "Bench") -> None:
    assert by_safe_refused(bench, "renounceOwnership") == "OwnerRequired"
    assert bench.get("owner") == bench.world.safe.address
