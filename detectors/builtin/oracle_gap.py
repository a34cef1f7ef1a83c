"""A protocol's oracle and a pool disagree, both read from the chain itself.

Their units differ, so the ratio of the two is learned: it stays nearly constant whatever the price
does. When one of them moves alone, the ratio does. Prices are held against each other as they stand
at the head: within the minutes until they are final a market may move far.

An oracle speaks by its own events, or through the prices at which the protocol says that it dealt.
Of several pools, each read either way round, the one counts that it keeps closest to: the others
may price something else. Until it was learned which one that is, nothing is said: all the others
would look like an oracle gone astray.
"""

import math
from collections.abc import Iterator
from itertools import product
from typing import ClassVar

from detectors.api import Features, Scope, Spec, State
from detectors.baseline import BELIEVED
from detectors.habits import MAX_NAMES, ActDetector, Kind, Surprise, account, number
from detectors.prices import reported
from schemas.chain import Log, Transaction

_ANSWERS = {
    "AnswerUpdated": "current",
    "PricePosted": "newPriceMantissa",
    "NewTransmission": "answer",
    "PriceUpdated": "price",
}
"""Events by which oracles tell a price, with its name."""
_DEALINGS = {
    "PositionModified": "lastPrice",
    "PositionLiquidated": "price",
    "IncreasePosition": "price",
    "DecreasePosition": "price",
    "LiquidatePosition": "markPrice",
}
"""Events by which a protocol tells at what price it dealt."""
_WAYS = {"": 1.0, "~": -1.0}
"""A pool's price is of one of its tokens in the other; an oracle may mean the inverse."""
_WARM_UP = 20
"""Gaps to a pool that were learned before one is judged."""


