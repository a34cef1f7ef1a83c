"""Every brake that the contract suite tries, by name; at least one of each family."""

from collections.abc import Callable, Mapping
from functools import partial

from tests.contract.exhibits import aave, balancer, compound, openzeppelin, ours, venus
from tests.contract.stage import Exhibit, Stage

Make = Callable[[Stage, str], Exhibit]
"""Sets a target up so that `holder`, an address, may brake it."""

EXHIBITS: Mapping[str, Make] = {
    **{f"aave-v3-{does}": partial(aave.exhibit, does=does) for does in aave.DOES},
    **{f"balancer-v2-{does}": partial(balancer.exhibit, does=does) for does in balancer.DOES},
    **{f"compound-v2-{does}": partial(compound.comptroller, does=does) for does in compound.DOES},
    "compound-v3": compound.comet,
    "compound-v3-kept": compound.kept,
    "gate": ours.gate,
    "generic": ours.generic,
    "generic-cap": openzeppelin.rate_limiter,
    "access-manager": openzeppelin.access_manager,
    "pausable": ours.pausable,
    "timelock": openzeppelin.timelock,
    **{f"venus-{does}": partial(venus.exhibit, does=does) for does in venus.DOES},
}
