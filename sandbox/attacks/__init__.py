"""Attacks on the sandbox's own, deliberately flawed contracts, to test the defence against.

They work on a local node only, against nothing but what `sandbox.deploy` put there.
"""

from sandbox.attacks.base import Attack
from sandbox.attacks.reentrancy import Reentrancy
from sandbox.attacks.spot_oracle import SpotOracleAttack
from sandbox.world import Scenario, World

__all__ = ["Attack", "Reentrancy", "SpotOracleAttack", "attack_on"]


def attack_on(world: World, scenario: Scenario) -> Attack:
    """Return the attack of a scenario."""
    return SpotOracleAttack(world) if scenario == "spot-oracle" else Reentrancy(world)
