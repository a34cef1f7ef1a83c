"""How far a pool's price moved within one transaction, against the pool's own history."""

from collections.abc import Iterator
from typing import ClassVar

from detectors import priors
from detectors.api import Features, Spec
from detectors.featured import Family, FeatureDetector, size
from detectors.prices import moves
from schemas.alerts import Evidence
from schemas.chain import Transaction

NAME = "price-move"


class PriceMove(FeatureDetector):
    """A price is bent within one transaction, further than this pool's trades ever bend it."""

    spec: ClassVar[Spec] = Spec(
        name=NAME,
        version="1.2.0",
        summary="Price movement within one transaction against the pool's own movements.",
        technique="ADT3012.004",
        made_from=("prices", "volatility"),
        warm_up=50,
        false_positives=("a very large honest trade in a thin pool",),
        blind_spots=(
            "a price moved in one transaction and used in a later one by somebody else",
            "an oracle that is wrong while every pool stays right",
        ),
    )
    families: ClassVar[dict[str, Family]] = {
        "price_move": size(
            "the price in {member} moved by {observed} % within one transaction, "
            "ordinary are {expected} %",
            prior=priors.size(NAME, "price_move"),
            floor=1e-4,
            unit="%",
        ),
    }

    def features(self, tx: Transaction) -> Features:
        """Return per pool by how many percent its highest price exceeded its lowest."""
        return {f"price_move:{move.pool}": (move.factor - 1.0) * 100.0 for move in moves(tx)}

    def evidence(self, name: str, tx: Transaction) -> Iterator[Evidence]:
        """Yield the event at which the price was most extreme."""
        pool = name.partition(":")[2]
        for move in moves(tx):
            if move.pool == pool and move.log is not None:
                yield Evidence(what=f"extreme price in {self.scope.name(pool)}", log=move.log)
