"""What a transaction writes into storage, against the habits of the slots and of the protocol."""

import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import ClassVar

from detectors.api import Features, Spec
from detectors.featured import Family, count
from detectors.named import NamedFeatureDetector
from detectors.slots import Ratio, Slot
from schemas.alerts import Evidence
from schemas.chain import Transaction

NAME = "storage-invariant"
MAX_VALUES = 64
"""Slots whose values are looked at in one transaction."""
MAX_GAUGES = 5
"""Slots of one contract whose ratios are looked at, those written most often."""
MAX_SLOT = 32
"""Digits of a slot that name it in a ratio; 32 of 78 tell hashed slots apart."""
OFTEN = 8.0
"""Times that a slot was written before it is a gauge: balances of single users are none."""


class StorageInvariant(NamedFeatureDetector):
    """Accounting changes in a way in which it never did: constants change, ratios jump, far more is
    written than ever."""

    spec: ClassVar[Spec] = Spec(
        name=NAME,
        version="1.1.0",
        summary="Number and values of storage writes: constants that change, ratios that jump.",
        technique="ADT3015",
        made_from=("storage",),
        warm_up=50,
        false_positives=(
            "parameters that governance changes",
            "batch jobs that settle many accounts at once",
        ),
        blind_spots=(
            "sources without storage writes",
            "an attack that moves every slot and every ratio by an ordinary step",
        ),
    )
    kinds: ClassVar[dict[str, str]] = {
        "keeper": "it writes to {new} contract(s) that nothing here wrote to before, "
        "as one in {chance} does",
    }
    families: ClassVar[dict[str, Family]] = {
        "writes": count("it wrote {observed} values into storage, ordinary are {expected}"),
        "slots": count("it wrote to {observed} different slots, ordinary are {expected}"),
        "rewrites": count("one slot was written {observed} times, ordinary are {expected}"),
        "value": Family(
            start=lambda _first: Slot(),
            words="slot {member} got a value beyond its habits",
            unit="ln(1 + value)",
        ),
        "ratio": Family(
            start=lambda _first: Ratio(),
            words="the ratio of two values that move together jumped: {member}",
            unit="ln of the ratio",
        ),
    }

    def features(self, tx: Transaction) -> Features:
        """Return how much was written where, and the last value of each slot, as ln(1 + value)."""
        if "writes" not in tx.seen:
            return {}
        times: dict[tuple[str, str], int] = {}
        last: dict[tuple[str, str], str] = {}
        for write in tx.writes:
            place = write.contract, write.slot
            times[place] = times.get(place, 0) + 1
            last[place] = write.value
        found = {
            "writes": float(len(tx.writes)),
            "slots": float(len(times)),
            "rewrites": float(max(times.values(), default=0)),
        }
        if not times:
            return found
        for contract in sorted({contract for contract, _ in times})[:32]:
            found[f"keeper:{contract}"] = 1.0
        for (contract, slot), value in list(last.items())[:MAX_VALUES]:
            found[f"value:{contract}.{slot}"] = math.log1p(float(int(value)))
        return found | self._ratios(last)

    def _ratios(self, last: dict[tuple[str, str], str]) -> dict[str, float]:
        """Return the logarithms of the ratios of slots of one contract that are written often."""
        gauges: dict[str, list[tuple[float, str, int]]] = defaultdict(list)
        for (contract, slot), value in last.items():
            habits = self._baselines.get(f"value:{contract}.{slot}")
            if isinstance(habits, Slot) and habits.writes >= OFTEN and int(value) > 0:
                gauges[contract].append((-habits.writes, slot, int(value)))
        found: dict[str, float] = {}
        for contract, slots in gauges.items():
            busiest = sorted(slots)[:MAX_GAUGES]
            for (_, one, above), (_, other, below) in combinations(sorted(busiest, key=_name), 2):
                ratio = math.log(above) - math.log(below)
                found[f"ratio:{contract}.{one[:MAX_SLOT]}/{other[:MAX_SLOT]}"] = ratio
        return found

    def member(self, member: str) -> str:
        """Return a slot as people read it."""
        contract, _, slot = member.partition(".")
        if "/" in slot:
            slot = "/".join(part[:12] for part in slot.split("/"))
            return f"slots {slot} of {self.scope.name(contract)}"
        return f"{slot[:12]} of {self.scope.name(contract)}"

    def evidence(self, name: str, tx: Transaction) -> Iterator[Evidence]:
        """Yield the slot with the value that it got."""
        kind, _, member = name.partition(":")
        if kind == "value":
            contract, _, slot = member.partition(".")
            for write in tx.writes:
                if (write.contract, write.slot) == (contract, slot):
                    yield Evidence(what=f"slot {self.member(member)} became {write.value}"[:500])
                    return


def _name(gauge: tuple[float, str, int]) -> str:
    return gauge[1]
