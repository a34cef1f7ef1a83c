"""Sets up the sandbox's world: real contracts from their packages, ours, and people with means."""

from sandbox.deployer import Deployer, Packages
from sandbox.endow import endow, fund, wealth
from sandbox.evm import ETHER, FOREVER, Account, Chain, Contract, Node
from sandbox.safe import NOBODY, approved
from sandbox.world import BORROW_LIMIT, DOLLAR, PAUSE, WITHDRAWAL_LIMIT, Pairs, Tokens, World

ROLES = (
    "deployer",
    "owner-1",
    "owner-2",
    "owner-3",
    "responder",
    "heartbeat",
    "attacker",
    "arbitrageur",
    "liquidator",
)
ALLOWED, FORBIDDEN = True, False
"""What the gate's setters take last."""

_V2_CORE = "@uniswap/v2-core", "build"
_V2_PERIPHERY = "@uniswap/v2-periphery", "build"
_WETH = "canonical-weth", "build/contracts"
_SAFE = "@safe-global/safe-contracts", "build/artifacts/contracts"


def deploy(node: Node, packages: Packages) -> World:
    """Set up everything on a fresh chain, in block time of our own choosing; return what is there.

    Raises `UnsafeToContinueError` when any transaction of it fails.
    """
    accounts = {name: Account.named(name) for name in ROLES}
    shares = wealth()
    users = tuple(Account.named(f"user-{number}") for number in range(len(shares)))
    fund(node, accounts.values(), users, shares)

    deployer = Deployer(Chain(node), accounts["deployer"], packages)
    tokens, router, pairs = _market(deployer)
    pool = deployer.create(
        "LendingPool",
        tokens.dollar.address,
        tokens.clover.address,
        pairs.thin.address,
        BORROW_LIMIT,
        deployer.account.address,
    )
    vault = deployer.create("Vault", WITHDRAWAL_LIMIT, deployer.account.address)
    disperse = deployer.create("Disperse")
    lens = deployer.create("Lens")
    safe = _safe(deployer, [accounts[f"owner-{number}"] for number in (1, 2, 3)])
    gate = deployer.create("BrakeGate", safe.address)
    deployer.settle()
    world = World(
        chain_id=deployer.chain.id,
        accounts=accounts,
        users=users,
        tokens=tokens,
        pairs=pairs,
        router=router,
        pool=pool,
        vault=vault,
        safe=safe,
        gate=gate,
        disperse=disperse,
        lens=lens,
    )
    _hand_to_gate(deployer, world)
    _configure_gate(deployer, world)
    endow(deployer, world, shares)
    deployer.settle()
    return world


def _market(deployer: Deployer) -> tuple[Tokens, Contract, Pairs]:
    """Create tokens, the exchange and its pairs; a WETH is worth 2,000 dollars, a clover 1."""
    me = deployer.account.address
    factory = deployer.create_packaged(_V2_CORE, "UniswapV2Factory", me)
    weth = deployer.create_packaged(_WETH, "WETH9")
    tokens = Tokens(
        weth=weth,
        dollar=deployer.create("ToyERC20", "Acre Dollar", "AUSD", 6, 100_000_000 * DOLLAR),
        clover=deployer.create("ToyERC20", "Clover", "CLV", 18, 20_000_000 * ETHER),
        barley=deployer.create("ToyERC20", "Barley", "BRL", 18, 40_000_000 * ETHER),
    )
    router = deployer.create_packaged(
        _V2_PERIPHERY, "UniswapV2Router02", factory.address, weth.address
    )
    deployer.send([weth.call("deposit", value=100_000 * ETHER)])
    deployer.send(token.call("approve", router.address, FOREVER) for token in tokens)
    sides = {
        "deep": (weth, 10_000 * ETHER, tokens.dollar, 20_000_000 * DOLLAR),
        "cross": (tokens.clover, 4_000_000 * ETHER, weth, 2_000 * ETHER),
        "side": (tokens.barley, 8_000_000 * ETHER, weth, 1_000 * ETHER),
        "thin": (tokens.clover, 400_000 * ETHER, tokens.dollar, 400_000 * DOLLAR),
    }
    for a, amount_a, b, amount_b in sides.values():
        amounts = amount_a, amount_b, amount_a, amount_b
        call = router.call(
            "addLiquidity", a.address, b.address, *amounts, me, FOREVER, gas=4_000_000
        )
        deployer.send([call])
    deployer.settle()
    interface = deployer.packaged(_V2_CORE, "UniswapV2Pair")
    pairs = {
        name: Contract(deployer.chain.read(factory, "getPair", a.address, b.address)[0], interface)
        for name, (a, _, b, _) in sides.items()
    }
    return tokens, router, Pairs(**pairs)


def _safe(deployer: Deployer, owners: list[Account]) -> Contract:
    """Create a Safe that any two of its owners may act for."""
    singleton = deployer.create_packaged(_SAFE, "Safe.sol/Safe")
    factory = deployer.create_packaged(_SAFE, "proxies/SafeProxyFactory.sol/SafeProxyFactory")
    fallback = deployer.create_packaged(
        _SAFE, "handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler"
    )
    deployer.settle()
    setup = singleton.interface.encode(
        "setup",
        [owner.address for owner in owners],
        2,
        NOBODY,
        b"",
        fallback.address,
        NOBODY,
        0,
        NOBODY,
    )
    creation = "createProxyWithNonce", singleton.address, setup, 0
    address = deployer.chain.read(factory, *creation)[0]
    deployer.send([factory.call(*creation)])
    return Contract(address, singleton.interface)


def _hand_to_gate(deployer: Deployer, world: World) -> None:
    """Let the gate pause both protocols, and the Safe alone resume them and give out roles."""
    me = deployer.account.address
    for protocol in (world.pool, world.vault):
        roles = {
            name: deployer.chain.read(protocol, name)[0]
            for name in ("PAUSER_ROLE", "UNPAUSER_ROLE", "DEFAULT_ADMIN_ROLE")
        }
        safe, gate = world.safe.address, world.gate.address
        deployer.send(
            [
                protocol.call("grantRole", roles["PAUSER_ROLE"], gate),
                protocol.call("grantRole", roles["UNPAUSER_ROLE"], safe),
                protocol.call("grantRole", roles["DEFAULT_ADMIN_ROLE"], safe),
                protocol.call("renounceRole", roles["UNPAUSER_ROLE"], me),
                protocol.call("renounceRole", roles["DEFAULT_ADMIN_ROLE"], me),
            ]
        )


def _configure_gate(deployer: Deployer, world: World) -> None:
    """Let two owners of the Safe decide what the gate may do."""
    owners = world.accounts["owner-1"], world.accounts["owner-2"]
    pause = bytes.fromhex(PAUSE[2:])
    decisions = [
        world.gate.call("setResponder", world.accounts["responder"].address, ALLOWED),
        world.gate.call("setHeartbeat", world.accounts["heartbeat"].address, ALLOWED),
        world.gate.call("setBrake", world.pool.address, pause, ALLOWED),
        world.gate.call("setBrake", world.vault.address, pause, ALLOWED),
        world.gate.call("setBudget", 2, 86_400),
        world.gate.call("setTtl", 21_600),
        world.gate.call("arm"),
    ]
    deployer.send(
        approved(world.safe, owners, call, nonce, world.chain_id)
        for nonce, call in enumerate(decisions)
    )
