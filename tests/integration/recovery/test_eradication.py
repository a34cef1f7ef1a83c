"""What a stolen key can still do is found, and ended by a proposal."""

import re
from typing import Any, NamedTuple

import pytest
from eth_utils.crypto import keccak

from sandbox.evm import ETHER, Account, Call, Contract
from sandbox.safe import NOBODY
from tests.integration.recovery.village import OPENZEPPELIN, Village

pytestmark = [pytest.mark.node, pytest.mark.kafka]

EXECUTOR = keccak(text="EXECUTOR_ROLE")
CANCELLER = keccak(text="CANCELLER_ROLE")
PROPOSER = keccak(text="PROPOSER_ROLE")
FOREVER = 2**256 - 1


class Theft(NamedTuple):
    """What there is, and what was queued with the stolen key."""

    timelock: Contract
    manager: Contract
    listed: Contract
    foreign: Contract
    queued: tuple[Any, ...]
    operation: bytes


def stolen_key(village: Village) -> Theft:
    """Give the guardian's key powers of every kind, and let the thief use it."""
    village.guard_by_safe()
    make, safe, granary = village.deployer, village.safe, village.granary
    stolen, owners = village.guardian, village.people[:3]
    make_timelock = (60, [stolen.address], [NOBODY], safe.address)
    timelock = make.create_packaged(OPENZEPPELIN, "TimelockController", *make_timelock)
    manager = make.create_packaged(OPENZEPPELIN, "AccessManager", safe.address)
    listed = make.create("BlockListLike", safe.address, 1_000 * ETHER)
    foreign = make.create("BlockListLike", make.account.address, 1_000 * ETHER)
    make.settle()
    nonce = village.chain.read(safe, "nonce")[0]
    powers = [
        timelock.call("grantRole", CANCELLER, safe.address),
        timelock.call("grantRole", EXECUTOR, stolen.address),
        manager.call("grantRole", 7, stolen.address, 0),
        manager.call("grantRole", 8, stolen.address, 0),
        manager.call("revokeRole", 8, stolen.address),
        listed.call("approve", stolen.address, FOREVER),
        safe.call("swapOwner", owners[0].address, owners[1].address, stolen.address),
    ]
    village.carry_out_by_safe(powers, nonce)
    village.do(owners[0], listed.call("approve", stolen.address, 5))
    evil = granary.call("setCap", FOREVER)
    queued = (granary.address, 0, evil.data, bytes(32), bytes(32))
    village.do(stolen, timelock.call("schedule", *queued, 3_600))
    (operation,) = village.chain.read(timelock, "hashOperation", *queued)

    return Theft(timelock, manager, listed, foreign, queued, operation)


def carry_out(village: Village, signers: tuple[Account, Account]) -> None:
    rows = village.transactions()
    for one in signers:
        village.said("approve", *(village.sign(row["typed"], one) for row in rows))
    messages = [row["typed"]["message"] for row in rows]
    wanted = [Call(to=one["to"], data=bytes.fromhex(one["data"][2:])) for one in messages]
    village.said("done", *village.carry_out_by_safe(wanted, messages[0]["nonce"], signers))


def test_every_power_of_a_stolen_key_is_ended_by_one_proposal(village: Village) -> None:
    theft = stolen_key(village)
    timelock, operation, queued = theft.timelock, theft.operation, theft.queued
    safe, granary, stolen, owners = village.safe, village.granary, village.guardian, village.people
    manifest = next(village.manifests.glob("*.toml"))
    contracts = "".join(
        f'[[contracts]]\naddress = "{one.address}"\nrole = "other"\n' for one in (*theft[:4], safe)
    )
    manifest.write_text(manifest.read_text().replace("[halt]", contracts + "[halt]"))
    arguments = ("--key", stolen.address, "--successor", village.stranger.address)
    result = village.recover("eradicate", *arguments)
    assert result.exit_code == 1, "an owner's own allowance and a foreign block-list are left"
    lines = result.output.splitlines()
    calls = [line.strip() for line in lines if line.startswith("  {")]
    ends = sorted(re.findall(r'function = "(\w+)\(', "".join(calls)))
    assert ends == [
        *("approve", "blacklist", "cancel", "revokeRole", "revokeRole", "revokeRole"),
        *("revokeRole", "setGuardian", "swapOwner"),
    ], result.output
    assert f"that {owners[0].address} has: only that account can revoke it" in result.output
    assert f"{safe.address} cannot" in result.output
    assert operation.hex() in result.output

    fixed = village.plan.read_text()
    start, end = fixed.index("calls = ["), fixed.index("[[fix.upgrades]]")
    village.plan.write_text(f"{fixed[:start]}calls = [\n{chr(10).join(calls)}\n]\n{fixed[end:]}")
    village.said("open", "--evidence", "T2")
    village.said("cause", "the guardian's key was stolen")
    shown = village.said("propose")
    assert f"setGuardian({village.stranger.address})" in shown
    assert f"cancel(0x{operation.hex()})" in shown

    carry_out(village, (owners[0], owners[2]))
    left = village.recover("eradicate", *arguments).output
    assert "  {" not in left, left
    assert village.chain.read(granary, "guardian")[0] == village.stranger.address
    assert not village.works(stolen, granary.call("pause"))
    assert village.chain.read(timelock, "isOperationPending", operation)[0] is False
    assert not village.works(stolen, timelock.call("schedule", *queued[:-1], b"\1" * 32, 3_600))
    assert village.chain.read(safe, "isOwner", stolen.address)[0] is False
    assert village.chain.read(theft.listed, "allowance", safe.address, stolen.address)[0] == 0
