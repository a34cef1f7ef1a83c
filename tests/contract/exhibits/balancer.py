"""Balancer V2 as its package has it compiled: the vault, its authorizer, a weighted pool in use."""

from dataclasses import dataclass

from eth_abi.abi import encode

from sandbox.evm import ETHER, FOREVER, Call, Contract
from schemas.manifest import Brake
from tests.contract.stage import Exhibit, Stage

_PACKAGE = "@balancer-labs/v2-deployments"
NOBODY = "0x" + "00" * 20
OFF, INTERNAL = False, False
DAY = 86_400
WINDOW, BUFFER = 90 * DAY, 30 * DAY
DOES = ("pause", "recovery-mode", "pause-and-recover", "pause-vault")
_INIT, _EXACT_IN_JOIN, _BPT_IN, _RECOVERY = 0, 1, 1, 255
"""What a join or an exit asks for."""


@dataclass(frozen=True, slots=True)
class Balancer:
    """Its parts that a brake has to do with."""

    vault: Contract
    authorizer: Contract
    pool: Contract
    pool_id: bytes
    tokens: list[str]


def _source(task: str) -> tuple[str, str]:
    return _PACKAGE, f"dist/tasks/{task}/artifact"


@dataclass(frozen=True, slots=True)
class House:
    """A vault with what its pools need."""

    vault: Contract
    authorizer: Contract
    fees: Contract

    def pool(self, stage: Stage, tokens: list[str]) -> Contract:
        """Create a weighted pool of two tokens, in the order of their addresses, half and half."""
        half, me = ETHER // 2, stage.people.address
        terms = ("Pool", "POOL", tokens, [half, half], [NOBODY] * 2, [NOBODY] * 2, ETHER // 100)
        made = stage.deployer.create_packaged(
            _source("20230206-weighted-pool-v3"), "WeightedPool",
            terms, self.vault.address, self.fees.address, WINDOW, BUFFER, me, "1",
        )  # fmt: skip
        stage.deployer.settle()
        return made


def house(stage: Stage, weth: str = NOBODY) -> House:
    """Create a vault without pools; its windows begin now. Without `weth` it takes no coins."""
    create, me = stage.deployer.create_packaged, stage.people.address
    authorizer = create(_source("20210418-authorizer"), "Authorizer", me)
    stage.deployer.settle()
    vault = create(_source("20210418-vault"), "Vault", authorizer.address, weth, WINDOW, BUFFER)
    fees = create(
        _source("20220725-protocol-fee-percentages-provider"), "ProtocolFeePercentagesProvider",
        vault.address, ETHER // 2, ETHER // 2,
    )  # fmt: skip
    stage.deployer.settle()
    return House(vault, authorizer, fees)


def deployed(stage: Stage) -> Balancer:
    """Create it anew; its windows begin now."""
    built = house(stage)
    vault, authorizer = built.vault, built.authorizer
    amount = 10_000 * ETHER
    made = [stage.deployer.create("ToyERC20", name, name, 18, amount) for name in ("ONE", "TWO")]
    stage.deployer.settle()
    tokens = sorted(token.address for token in made)
    pool = built.pool(stage, tokens)
    pool_id = stage.hands.read(pool, "getPoolId")[0]
    balancer = Balancer(vault, authorizer, pool, pool_id, tokens)
    for token in made:
        stage.do(stage.people, token.call("transfer", stage.user.address, amount))
        stage.do(stage.user, token.call("approve", vault.address, FOREVER))
    stage.do(stage.user, join(stage, balancer, _INIT, 1000 * ETHER))
    return balancer


def join(stage: Stage, balancer: Balancer, kind: int, amount: int) -> Call:
    user, amounts = stage.user.address, [amount, amount]
    types, values = ["uint256", "uint256[]"], [kind, amounts]
    if kind != _INIT:
        types, values = [*types, "uint256"], [*values, 0]
    request = (balancer.tokens, [FOREVER] * 2, encode(types, values), INTERNAL)
    return balancer.vault.call("joinPool", balancer.pool_id, user, user, request)


def leave(stage: Stage, balancer: Balancer, kind: int) -> Call:
    user = stage.user.address
    asked = encode(["uint256", "uint256"], [kind, ETHER])
    request = (balancer.tokens, [0, 0], asked, INTERNAL)
    return balancer.vault.call("exitPool", balancer.pool_id, user, user, request)


def swap(stage: Stage, balancer: Balancer) -> Call:
    user = stage.user.address
    single = (balancer.pool_id, 0, *balancer.tokens, ETHER, b"")
    funds = (user, INTERNAL, user, INTERNAL)
    return balancer.vault.call("swap", single, funds, 0, FOREVER)


def allow(stage: Stage, balancer: Balancer, contract: Contract, name: str, holder: str) -> None:
    """Let the Authorizer let somebody call a function."""
    selector = contract.interface.encode(name, *([True] if name == "setPaused" else []))[:4]
    action = stage.hands.read(contract, "getActionId", selector)[0]
    stage.do(stage.people, balancer.authorizer.call("grantRole", action, holder))


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerExhibit(Exhibit):
    """A brake with all that belongs to its pool."""

    subject: Balancer


def exhibit(stage: Stage, holder: str, does: str) -> BalancerExhibit:
    """One of the brakes."""
    balancer = deployed(stage)
    pool, vault, people = balancer.pool, balancer.vault, stage.people.address
    for name in ("unpause", "disableRecoveryMode"):
        allow(stage, balancer, pool, name, people)
    target, holders, where = pool.address, holder, {}
    if does == "pause-and-recover":
        sequence = stage.deployer.create("BrakeSequence", holder, steps(pool))
        stage.deployer.settle()
        target, holders, where = sequence.address, sequence.address, {"pool": pool.address}
    for name in ("pause", "enableRecoveryMode"):
        allow(stage, balancer, pool, name, holders)
    if does == "pause-vault":
        target = vault.address
        for who in (holder, people):
            allow(stage, balancer, vault, "setPaused", who)
    trade, add, out = (
        swap(stage, balancer),
        join(stage, balancer, _EXACT_IN_JOIN, ETHER),
        leave(stage, balancer, _BPT_IN),
    )
    unpause, unrecover = pool.call("unpause"), pool.call("disableRecoveryMode")
    stopped, going, release = {
        "pause": ((trade, add, out), (), (unpause,)),
        "recovery-mode": ((), (trade, add, out), (unrecover,)),
        "pause-and-recover": ((trade, add, out), (), (unpause, unrecover)),
        "pause-vault": ((trade, add), (out,), (vault.call("setPaused", OFF),)),
    }[does]
    return BalancerExhibit(
        subject=balancer,
        brake=Brake(
            name=does,
            adapter="balancer-v2",
            target=target,
            parameters={"does": does} | where,
        ),
        stopped=stopped,
        going=going,
        release=release,
    )


def steps(pool: Contract) -> list[tuple[str, bytes]]:
    """What a sequence does to a pool."""
    return [(pool.address, pool.interface.encode(name)) for name in ("pause", "enableRecoveryMode")]


def recovery_exit(stage: Stage, balancer: Balancer) -> Call:
    """The plain proportional exit."""
    return leave(stage, balancer, _RECOVERY)
