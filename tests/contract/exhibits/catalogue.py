"""Every brake that the contract suite tries, by name; at least one of each family."""

from collections.abc import Callable, Mapping
from functools import partial

from tests.contract.exhibits import (
    aave,
    balancer,
    ccip,
    compound,
    gmx,
    openzeppelin,
    ours,
    spells,
    synthetix,
    timed,
    vaults,
    venus,
)
from tests.contract.stage import Exhibit, Stage

Make = Callable[[Stage, str], Exhibit]
"""Sets a target up so that `holder`, an address, may brake it."""

EXHIBITS: Mapping[str, Make] = {
    **{f"aave-v3-{does}": partial(aave.exhibit, does=does) for does in aave.DOES},
    "access-manager": openzeppelin.access_manager,
    **{f"balancer-v2-{does}": partial(balancer.exhibit, does=does) for does in balancer.DOES},
    "ccip-curse": ccip.curse,
    "ccip-rate-limit": ccip.rate_limit,
    "ccip-rate-limit-unlimited": ccip.rate_limit_where_there_is_none,
    **{f"compound-v2-{does}": partial(compound.comptroller, does=does) for does in compound.DOES},
    "compound-v3": compound.comet,
    "compound-v3-kept": compound.kept,
    "gate": ours.gate,
    "generic": ours.generic,
    "generic-cap": openzeppelin.rate_limiter,
    "gmx-feature": gmx.feature,
    "gmx-market": gmx.market,
    "gmx-openings": gmx.openings,
    "lido-pause": timed.circuit_breaker,
    "lido-seal": timed.gate_seal,
    "morpho-cap-absolute": vaults.absolute_cap,
    "morpho-cap-relative": vaults.relative_cap,
    "morpho-deallocate": vaults.deallocate,
    "morpho-revoke": vaults.revoke,
    "outflow": vaults.outflow,
    "pausable": ours.pausable,
    "sky-drop": spells.protego,
    "sky-spell": spells.spell,
    "synthetix-futures-market": synthetix.futures_market,
    "synthetix-synth": synthetix.synth,
    "synthetix-synth-exchange": synthetix.synth_exchange,
    "timelock": openzeppelin.timelock,
    **{f"venus-{does}": partial(venus.exhibit, does=does) for does in venus.DOES},
}
