"""What only people can do on the sandbox's chain: two of the Safe's three owners, together."""

from sandbox.evm import Call, Chain
from sandbox.safe import approved
from sandbox.world import World


def by_safe(world: World, chain: Chain, call: Call) -> None:
    """Let the Safe make a call, and make the blocks that it takes.

    Raises `UnsafeToContinueError` when it fails.
    """
    owners = [world.accounts[f"owner-{number}"] for number in (1, 2)]
    nonce = chain.read(world.safe, "nonce")[0]
    signed = approved(world.safe, owners, call, nonce, chain.id)
    chain.settle([chain.send(world.accounts["owner-3"], signed)])
