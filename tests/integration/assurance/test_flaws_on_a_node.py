"""Each check on real code: found where the flaw is, not found in the twin that lacks it."""

import pytest
from eth_utils.crypto import keccak

from sandbox.abi import Interface
from sandbox.evm import ETHER, Contract
from schemas.assurance import Assessment
from tests.integration.assurance.ground import Ground, checks, pause
from tests.unit.assurance.assembler import assembled, dispatch

pytestmark = pytest.mark.node

PLAN = "no-brake"
"""What is found of everything that moves assets and has no brake: not what is asked here."""


def alone(ground: Ground, contract: Contract, role: str = "pool") -> Assessment:
    return ground.assessed((contract, role), shelf=ground.named(contract))


@pytest.mark.parametrize(
    ("flawed", "sound", "check"),
    [
        ("OriginOwned", "OriginCompared", "tx-origin"),
        ("Switched", "OriginCompared", "delegates-to-storage"),
    ],
)
def test_operations(ground: Ground, flawed: str, sound: str, check: str) -> None:
    assert checks(alone(ground, ground.create(flawed))) == {check}
    assert checks(alone(ground, ground.create(sound))) == set()


DIE, MAKE = 0x41C0E1B5, 0x11223344
MORTAL = (*dispatch((DIE, "die")), "STOP :die CALLER SELFDESTRUCT")
REBORN = (
    *dispatch((DIE, "die"), (MAKE, "make")),
    "STOP :die CALLER SELFDESTRUCT :make", 0, 0, 0, 0, "CREATE2 POP STOP",
)  # fmt: skip
CARRIES = (*dispatch((DIE, "die")), "STOP :die STOP", assembled(*MORTAL), b"\xff" * 32)


@pytest.mark.parametrize(
    ("code", "found"),
    [(MORTAL, {"self-destruct"}), (REBORN, {"self-destruct", "metamorphic"}), (CARRIES, set())],
    ids=["destroys itself", "and creates", "only carries such code"],
)
def test_code_that_can_end(ground: Ground, code: tuple[str | int, ...], found: set[str]) -> None:
    runtime = assembled(*code)
    creation = bytes.fromhex(f"61{len(runtime):04x}80600a3d393df3") + runtime
    made = ground.deployer.create_compiled(Interface([]), "0x" + creation.hex())
    ground.deployer.settle()
    assert checks(ground.assessed((made, "pool"))) == found


def test_code_that_the_caller_names(ground: Ground) -> None:
    assert checks(alone(ground, ground.create("Relay"))) == {"delegates-to-caller"}
    library = ground.create("OriginCompared")
    assert checks(alone(ground, ground.create("FixedRelay", library.address))) == set()


@pytest.mark.parametrize("way", ["proxied", "bare"])
def test_doors_that_are_open_and_doors_that_are_not(ground: Ground, way: str) -> None:
    bare = {"open-initialiser", "open-function"}
    for name, found in (("OpenVault", bare), ("ClosedVault", set())):
        made = ground.create(name)
        vault = made
        if way == "proxied":
            vault = ground.proxied(made, made.call("initialize", ground.me.address).data)
        behind = {"open-implementation"} if found and way == "proxied" else set()
        assert checks(alone(ground, vault), "proxy-admin") == found | behind, name


def test_a_vault_that_nobody_set_up_and_one_that_somebody_did(ground: Ground) -> None:
    made = ground.create("ClosedVault")
    assert "open-initialiser" in checks(alone(ground, ground.proxied(made)))
    known = ground.proxied(made, made.call("initialize", ground.me.address).data)
    assert checks(alone(ground, known)) == {"proxy-admin"}


