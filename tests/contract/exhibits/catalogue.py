"""Every brake that the contract suite tries, by name; at least one of each family."""

from collections.abc import Callable, Mapping

from tests.contract.exhibits import ours
from tests.contract.stage import Exhibit, Stage

Make = Callable[[Stage, str], Exhibit]
"""Sets a target up so that `holder`, an address, may brake it."""

EXHIBITS: Mapping[str, Make] = {
    "gate": ours.gate,
    "generic": ours.generic,
    "pausable": ours.pausable,
}