class OracleGap(ActDetector):
    """The ratio of an oracle's answer to a pool's price leaves its habit."""

    spec: ClassVar[Spec] = Spec(
        name="oracle-gap",
        version="1.2.0",
        summary="Answers of the protocol's oracles, and prices it deals at, against its pools'.",
        technique="ADT3012.004",
        made_from=("prices",),
        warm_up=_WARM_UP,
        false_positives=("an oracle that answers rarely while the market moves fast",),
        blind_spots=(
            "an oracle that is only read, where the protocol tells no price that it dealt at",
            "contracts that the manifest gives neither the role oracle nor the role pair or pool",
            "an oracle and a pool that are wrong together",
            f"an oracle that is bent before {_WARM_UP} of its gaps to a pool are final",
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
        self._own = {one.address for one in contracts}
        self._oracles = {one.address for one in contracts if one.role == "oracle"}
        self._pools = {one.address for one in contracts if one.role in ("pair", "pool")}
        self._told: dict[str, float] = {}
        self._ratios: dict[str, float] = {}

    def acts(self, tx: Transaction) -> Features:
        """Return by how many percent each ratio that is newly told lies off what was learned."""
        told = self._prices(tx) if self._pools else {}
        known = {**self._told, **self._at_the_head(), **told} if told else {}
        found = {f"told:{address}": price for address, price in told.items()}
        for teller in sorted(known.keys() - self._pools):
            for pool, way in product(sorted(self._pools & known.keys()), _WAYS):
                # A dealing is of its moment: what a pool does later says nothing of it.
                if teller not in told and (pool not in told or teller not in self._oracles):
                    continue
                pair = f"{teller}/{pool}{way}"
                ratio = known[teller] - _WAYS[way] * known[pool]
                found[f"ratio:{pair}"] = ratio
                if pair in self._ratios:
                    found[f"gap:{pair}"] = self._gap(pair, ratio)
        return found

    def _gap(self, pair: str, ratio: float) -> float:
        """Return by how many percent a ratio lies off what was learned."""
        off = min(50.0, abs(ratio - self._ratios[pair]))
        return max(1e-3, math.expm1(off) * 100.0)

    def _prices(self, tx: Transaction) -> dict[str, float]:
        """Return the logarithm of what each teller and pool said last in the transaction."""
        found = {}
        for log in tx.logs:
            for teller, answer in self._answers(log):
                if answer is not None and answer > 0:
                    found[teller] = math.log(answer)
        pools = {pool: price for pool, price, _ in reported(tx.logs) if pool in self._pools}
        return found | pools

    def _answers(self, log: Log) -> Iterator[tuple[str, int | None]]:
        if log.contract in self._oracles and log.name in _ANSWERS:
            yield log.contract, number(log, _ANSWERS[log.name])
        elif log.contract in self._own and log.name in _DEALINGS:
            index = account(log, "indexToken")
            teller = f"{log.contract}@{index[-8:] if index else ''}"
            yield teller, number(log, _DEALINGS[log.name])

    def _at_the_head(self) -> dict[str, float]:
        """Return what was told last by those who told something that is not learned yet."""
        found: dict[str, float] = {}
        for x in self.waiting():
            for name, value in x.items():
                kind, _, member = name.partition(":")
                if kind == "told":
                    found.setdefault(member, value)
            if found.keys() >= self._pools | self._oracles:
                break
        return found

    def _surprises(self, x: Features) -> list[Surprise]:
        return [it for it in super()._surprises(x) if self._keeps_to(it.name.partition(":")[2])]

    def _keeps_to(self, pair: str) -> bool:
        """Say whether this is known to be what a teller keeps closest to: pool, and way round."""
        teller = pair.partition("/")[0]
        own = self._sizes.get(f"gap:{pair}")
        if own is None or own.weight < BELIEVED + _WARM_UP:
            return False
        every = (f"gap:{teller}/{pool}{way}" for pool, way in product(self._pools, _WAYS))
        known = (self._sizes[name] for name in every if name in self._sizes)
        return all(own.expected() <= other.expected() for other in known)

    def member(self, member: str) -> str:
        """Return the names of both contracts."""
        return " and ".join(self.scope.name(one[:42]) for one in member.split("/"))

    def learn_one(self, x: Features, weight: float) -> None:
        """Take these prices for ordinary; a ratio follows slowly, so that it has to last."""
        news = self._news(x)
        super().learn_one({**self._unmeasured(news), **news}, weight)
        for name, value in news.items():
            kind, _, member = name.partition(":")
            if kind == "told":
                self._told[member] = value
            elif kind == "ratio":
                before = self._ratios.pop(member, value)
                self._ratios[member] = before + 0.1 * weight * (value - before)
        for table in (self._told, self._ratios):
            while len(table) > MAX_NAMES:
                del table[next(iter(table))]

    def _news(self, x: Features) -> Features:
        """Return what is not merely said again: ten deals at one price are one gap, and counted as
        ten they would make the market look quieter than it is."""
        told = {name[5:]: price for name, price in x.items() if name.startswith("told:")}
        moved = {member for member, price in told.items() if self._told.get(member) != price}

        def again(name: str) -> bool:
            kind, _, pair = name.partition(":")
            return kind in ("gap", "ratio") and moved.isdisjoint(pair.rstrip("~").split("/"))

        return {name: value for name, value in x.items() if not again(name)}

    def _unmeasured(self, x: Features) -> Features:
        """Return the gaps of ratios that were told before there was anything to hold them against:
        in a new market, all until the first is final."""
        ratios = {name[6:]: ratio for name, ratio in x.items() if name.startswith("ratio:")}
        known = ratios.keys() & self._ratios.keys()
        return {f"gap:{pair}": self._gap(pair, ratios[pair]) for pair in sorted(known)}

    def dump(self) -> State:
        """Return everything that was learned."""
        return super().dump() | {"told": self._told, "ratios": self._ratios}

    def load(self, state: State) -> None:
        """Become what `dump` described."""
        super().load(state)
        self._told = {name: float(price) for name, price in state["told"].items()}
        self._ratios = {name: float(ratio) for name, ratio in state["ratios"].items()}