@pytest.mark.parametrize("role", ["pool", "oracle"])
def test_prices_that_one_transaction_can_bend(ground: Ground, role: str) -> None:
    token, other = (ground.create("ToyERC20", name, name, 18, ETHER) for name in ("ACR", "B"))
    feed = ground.create("ToyFeed")
    bent = ground.create("BalancePriced", token.address, other.address, ground.me.address)
    assert checks(alone(ground, bent, role)) == {"spot-price"}
    straight = ground.create("FeedPriced", token.address, feed.address)
    assert checks(alone(ground, straight, role)) == set()


def test_a_brake_that_leaves_a_way_out(ground: Ground) -> None:
    store = ground.create("HalfPaused")
    ground.do(store.call("deposit", value=ETHER))
    shelf = ground.named(store)
    found = ground.assessed((store, "vault"), pulls=(pause(store, ground.me.address),), shelf=shelf)
    stances = {one.function: one.stance for one in found.contracts[0].functions}
    assert stances == {
        "withdraw(uint256)": "braked",
        "exit(uint256)": "goes on",
        "sweepAll()": "restricted",
        "deposit()": "goes on",
    }
    gaps = {one.weakness: one for one in found.findings}
    assert {name: one.severity for name, one in gaps.items()} == {
        "unbraked-out": "high",
        "unbraked-in": "low",
    }
    assert "taken in by deposit()" in gaps["unbraked-in"].summary
    gap = gaps["unbraked-out"]
    assert "exit(uint256)" in gap.summary
    assert "withdraw" not in gap.summary


def test_a_brake_that_leaves_none(ground: Ground) -> None:
    vault = ground.create("Vault", ETHER, ground.me.address)
    ground.do(vault.call("grantRole", keccak(text="PAUSER_ROLE"), ground.me.address))
    shelf = ground.named(vault)
    found = ground.assessed((vault, "vault"), pulls=(pause(vault, ground.me.address),), shelf=shelf)
    assert {one.stance for one in found.contracts[0].functions} == {"braked"}
    assert found.findings == ()
    unplanned = ground.assessed((vault, "vault"), shelf=shelf)
    assert checks(unplanned) == {PLAN}


def test_a_brake_that_is_refused_to_who_pulls_it(ground: Ground) -> None:
    vault = ground.create("Vault", ETHER, ground.me.address)
    role, guardian = keccak(text="PAUSER_ROLE"), ground.other.address
    ground.do(vault.call("grantRole", role, guardian))
    shelf, pulls = ground.named(vault), (pause(vault, guardian),)
    held = ground.assessed((vault, "vault"), pulls=pulls, shelf=shelf)
    assert held.findings == ()
    ground.do(vault.call("revokeRole", role, guardian))
    (gap,) = ground.assessed((vault, "vault"), pulls=pulls, shelf=shelf).findings
    assert (gap.weakness, gap.severity, gap.contract) == ("brake-refused", "high", vault.address)
    assert f"refuses it to {guardian}" in gap.summary
    ground.do(
        vault.call("grantRole", role, guardian), vault.call("grantRole", role, ground.me.address)
    )
    ground.do(vault.call("pause"))
    holding = ground.assessed((vault, "vault"), pulls=pulls, shelf=shelf)
    assert holding.findings == (), "one that holds already is not refused to anybody"
    assert "brake pause: it cannot be pulled now" in holding.contracts[0].unseen


def test_without_a_name_for_anything_the_code_alone_is_enough(ground: Ground) -> None:
    store = ground.create("HalfPaused")
    found = ground.assessed((store, "vault"), pulls=(pause(store, ground.me.address),))
    stances = sorted(one.stance for one in found.contracts[0].functions)
    assert stances == ["braked", "goes on", "goes on", "restricted"]


def test_nothing_is_changed_by_looking(ground: Ground) -> None:
    vault = ground.create("OpenVault")
    block = ground.node.rpc("eth_blockNumber")
    before = ground.node.rpc("eth_getStorageAt", vault.address, "0x0", "latest")
    alone(ground, vault)
    assert ground.node.rpc("eth_getStorageAt", vault.address, "0x0", "latest") == before
    assert ground.node.rpc("eth_blockNumber") == block
