"""Contracts known to be sound, as their own packages have them compiled, set up and in use."""

from collections.abc import Callable

from sandbox.evm import ETHER, Contract
from sandbox.safe import NOBODY
from tests.contract.exhibits import aave
from tests.contract.stage import Stage
from tests.integration.assurance.ground import OPENZEPPELIN, ROUTER, SAFE, V2, Ground

DAY = 86_400
Watched = tuple[Contract, str]


def openzeppelin(ground: Ground) -> list[Watched]:
    """A timelock, a governor, votes, a manager, vaults, proxies of each kind."""
    me = ground.me.address
    votes = ground.create("VotesToken", 10**6 * ETHER)
    timelock = ground.packaged(OPENZEPPELIN, "TimelockController", 2 * DAY, [me], [me], NOBODY)
    code = ground.create("ClosedVault")
    beacon = ground.packaged(OPENZEPPELIN, "UpgradeableBeacon", code.address, timelock.address)
    setup = code.call("initialize", timelock.address).data
    clear = ground.packaged(
        OPENZEPPELIN, "TransparentUpgradeableProxy", code.address, timelock.address, setup
    )
    behind = ground.packaged(OPENZEPPELIN, "BeaconProxy", beacon.address, setup)
    return [
        (votes, "token"),
        (timelock, "timelock"),
        (ground.create("Assembly", votes.address, timelock.address), "governor"),
        (ground.packaged(OPENZEPPELIN, "AccessManager", me), "other"),
        (ground.create("ShareVault", votes.address), "vault"),
        (ground.packaged(OPENZEPPELIN, "VestingWallet", me, 0, DAY), "other"),
        (ground.packaged(OPENZEPPELIN, "ERC2771Forwarder", "Forwarder"), "other"),
        (beacon, "other"),
        (ground.proxied(code, setup), "proxy"),
        (Contract(clear.address, code.interface), "proxy"),
        (Contract(behind.address, code.interface), "proxy"),
    ]


def safes(ground: Ground) -> list[Watched]:
    """A Safe of two owners, and what its package has beside it."""

    def create(path: str, name: str) -> Contract:
        return ground.packaged((SAFE, f"build/artifacts/contracts/{path}{name}.sol"), name)

    single = create("", "Safe")
    factory = create("proxies/", "SafeProxyFactory")
    owners = [ground.me.address, ground.other.address]
    setup = single.call("setup", owners, 2, NOBODY, b"", NOBODY, NOBODY, 0, NOBODY).data
    made = factory.call("createProxyWithNonce", single.address, setup, 1)
    asked = {"from": ground.me.address, "to": factory.address, "data": "0x" + made.data.hex()}
    (address,) = factory.interface.decode(
        "createProxyWithNonce", bytes.fromhex(ground.node.rpc("eth_call", asked, "latest")[2:])
    )
    ground.do(made)
    return [
        (Contract(address, single.interface), "safe"),
        (factory, "other"),
        (create("handler/", "CompatibilityFallbackHandler"), "other"),
        (create("libraries/", "MultiSend"), "other"),
        (create("libraries/", "MultiSendCallOnly"), "other"),
        (create("libraries/", "CreateCall"), "other"),
        (create("accessors/", "SimulateTxAccessor"), "other"),
    ]


def uniswap(ground: Ground) -> list[Watched]:
    """Uniswap V2: factory, a pair with liquidity, the router, wrapped ether."""
    me = ground.me.address
    weth = ground.packaged(("canonical-weth", "build/contracts"), "WETH9")
    factory = ground.packaged((V2, "build"), "UniswapV2Factory", me)
    router = ground.packaged((ROUTER, "build"), "UniswapV2Router02", factory.address, weth.address)
    token = ground.create("ToyERC20", "Acre", "ACR", 18, 1_000 * ETHER)
    ground.do(
        token.call("approve", router.address, 1_000 * ETHER),
        router.call(
            "addLiquidityETH", token.address, 500 * ETHER, 0, 0, me, 2**255,
            value=50 * ETHER, gas=4_000_000,
        ),
    )  # fmt: skip
    question = factory.interface.encode("getPair", token.address, weth.address)
    asked = {"to": factory.address, "data": "0x" + question.hex()}
    (pair,) = factory.interface.decode(
        "getPair", bytes.fromhex(ground.node.rpc("eth_call", asked, "latest")[2:])
    )
    interface = ground.deployer.packaged((V2, "build"), "UniswapV2Pair")
    return [
        (weth, "token"), (factory, "other"), (router, "router"), (token, "token"),
        (Contract(pair, interface), "pair"),
    ]  # fmt: skip


def aaves(ground: Ground) -> list[Watched]:
    """Aave V3.0 with one reserve in use."""
    stage = Stage(ground.node, ground.cache)
    try:
        made = aave.deployed(stage)
    finally:
        stage.close()
    return [
        (made.pool, "pool"), (made.configurator, "other"), (made.acl, "other"),
        (made.token, "token"),
    ]  # fmt: skip


ALL: dict[str, Callable[[Ground], list[Watched]]] = {
    "openzeppelin": openzeppelin,
    "safe": safes,
    "uniswap": uniswap,
    "aave": aaves,
}
