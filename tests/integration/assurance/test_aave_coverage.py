"""Which of Aave's brakes stops which of the functions that move assets: real bytecode, on a node.

What cannot be made up is played: a bad debt, a permit, a bridge."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from eth_account.messages import encode_typed_data

from assurance.chain import Trial
from assurance.checks.brakes import Asking, Pull
from assurance.scenes import Scene, read
from sandbox.evm import ETHER, FOREVER, Account, Call, Contract
from schemas.assurance import Assessment
from tests.contract.exhibits import aave
from tests.contract.exhibits.aave import VARIABLE
from tests.contract.stage import Stage
from tests.integration.assurance.ground import Ground

pytestmark = pytest.mark.node

NO = False
PROVIDER, ORACLE = "protocol/configuration/PoolAddressesProvider", "mocks/oracle/PriceOracle"
USER, PEOPLE, HELPER, DEBTOR = (
    Account.named(name) for name in ("user", "people", "helper", "debtor")
)
LATER = 2**40

IN_NEW = {"supply", "deposit", "supplyWithPermit"}
SHOWN = IN_NEW | {
    "repay", "repayWithPermit", "repayWithATokens", "withdraw", "borrow", "liquidationCall",
    "flashLoan", "flashLoanSimple",
}  # fmt: skip
STOPS = {
    "pause-pool": SHOWN,
    "pause": SHOWN,
    "freeze": IN_NEW | {"borrow"},
    "supply-cap": set[str](),  # the calls are of the smallest amount, and there is room for that
    "borrow-cap": {"borrow"},
    "ltv-zero": {"borrow"},
}
"""By brake, as docs/assurance.md has it."""


@dataclass(frozen=True, slots=True)
class Market:
    """Aave, with a debt against another token than is owed."""

    pool: Contract
    configurator: Contract
    acl: Contract
    token: Contract
    security: Contract
    oracle: Contract


def signed_permit(made: Market, chain_id: int) -> tuple[int, bytes, bytes]:
    """Return the user's permit to the pool for all of his tokens (EIP-2612)."""
    fields = ("owner:address", "spender:address", "value:uint256", "nonce:uint256")
    kinds = [field.split(":") for field in (*fields, "deadline:uint256")]
    message = encode_typed_data(
        {"name": "Acre", "version": "1", "chainId": chain_id,
         "verifyingContract": made.token.address},
        {"Permit": [{"name": name, "type": kind} for name, kind in kinds]},
        {"owner": USER.address, "spender": made.pool.address, "value": 1, "nonce": 0,
         "deadline": LATER},
    )  # fmt: skip
    done = USER.signer.sign_message(message)
    return done.v, done.r.to_bytes(32, "big"), done.s.to_bytes(32, "big")


def rows(made: Market, chain_id: int) -> Iterator[tuple[str, list[tuple[Account, Call]]]]:
    """Yield what cannot be made up: each scene's calls with who makes them."""
    pool, asset, user = made.pool, made.token.address, USER.address
    configure = made.configurator.call
    signature = signed_permit(made, chain_id)
    bridge = [
        (PEOPLE, made.acl.call("addBridge", HELPER.address)),
        (PEOPLE, configure("setUnbackedMintCap", asset, 1_000)),
        (HELPER, made.token.call("mint", ETHER)),
        (HELPER, made.token.call("approve", pool.address, FOREVER)),
    ]
    minted = (HELPER, pool.call("mintUnbacked", asset, 10, HELPER.address, 0))
    fallen = made.oracle.call("setAssetPrice", made.security.address, 10**7)
    owed = pool.call("liquidationCall", made.security.address, asset, DEBTOR.address, 1_000, NO)
    yield "bad debt", [(PEOPLE, fallen), *bridge[2:], (HELPER, owed)]
    yield (
        "permit to supply",
        [(USER, pool.call("supplyWithPermit", asset, 1, user, 0, LATER, *signature))],
    )
    yield (
        "permit to repay",
        [(USER, pool.call("repayWithPermit", asset, 1, VARIABLE, user, LATER, *signature))],
    )
    yield "a bridge pays in", [
        *bridge, minted, (HELPER, pool.call("backUnbacked", asset, 10, 0)),
    ]  # fmt: skip
    yield "nothing that is possible", [(HELPER, pool.call("backUnbacked", asset, 10, 0))]


