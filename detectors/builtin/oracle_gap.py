"""A protocol's oracle and a pool disagree, both read from the chain itself.

Their units differ, so the ratio of the two is learned: it stays nearly constant whatever the price
does. When one of them moves alone, the ratio does.
"""

import math
from typing import ClassVar

from detectors.api import Features, Scope, Spec, State
from detectors.habits import MAX_NAMES, ActDetector, Kind, number
from detectors.prices import reported
from schemas.chain import Transaction

_ANSWERS = {
    "AnswerUpdated": "current",
    "PricePosted": "newPriceMantissa",
    "NewTransmission": "answer",
    "PriceUpdated": "price",
}
"""Events by which oracles tell a price, with its name."""


class OracleGap(ActDetector):
    """The ratio of an oracle's answer to a pool's price leaves its habit."""

    spec: ClassVar[Spec] = Spec(
        name="oracle-gap",
        version="1.0.0",
        summary="Answers of the protocol's oracles against the prices of its pools, on chain.",
        technique="ADT3012.004",
        made_from=("prices",),
        warm_up=20,
        false_positives=("an oracle that answers rarely while the market moves fast",),
        blind_spots=(
            "an oracle that is only read and tells nothing by events",
            "contracts that the manifest gives neither the role oracle nor the role pair or pool",
            "an oracle and a pool that are wrong together",
        ),
        rule=True,
    )
    kinds: ClassVar[dict[str, Kind]] = {
        "gap": Kind(
            words="oracle and pool {member} lie {observed} % farther apart than they used to, "
            "ordinary are {expected} %",
            spread=1.0,
            ordinary=0.3,
            unit="%",
        ),
    }

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        contracts = scope.manifest.contracts if scope.manifest else ()
        self._oracles = {one.address for one in contracts if one.role == "oracle"}
        self._pools = {one.address for one in contracts if one.role in ("pair", "pool")}
        self._told: dict[str, float] = {}
        self._ratios: dict[str, float] = {}

    def acts(self, tx: Transaction) -> Features:
        """Return by how many percent each ratio that is newly told lies off what was learned."""
        if not (self._oracles and self._pools):
            return {}
        told = self._prices(tx)
        known = self._told | told
        found = {f"told:{address}": price for address, price in told.items()}
        for oracle in sorted(self._oracles & known.keys()):
            for pool in sorted(self._pools & known.keys()):
                if oracle not in told and pool not in told:
                    continue
                pair = f"{oracle}/{pool}"
                ratio = known[oracle] - known[pool]
                found[f"ratio:{pair}"] = ratio
                if pair in self._ratios:
                    off = min(50.0, abs(ratio - self._ratios[pair]))
                    found[f"gap:{pair}"] = max(1e-3, math.expm1(off) * 100.0)
        return found

    def _prices(self, tx: Transaction) -> dict[str, float]:
        """Return the logarithm of what each oracle and pool said last in the transaction."""
        found = {}
        for log in tx.logs:
            if log.contract in self._oracles and log.name in _ANSWERS:
                answer = number(log, _ANSWERS[log.name])
                if answer is not None and answer > 0:
                    found[log.contract] = math.log(answer)
        pools = {pool: price for pool, price, _ in reported(tx.logs) if pool in self._pools}
        return found | pools

    def member(self, member: str) -> str:
        """Return the names of both contracts."""
        return " and ".join(self.scope.name(address) for address in member.split("/"))

    def learn_one(self, x: Features, weight: float) -> None:
        """Take these prices for ordinary; a ratio follows slowly, so that it has to last."""
        super().learn_one(x, weight)
        for name, value in x.items():
            kind, _, member = name.partition(":")
            if kind == "told":
                self._told[member] = value
            elif kind == "ratio":
                before = self._ratios.pop(member, value)
                self._ratios[member] = before + 0.1 * weight * (value - before)
        for table in (self._told, self._ratios):
            while len(table) > MAX_NAMES:
                del table[next(iter(table))]

    def dump(self) -> State:
        """Return everything that was learned."""
        return super().dump() | {"told": self._told, "ratios": self._ratios}

    def load(self, state: State) -> None:
        """Become what `dump` described."""
        super().load(state)
        self._told = {name: float(price) for name, price in state["told"].items()}
        self._ratios = {name: float(ratio) for name, ratio in state["ratios"].items()}
