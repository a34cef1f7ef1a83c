"""Scoring recorded transactions exactly as the live service would, without a broker."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from detectors.host import Host
from schemas.chain import Transaction

COLUMNS = ("case", "order", "tx", "score", "p_value", "alerted", "detectors")


@dataclass(frozen=True, slots=True)
class Row:
    """What the set thinks of one transaction."""

    case: str
    order: int
    """Counts within the case, from 0."""
    tx: str
    score: float
    """-log10 of the p-value, comparable across cases."""
    p_value: float
    alerted: bool
    detectors: tuple[str, ...]
    """Those whose own p-value is within the budget."""

    def cells(self) -> tuple[str, ...]:
        """Return the row as text, in the order of `COLUMNS`."""
        return (
            self.case,
            str(self.order),
            self.tx,
            f"{self.score:.6f}",
            f"{self.p_value:.6e}",
            str(int(self.alerted)),
            "+".join(self.detectors),
        )


def score_case(case: str, transactions: Iterable[Transaction], host: Host) -> Iterator[Row]:
    """Yield one row per transaction, in order, each scored before it is learned."""
    order = 0
    for tx in transactions:
        opinion, alert = host.take(tx)
        if opinion is None:
            continue
        votes = alert.votes if alert is not None else ()
        yield Row(
            case=case,
            order=order,
            tx=tx.tx,
            score=opinion.score,
            p_value=opinion.p_value,
            alerted=alert is not None,
            detectors=tuple(vote.detector for vote in votes if vote.alerted),
        )
        order += 1
