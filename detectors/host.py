"""The host of one detector set for one protocol: it owns order, the plug-ins own mathematics.

A transaction is scored the moment its block is seen and learned from only once it is final, so a
reorg needs no unlearning and nobody can teach the baseline within an attack. Waiting transactions
are learned when a later transaction of the same protocol is deep enough, before that one is scored:
everything depends on the protocol's own records alone, however topics are partitioned.

One that alerted waits longer (`QUARANTINE` blocks more) and then counts for little, unless the
protocol's own log shows that a brake was pulled over it: then it is never learned. Never learning
anything that alerted would flag a new but honest regime for ever.

A transaction that left nothing behind (`is_inert`: it was reverted, or the source sees that it
wrote, moved and emitted nothing) took nothing either. It gets p-value 1 and teaches nothing, so
nobody trains a baseline with calls that cost only gas, and thousands of idle calls do not make
every real one look rare.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from detectors import alerts, priors
from detectors.alerts import Opinion
from detectors.api import Detector, Explanation, Features, Scope
from detectors.guarded import Guarded
from detectors.rules import Rules
from detectors.stake import at_stake
from detectors.tail import OnlineTail, Rarity
from schemas.alerts import Alert, Withdrawal
from schemas.chain import Transaction
from schemas.ids import content_id

QUARANTINE = 300
"""Blocks beyond finality after which a transaction that alerted is learned: an hour of Ethereum."""

SUSPECT_WEIGHT = 0.05
"""What it then counts for: twenty such transactions weigh as much as one that never alerted."""

NEAR = 0.02
"""The p-value below which a transaction is near an alert."""

NEAR_PER_LEARNED, NEAR_AT_ONCE = 2 * NEAR, 8.0
"""How many such transactions may teach at full weight: twice as many as chance brings, eight in a
row. The others count like suspects, so a run of near misses cannot teach that it is ordinary, and a
new but honest regime is still learned, ten times slower."""

BRAKES = frozenset({"Paused", "Braked"})
"""Events by which a protocol's own log shows that somebody pulled a brake."""


@dataclass(slots=True)
class Waiting:
    """A transaction that was scored and is not yet learned."""

    block: int
    block_hash: str
    index: int
    tx: str
    alert: str
    """The alert's id, '' when it did not alert."""
    features: list[dict[str, float] | None]
    """Per detector; None where the detector failed."""
    scores: list[float]
    evidence: float
    view: str
    """What the source saw of it, see `view_of`."""
    near: bool
    """Whether it was near an alert."""


class Scales:
    """The distributions of scores and of evidence among transactions of which as much was seen.

    A source that sees storage gives more detectors something to say than one that does not, so
    that the same evidence is rarer there.
    """

    def __init__(self, detectors: Sequence[str], view: str) -> None:
        self.scores = [OnlineTail(priors.scores(name, view)) for name in detectors]
        self.evidence = OnlineTail(
            priors.evidence(detectors, view) or alerts.reference(len(detectors))
        )

    def dump(self) -> dict[str, Any]:
        """Return what was learned, as JSON."""
        return {
            "scores": [tail.dump() for tail in self.scores],
            "evidence": self.evidence.dump(),
        }

    def load(self, state: dict[str, Any], known: Sequence[bool]) -> None:
        """Become what `dump` described; `known`: which detectors are still the same."""
        self.evidence.load(state["evidence"])
        for tail, saved, same in zip(self.scores, state["scores"], known, strict=True):
            if same:
                tail.load(saved)


def is_inert(tx: Transaction) -> bool:
    """Say whether a transaction is known to have left nothing behind."""
    if tx.ok is False:
        return True
    return "writes" in tx.seen and not (tx.writes or tx.flows or tx.logs or tx.created)


def view_of(tx: Transaction) -> str:
    """Name what the source saw, as far as it decides how much detectors can say."""
    return "storage" if "writes" in tx.seen else "calls" if "calls" in tx.seen else "logs"