def named(stage: Stage, by: Contract, question: str, path: str) -> Contract:
    """Return the contract that another one names."""
    folder, _, name = path.rpartition("/")
    source = "@aave/core-v3", f"artifacts/contracts/{folder}/{name}.sol"
    return Contract(stage.hands.read(by, question)[0], stage.deployer.packaged(source, name))


def opened(stage: Stage) -> Market:
    """Let somebody borrow against a second token."""
    found = aave.deployed(stage)
    provider = aave.create(
        stage, "protocol/configuration/PoolAddressesProvider", "none", USER.address
    )
    security = aave.create(stage, "mocks/tokens/MintableERC20", "Bushel", "BSH", 18)
    oracle = aave.create(stage, "mocks/oracle/PriceOracle")
    stage.deployer.settle()
    (known,) = stage.hands.read(found.pool, "ADDRESSES_PROVIDER")
    provider = Contract(known, provider.interface)
    (known,) = stage.hands.read(provider, "getPriceOracle")
    oracle = Contract(known, oracle.interface)
    stage.do(PEOPLE, oracle.call("setAssetPrice", security.address, 10**8))
    aave.list_reserve(stage, replace(found, token=security), provider)
    stage.fund(DEBTOR)
    stage.do(
        DEBTOR,
        security.call("mint", 100 * ETHER),
        security.call("approve", found.pool.address, FOREVER),
        found.pool.call("supply", security.address, 100 * ETHER, DEBTOR.address, 0),
        found.pool.call("borrow", found.token.address, 50 * ETHER, VARIABLE, 0, DEBTOR.address),
    )
    return Market(found.pool, found.configurator, found.acl, found.token, security, oracle)


@pytest.fixture(scope="module")
def made(ground: Ground) -> tuple[Market, list[Pull]]:
    """A market in use, and its brakes as a responder would pull them."""
    stage = Stage(ground.node, ground.cache)
    try:
        market = opened(stage)
        pulls = []
        for does in aave.DOES:
            shown = aave.exhibit(stage, PEOPLE.address, does)
            plan = stage.adapter(shown.brake).plan()
            trial = Trial(PEOPLE.address, plan.target, bytes.fromhex(plan.calldata[2:]))
            pulls.append(Pull(does, trial))
        return market, pulls
    finally:
        stage.close()


@pytest.fixture(scope="module")
def scenes(
    ground: Ground, made: tuple[Market, list[Pull]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Scene, ...]:
    """The scenes, by way of their file."""
    text = ""
    for name, calls in rows(made[0], ground.chain.id):
        text += f"[[scenes]]\nname = {json.dumps(name)}\n"
        for who, call in calls:
            text += f'[[scenes.calls]]\nfrom = "{who.address}"\nto = "{call.to}"\n'
            text += f'data = "0x{call.data.hex()}"\n'
    path: Path = tmp_path_factory.mktemp("scenes") / "scenes.toml"
    path.write_text(text)
    return read(path)


@pytest.fixture(scope="module")
def found(ground: Ground, made: tuple[Market, list[Pull]], scenes: tuple[Scene, ...]) -> Assessment:
    market, pulls = made
    return ground.assessed(
        (market.pool, "pool"),
        pulls=pulls,
        shelf=ground.named(market.pool),
        asking=Asking((market.token.address,), (USER.address,), scenes),
    )


def test_what_each_brake_stops(found: Assessment) -> None:
    (pool,) = found.contracts
    stops: dict[str, set[str]] = {name: set() for name in STOPS}
    for way in pool.functions:
        for brake in way.brakes:
            stops[brake].add(way.function.partition("(")[0])
    assert stops == STOPS


def test_every_function_is_shown_one_way_or_the_other(found: Assessment) -> None:
    (pool,) = found.contracts
    stances = {way.function.partition("(")[0]: way.stance for way in pool.functions}
    assert stances.pop("backUnbacked") == "goes on", "a bridge may pay in all the same"
    assert stances.pop("rescueTokens") == "not shown", "the pool's admin alone may"
    assert stances == dict.fromkeys(SHOWN, "braked")


def test_what_goes_on_is_found(found: Assessment) -> None:
    (finding,) = found.findings
    assert (finding.weakness, finding.severity) == ("unbraked-in", "low")
    assert "backUnbacked" in finding.summary


def test_a_scene_that_does_not_play_is_said(found: Assessment) -> None:
    (pool,) = found.contracts
    assert pool.unseen == ("scene nothing that is possible: call 1 does not go through",)
