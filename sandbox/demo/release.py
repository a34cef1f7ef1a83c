"""After the attack: people release the brake, and honest life goes on."""

from dataclasses import dataclass

from sandbox.demo.stage import Stage
from sandbox.evm import Chain, Contract
from sandbox.governance import by_safe
from sandbox.traffic import Traffic

BLOCKS = 3


@dataclass(frozen=True, slots=True)
class Release:
    """How it went."""

    released: bool
    """Whether the chain says that the target is no longer paused, after the Safe resumed it."""
    honest_txs: int
    honest_txs_refused: int
    """Of them, those that failed and were not meant to."""


def release(stage: Stage, victim: Contract, traffic: Traffic, people: int) -> Release:
    """Let two owners of the Safe resume the target, and so many people a block use it."""
    chain = Chain(stage.node)
    by_safe(stage.world, chain, victim.call("unpause"))
    sent = [transaction for _ in range(BLOCKS) for transaction in traffic.block(people)]
    refused = [
        transaction
        for transaction in sent
        if not transaction.fails and chain.receipt(transaction.hash)["status"] != "0x1"
    ]
    return Release(not chain.read(victim, "paused")[0], len(sent), len(refused))