class Host:
    """Scores and learns one protocol's transactions, in the order of their records."""

    def __init__(self, scope: Scope, rules: Rules, detectors: Mapping[str, type[Detector]]) -> None:
        self.chain = scope.chain
        self._scope = scope
        self._rules = rules
        self._names = tuple(detectors)
        self._members = [Guarded(name, make, scope) for name, make in detectors.items()]
        self._scales: dict[str, Scales] = {}
        self._waiting: list[Waiting] = []
        self._mark = (-1, -1)
        self._allowance = NEAR_AT_ONCE
        self.learned = 0

    def take(self, tx: Transaction) -> tuple[Opinion | None, Alert | None]:
        """Score one transaction; return what the set thinks of it, and an alert if it is one.

        Returns (None, None) for a record at or below the mark: it was taken already.
        """
        if tx.phase == "pending":
            opinion, _ = self._judge(tx)
            return opinion, self._alert(tx, opinion)
        position = (tx.block, tx.index)
        if position <= self._mark:
            return None, None
        self._mark = position
        self._learn_final(tx.block)
        self._confirm_brakes(tx)
        if is_inert(tx):
            return self._idle(), None
        opinion, features = self._judge(tx)
        alert = self._alert(tx, opinion)
        self._waiting.append(
            Waiting(
                block=tx.block,
                block_hash=tx.block_hash,
                index=tx.index,
                tx=tx.tx,
                alert=alert.id if alert else "",
                features=[None if x is None else dict(x) for x in features],
                scores=[view.score for view in opinion.views],
                evidence=opinion.evidence,
                view=view_of(tx),
                near=opinion.p_value <= NEAR,
            )
        )
        return opinion, alert

    def _alert(self, tx: Transaction, opinion: Opinion) -> Alert | None:
        if opinion.p_value > self._rules.budget:
            return None
        return alerts.raise_alert(tx, opinion, self._rules, at_stake(tx, self._scope))

    def _scale(self, view: str) -> Scales:
        found = self._scales.get(view)
        if found is None:
            found = self._scales[view] = Scales(self._names, view)
        return found

    def _idle(self) -> Opinion:
        """Return the opinion of a transaction that left nothing behind."""
        nothing = Rarity(1.0, "prior")
        views = (
            alerts.View(member.spec, 0.0, nothing, self.learned, Explanation())
            for member in self._members
        )
        return Opinion(evidence=0.0, p_value=1.0, views=tuple(views))

    def _judge(self, tx: Transaction) -> tuple[Opinion, list[Features | None]]:
        """Ask every detector; a failing one has no opinion and the others go on."""
        scales = self._scale(view_of(tx))
        views: list[alerts.View] = []
        features: list[Features | None] = []
        for member, tail in zip(self._members, scales.scores, strict=True):
            x = member.features(tx, self._rules.without)
            score = 0.0 if x is None else member.score_one(x)
            features.append(x)
            views.append(
                alerts.View(
                    member.spec, score, tail.rarity(score), int(tail.learned), Explanation()
                )
            )
        opinion = alerts.fuse(views, scales.evidence)
        if opinion.p_value > self._rules.budget:
            return opinion, features
        explained = [
            member.explain_one(x, tx)
            if x is not None and view.rarity.p_value <= alerts.NOTEWORTHY
            else Explanation()
            for member, x, view in zip(self._members, features, views, strict=True)
        ]
        return opinion.explained_by(explained), features

    def _learn_final(self, head: int) -> None:
        final = head - self._rules.finality
        keep = []
        for entry in self._waiting:
            if entry.block > final - (QUARANTINE if entry.alert else 0):
                keep.append(entry)
                continue
            self._learn(entry, self._weight(entry))
        self._waiting = keep

    def _weight(self, entry: Waiting) -> float:
        """Return what a final transaction counts for, and pay for it."""
        if entry.alert:
            return SUSPECT_WEIGHT
        self._allowance = min(NEAR_AT_ONCE, self._allowance + NEAR_PER_LEARNED)
        if not entry.near:
            return 1.0
        if self._allowance < 1.0:
            return SUSPECT_WEIGHT
        self._allowance -= 1.0
        return 1.0

    def _learn(self, entry: Waiting, weight: float) -> None:
        scales = self._scale(entry.view)
        learners = zip(self._members, scales.scores, entry.features, entry.scores, strict=True)
        for member, tail, x, score in learners:
            if x is not None:
                member.learn_one(x, weight)
                tail.learn(score, weight)
        scales.evidence.learn(entry.evidence, weight)
        self.learned += 1

    def _confirm_brakes(self, tx: Transaction) -> None:
        """Drop what alerted before a brake that the protocol's own contracts report."""
        manifest = self._scope.manifest
        braked = manifest is not None and any(
            log.name in BRAKES and log.contract in manifest.addresses for log in tx.logs
        )
        if braked:
            self._waiting = [entry for entry in self._waiting if not entry.alert]

    def retract(self, block: int, block_hash: str) -> list[Withdrawal]:
        """Forget a block that left the chain; return the alerts that no longer hold."""
        gone = [e for e in self._waiting if e.block == block and e.block_hash == block_hash]
        if gone:
            self._waiting = [entry for entry in self._waiting if entry not in gone]
            self._mark = min(self._mark, (block, -1))
        return [self._withdrawal(entry) for entry in gone if entry.alert]

    def _withdrawal(self, entry: Waiting) -> Withdrawal:
        return Withdrawal(
            id=content_id("withdrawal", entry.alert),
            alert=entry.alert,
            chain=self._scope.chain,
            protocol=self._scope.protocol,
            set=self._rules.set_name,
            block=entry.block,
            block_hash=entry.block_hash,
            tx=entry.tx,
            reason=f"block {entry.block} ({entry.block_hash[:10]}…) left the chain",
        )

    def faults(self) -> Iterable[tuple[str, str]]:
        """Return (detector, what happened) for failures since the last call."""
        for member in self._members:
            yield from ((member.name, fault) for fault in member.take_faults())

    def dump(self) -> dict[str, Any]:
        """Return everything as JSON; `load` of it continues exactly as this host would."""
        return {
            "mark": list(self._mark),
            "learned": self.learned,
            "allowance": self._allowance,
            "waiting": [
                [getattr(entry, field.name) for field in fields(Waiting)] for entry in self._waiting
            ],
            "scales": {view: scales.dump() for view, scales in self._scales.items()},
            "detectors": list(self._names),
            "members": {
                member.name: {"version": member.spec.version, "state": member.dump()}
                for member in self._members
            },
        }

    def load(self, state: dict[str, Any]) -> None:
        """Become what `dump` described. A detector whose version changed starts anew."""
        self._mark = (int(state["mark"][0]), int(state["mark"][1]))
        self.learned = int(state["learned"])
        self._allowance = float(state["allowance"])
        self._waiting = [Waiting(*entry) for entry in state["waiting"]]
        known = []
        for member in self._members:
            saved = state["members"].get(member.name)
            known.append(saved is not None and saved["version"] == member.spec.version)
            if known[-1]:
                member.load(saved["state"])
        if state["detectors"] == list(self._names):
            for view, saved in state["scales"].items():
                self._scale(view).load(saved, known)
