"""Every brake that the contract suite tries, by name; at least one of each family."""

from collections.abc import Callable, Mapping
from functools import partial

from tests.contract.exhibits import (
    aave,
    balancer,
    compound,
    crossing,
    markets,
    openzeppelin,
    ours,
    spells,
    timed,
    vaults,
)
from tests.contract.stage import Exhibit, Stage

Make = Callable[[Stage, str], Exhibit]
"""Sets a target up so that `holder`, an address, may brake it."""

EXHIBITS: Mapping[str, Make] = {
    "ccip-curse": crossing.curse,
    "ccip-curse-1.6": crossing.curse_of_old,
    "ccip-rate-limit": crossing.rate_limit,
    "ccip-rate-limit-unlimited": crossing.rate_limit_where_there_is_none,
    "lido-pause": timed.circuit_breaker,
    "compound-v3": compound.comet,
    **{f"aave-v3-{does}": partial(aave.exhibit, does=does) for does in aave.DOES},
    **{f"balancer-v2-{does}": partial(balancer.exhibit, does=does) for does in balancer.DOES},
    **{f"compound-v2-{does}": partial(compound.comptroller, does=does) for does in compound.DOES},
    "gate": ours.gate,
    "lido-seal": timed.gate_seal,
    "generic": ours.generic,
    "access-manager": openzeppelin.access_manager,
    "generic-cap": openzeppelin.rate_limiter,
    "gmx-feature": markets.feature,
    "gmx-market": markets.market,
    "gmx-openings": markets.openings,
    "morpho-cap-absolute": vaults.absolute_cap,
    "morpho-cap-relative": vaults.relative_cap,
    "morpho-deallocate": vaults.deallocate,
    "morpho-revoke": vaults.revoke,
    "outflow": vaults.outflow,
    "pausable": ours.pausable,
    "sky-drop": spells.protego,
    "sky-spell": spells.spell,
    "synthetix-futures-market": markets.futures_market,
    "synthetix-synth": markets.synth,
    "synthetix-synth-exchange": markets.synth_exchange,
    "timelock": openzeppelin.timelock,
}
