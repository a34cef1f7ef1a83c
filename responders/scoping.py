"""What a responder's brakes are on the graph of what loses. Pure, but for `prepare`."""

from collections.abc import Iterable

from msgspec.structs import replace

from responders import policy, scope
from responders.network.terrain import lacking
from responders.outlook import Outlook
from runtime.logs import logger
from schemas.manifest import Brake, Manifest
from schemas.reach import MOST_OPTIONS, Option, Reach
from schemas.units import account

_log = logger(__name__)

_PREPARED = 16
"""Contracts of a protocol whose loss is prepared for: what loses in one alert is no more."""


def with_options(
    reach: Reach, manifest: Manifest, found: Iterable[tuple[Brake, float]]
) -> Reach | None:
    """Return where a loss gets, with what may be halted on its way, and at what cost.

    A brake that halts nothing that holds value is left out. None where there are too many.
    """
    place = {one.name: number for number, one in enumerate(reach.places)}
    costs = {brake.name: cost for brake, cost in found}
    options = tuple(
        Option(
            brake=brake.name,
            cost=costs[brake.name],
            place=place.get(account(manifest.chain, manifest.halted_by(brake))),
        )
        for brake in policy.ladder(manifest)
        if brake.name in costs and manifest.halted_by(brake) in manifest.holders
    )
    return None if len(options) > MOST_OPTIONS else replace(reach, options=options)


def prepare(outlook: Outlook, manifests: Iterable[Manifest]) -> None:
    """Look for the narrowest set of brakes for every contract that may lose by itself, so that it
    is known when an alert comes."""
    for manifest in manifests:
        brakes = [(b, float(manifest.cost_of(b))) for b in manifest.brakes if b.scope != "T3"]
        for holder in sorted(manifest.holders)[:_PREPARED]:
            reach = outlook.reach(manifest.protocol, (holder,))
            ready = None if reach is None else with_options(reach, manifest, brakes)
            if ready is not None:
                scope.chosen(ready)


def warn_of_no_graph(manifests: Iterable[Manifest]) -> None:
    """Log every protocol whose brakes are judged each by itself, and why."""
    for manifest in manifests:
        if reason := lacking(manifest):
            _log.warning("scope_without_graph", protocol=manifest.protocol, reason=reason)
