"""What an account can do on chain that a stranger cannot: everything tried, nothing changed."""

from collections.abc import Iterator

from assurance.chain import Outcome, Trial
from assurance.node import NodeChain
from assurance.selectors import interface, tries
from sandbox.evm import Account, Contract
from tests.integration.responders.place import Place

PAUSE = bytes.fromhex("8456cb59")
UNPAUSE = bytes.fromhex("3f4ba83a")
STRANGER = Account.named("nobody in particular")


def contracts(place: Place) -> dict[str, Contract]:
    """Everything in the world that holds value or rights."""
    world = place.world
    return {"gate": world.gate, "pool": world.pool, "safe": world.safe, **tokens(place)}


def tokens(place: Place) -> dict[str, Contract]:
    """The tokens that the pool lends and takes."""
    return {"dollar": place.world.tokens.dollar, "clover": place.world.tokens.clover}


def powers(place: Place, account: str) -> set[str]:
    """Return the functions that go through for an account and not for a stranger."""
    chain = NodeChain(place.endpoints)
    return {
        f"{name}.{signature}"
        for name, contract in contracts(place).items()
        for signature, mine, others in _tried(chain, place, contract, account)
        if mine and not others
    }


def _tried(
    chain: NodeChain, place: Place, contract: Contract, account: str
) -> Iterator[tuple[str, bool, bool]]:
    for function, signature in interface(contract.interface.abi).items():
        yield (
            signature,
            _goes_through(chain, place, contract, function, signature, account),
            _goes_through(chain, place, contract, function, signature, STRANGER.address),
        )


def _goes_through(
    chain: NodeChain, place: Place, contract: Contract, function: int, signature: str, who: str
) -> bool:
    calls = [
        *tries(function, signature, who),
        *tries(function, signature, who, place.world.pool.address),
        *([brake(place, 1)] if signature.startswith("brake(") else []),
    ]
    return any(chain.run([Trial(who, contract.address, data)])[0].ok for data in calls)


def brake(place: Place, number: int, data: bytes = PAUSE) -> bytes:
    """Return a call of the gate, under a name of its own."""
    name = number.to_bytes(32, "big")
    return place.world.gate.call("brake", name, 1, place.world.pool.address, data).data


def tried(place: Place, who: str, to: Contract, *calls: bytes) -> list[Outcome]:
    """Make these calls one after the other, each on what the ones before left."""
    trials = [Trial(who, to.address, data) for data in calls]
    return NodeChain(place.endpoints).run(trials)
