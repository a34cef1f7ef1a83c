"""Scoring recorded transactions exactly as the live service would, without a broker.

What live are two subjects, a transaction and the code that it deploys, is one row here.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from detectors.alerts import Opinion
from detectors.builtin.deployed_code import NAME as CODE
from detectors.bytecode.recorded import Contract
from detectors.deployed import code_p_value, joined
from detectors.host import Host
from detectors.sets import HostMaker
from schemas.alerts import Alert
from schemas.chain import Deployment, Price, Transaction

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
    evidence: Mapping[str, float] = field(default_factory=dict)
    """By detector, -ln of its p-value."""
    frames: int = 0
    block: int = 0

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


MARKETS = "market:prices"
"""Stands for the chain of a case of prices, which lives on none."""

Subject = Transaction | Deployment | Price | Contract


def score_case(
    case: str,
    subjects: Iterable[Subject],
    maker: HostMaker,
    problems: list[str] | None = None,
) -> Iterator[Row]:
    """Yield one row per subject, in order; each is scored before it is learned.

    A deployment has none: it counts for its transaction, which follows it as on the topic. Two
    blocks of one height are two branches: the first is retracted before the second, as live.
    Failures of detectors are told in `problems`.
    """
    host: Host | None = None
    order, block, budget = 0, (-1, ""), maker.budget(case)
    born: list[Deployment] = []
    for subject in subjects:
        if isinstance(subject, Deployment):
            born.append(subject)
            continue
        if isinstance(subject, Contract):
            score, p_value, names = subject.verdict()
            yield Row(case, order, subject.name, score, p_value, bool(names), names)
            order += 1
            continue
        chain = MARKETS if isinstance(subject, Price) else subject.chain
        host = host or maker.make(chain, case)
        if isinstance(subject, Transaction):
            if subject.block == block[0] and subject.block_hash != block[1]:
                host.retract(*block)
            block = subject.block, subject.block_hash
        opinion, alert = _taken(host, subject)
        if problems is not None:
            where = subject.timestamp if isinstance(subject, Price) else subject.tx
            problems += (f"{case}: {where}: {name}: {why}" for name, why in host.faults())
        if opinion is None:
            continue  # the same transaction again: it has its row
        votes = alert.votes if alert is not None else ()
        row = Row(
            case=case,
            order=order,
            tx=str(subject.timestamp) if isinstance(subject, Price) else subject.tx,
            score=opinion.score,
            p_value=opinion.p_value,
            alerted=alert is not None,
            detectors=tuple(vote.detector for vote in votes if vote.alerted),
            evidence={
                view.spec.name: -math.log(view.rarity.p_value)
                for view in opinion.views
                if view.rarity.p_value < 1.0
            },
            frames=0 if isinstance(subject, Price) else len(subject.calls),
            block=0 if isinstance(subject, Price) else subject.block,
        )
        yield with_code(row, code_p_value(each for each in born if each.tx == row.tx), budget)
        order, born = order + 1, []


def with_code(row: Row, code: float, budget: float) -> Row:
    """Return the row of a transaction whose deployed code has this p-value."""
    if code == 1.0:
        return row
    p_value = joined(row.p_value, code)
    alerted = row.alerted or p_value <= budget
    return replace(
        row,
        p_value=p_value,
        score=max(row.score, -math.log10(p_value)),
        alerted=alerted,
        detectors=(*row.detectors, CODE) if alerted and code <= budget else row.detectors,
        evidence={**row.evidence, CODE: -math.log(code)},
    )


def _taken(host: Host, subject: Transaction | Price) -> tuple[Opinion | None, Alert | None]:
    return host.take_price(subject) if isinstance(subject, Price) else host.take(subject)
