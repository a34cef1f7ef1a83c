"""Which of the brakes that may be pulled are pulled: the least that stops the loss. Pure.

Evidence, halt rule and guard say which brakes an alert may pull; those alone are options here. The
loss starts at the contracts that the alert says lose and flows along what depends on them. Of all
sets of options the one is taken whose costs, together with what is lost all the same, are least: a
minimum cut (`responders.network.isolation`), as `firebreak whatif` shows it. So a contract that the
loss does not reach is never halted on it, a broad brake waits where a narrow one is enough, and
one brake at the source is pulled instead of several behind it. What was pulled a moment ago costs
nothing any more.

It can only take brakes away from what was allowed before. A brake that halts nothing of the graph
is no option: it is judged by itself, and so are all where there is no graph (`Inputs.on_graph`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

import networkx as nx

from responders.inputs import Inputs
from responders.network.graph import Graph
from responders.network.isolation import isolate
from schemas.errors import PoisonRecordError
from schemas.reach import Link, Option, Place, Reach

_REMEMBERED = 256
"""Cuts: those of every single contract that may lose, of some protocols."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The narrowest set of brakes that stops a loss."""

    brakes: frozenset[str]
    """By name."""
    lost: frozenset[int]
    """Places whose loss is taken, since halting them costs more."""


def chosen(reach: Reach) -> Scope:
    """Return which options are pulled.

    Raises `PoisonRecordError` for numbers that no graph has.
    """
    cheapest = _cheapest(reach)
    costs = tuple(sorted((place, option.cost) for place, option in cheapest.items()))
    halted, lost = _cut(reach.places, reach.links, costs)
    return Scope(frozenset(cheapest[place].brake for place in halted), lost)


def objection(given: Inputs) -> str:
    """Return why this brake is not in the narrowest set, '' when it is, or is judged by itself."""
    reach = given.reach
    if reach is None:
        return ""
    own = next((option for option in reach.options if option.brake == reach.brake), None)
    if own is None:
        return ""
    if own.place is None:
        return "what loses does not reach what this brake halts"
    scope = chosen(reach)
    if own.brake in scope.brakes:
        return ""
    if own.place in scope.lost:
        return "what this brake would save is worth less than it costs"
    others = sorted(scope.brakes)
    told = f"{', '.join(others[:3])}{' and others' if len(others) > 3 else ''}"
    return f"a narrower set of brakes stops the loss: {told}"


def _cheapest(reach: Reach) -> Mapping[int, Option]:
    """Return the option that is taken at each place, if any is."""
    found: dict[int, Option] = {}
    for option in reach.options:
        place = option.place
        if place is None:
            continue
        if place >= len(reach.places) or not _money(option.cost):
            raise PoisonRecordError(f"the brake {option.brake} halts no place of the graph")
        if place not in found or option.cost < found[place].cost:
            found[place] = option
    return found


@lru_cache(maxsize=_REMEMBERED)
def _cut(
    places: tuple[Place, ...], links: tuple[Link, ...], costs: tuple[tuple[int, float], ...]
) -> tuple[frozenset[int], frozenset[int]]:
    """Return the places that are halted, and those whose loss is taken."""
    count = len(places)
    if not all(_money(place.at_risk) for place in places):
        raise PoisonRecordError("a loss in the graph is no amount of money")
    if any(link.source >= count or link.target >= count for link in links):
        raise PoisonRecordError("a link of the graph leads to no place")
    graph: Graph = nx.DiGraph()
    graph.add_nodes_from(map(str, range(count)))
    graph.add_edges_from((str(link.source), str(link.target)) for link in links)
    found = isolate(
        graph,
        [str(number) for number, place in enumerate(places) if place.begins],
        {str(place): cost for place, cost in costs},
        {str(number): place.at_risk for number, place in enumerate(places)},
    )
    return frozenset(map(int, found.halted)), frozenset(map(int, found.lost))


remembered = _cut.cache_info
"""How often a cut was known already, for tests."""


def _money(value: float) -> bool:
    return isfinite(value) and value >= 0.0
