"""Whatever people do in whatever order, the pool can pay what it promised, to the last unit."""

import random

import pytest
from eth_utils.crypto import keccak

from sandbox.evm import ETHER, Account, Call
from sandbox.node import LocalNode
from tests.integration.underwriting.covered import EVIDENCE, HOUR, Covered

pytestmark = [pytest.mark.node, pytest.mark.slow]

STEPS = 60
OPEN = {"open": 1, "disputed": 2}
"""Bonds that are held while an assertion stands so."""


class Fair:
    """People who try whatever comes to mind; what is refused changes nothing."""

    def __init__(self, covered: Covered, seed: int) -> None:
        self.at = covered
        self.dice = random.Random(seed)
        self.names: list[bytes] = []
        self.fates: set[str] = set()
        self.paid = 0

    def step(self) -> None:
        """Try one thing, some time later."""
        at, dice = self.at, self.dice
        at.chain.mine(dice.choice([12, HOUR, 3 * HOUR, 9 * HOUR]))
        account = dice.choice(at.people)
        if dice.random() < 0.3:
            self.claim_a_case(account)
            return
        what, call = self.anything(account)
        by = {"rule": at.arbiter, "claim": at.holder}.get(what, account)
        self.paid += at.does(by, call) and what == "claim"

    def claim_a_case(self, account: Account) -> None:
        """Assert one of a few cases, of about now."""
        at, dice = self.at, self.dice
        case, when = keccak(text=f"case {dice.randint(1, 6)}"), at.now - dice.choice([0, HOUR])
        share = dice.choice([1, 5_000, 10_000])
        if at.does(account, at.asserting(case, share=share, at=when)):
            name: bytes = at.told("idOf", account.address, case, EVIDENCE, when, share)
            self.names.append(name)

    def anything(self, account: Account) -> tuple[str, Call]:
        """Return something to do, with its name."""
        at, dice = self.at, self.dice
        name = dice.choice(self.names[-6:]) if self.names else bytes(32)
        policy = dice.randint(1, 1 + at.told("policies"))
        calls = {
            "buy": at.buying(dice.choice([1, 50, 400]) * ETHER, dice.choice([1, 30])),
            "dispute": at.pool.call("dispute", name, value=at.terms.bond),
            "settle": at.pool.call("settle", name),
            "rule": at.pool.call("rule", name, dice.random() < 0.5),
            "release": at.pool.call("release", name),
            "claim": at.pool.call("claim", policy, dice.choice([name, *self.names])),
            "lapse": at.pool.call("lapse", policy),
            "withdraw": at.pool.call("withdraw", account.address),
            "reclaim": at.pool.call("reclaim", dice.choice([1, 300]) * ETHER),
            "deposit": at.pool.call("deposit", value=ETHER),
        }
        ruling = dice.choice(["rule", "release"])
        usual = {"open": "dispute", "disputed": ruling, "true": "claim"}.get(at.fate(name), "buy")
        what = dice.choice([*calls, *[usual] * 5])
        return what, calls[what]

    def holds(self) -> bool:
        """Say whether all that is promised is there."""
        fates = [self.at.fate(name) for name in self.names]
        self.fates |= set(fates)
        return self.at.solvent(bonds=sum(OPEN.get(fate, 0) for fate in fates))


def test_the_pool_is_solvent_after_every_step(chain_node: LocalNode) -> None:
    seen: set[str] = set()
    paid = 0
    for seed in range(3):
        snapshot = chain_node.rpc("evm_snapshot")
        fair = Fair(Covered(chain_node), seed)
        for _ in range(3):
            fair.at.bought()
        for place in range(STEPS):
            fair.step()
            assert fair.holds(), f"seed {seed}, step {place}"
        seen |= fair.fates
        paid += fair.paid
        assert chain_node.rpc("evm_revert", snapshot)
    assert seen == {"open", "disputed", "true", "false", "released"}
    assert paid > 0
