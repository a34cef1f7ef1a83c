"""The host of one detector set for one protocol: it owns order, the plug-ins own mathematics.

A transaction is scored the moment its block is seen and learned from only once it is final, so a
reorg needs no unlearning and nobody can teach the baseline within an attack. Waiting transactions
are learned when a later transaction of the same protocol is deep enough, before that one is scored:
everything depends on the protocol's own records alone, however topics are partitioned.

One that alerted waits longer and then counts for little (`detectors.waiting`). Never learning
anything that alerted would flag a new but honest regime for ever.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from detectors import alerts, priors
from detectors.alerts import Opinion
from detectors.api import Detector, Explanation, Features, Scope
from detectors.guarded import Guard, Source, guard
from detectors.rules import Rules
from detectors.tail import OnlineTail
from detectors.waiting import Lesson, Waiting, WaitingRoom
from schemas.alerts import Alert, Withdrawal
from schemas.chain import Transaction
from schemas.ids import content_id

_NOTHING = Explanation()

BRAKES = frozenset({"Paused", "Braked"})
"""Events by which a protocol's own log shows that somebody pulled a brake."""


@dataclass(slots=True)
class Member:
    """One detector of the set, with the distribution of its scores."""

    detector: Guard
    tail: OnlineTail


class Host:
    """Scores and learns one protocol's transactions, in the order of their records."""

    def __init__(
        self, scope: Scope, rules: Rules, detectors: Mapping[str, type[Detector] | Source]
    ) -> None:
        self.chain = scope.chain
        self._scope = scope
        self._rules = rules
        self._sources = detectors
        self._members = [
            Member(guard(name, source, scope), OnlineTail(priors.scores(name)))
            for name, source in detectors.items()
        ]
        fused = sum(m.detector.ours and not m.detector.spec.rule for m in self._members)
        self._together = OnlineTail(alerts.reference(fused))
        self._waiting = WaitingRoom(rules.finality)
        self._mark = (-1, -1)
        self.learned = 0

    def take(self, tx: Transaction) -> tuple[Opinion | None, Alert | None]:
        """Score one transaction; return what the set thinks of it, and an alert if it is one.

        Returns (None, None) for a record at or below the mark: it was taken already.
        """
        if tx.phase == "pending":
            opinion, _ = self._judge(tx)
            return opinion, alerts.raise_alert(tx, opinion, self._rules)
        position = (tx.block, tx.index)
        if position <= self._mark:
            return None, None
        self._mark = position
        self._learn_final(tx.block)
        self._confirm_brakes(tx)
        opinion, features = self._judge(tx)
        alert = alerts.raise_alert(tx, opinion, self._rules)
        self._waiting.add(
            Waiting(
                block=tx.block,
                block_hash=tx.block_hash,
                index=tx.index,
                tx=tx.tx,
                alert=alert.id if alert else "",
                features=[
                    None if x is None else dict(member.detector.lesson(x))
                    for member, x in zip(self._members, features, strict=True)
                ],
                scores=[view.score for view in opinion.views],
                evidence=opinion.evidence,
                suspect=opinion.together <= self._rules.budget,
            )
        )
        return opinion, alert

    def _judge(self, tx: Transaction) -> tuple[Opinion, list[Features | None]]:
        """Ask every detector; a failing one has no opinion and the others go on."""
        views: list[alerts.View] = []
        features: list[Features | None] = []
        for member in self._members:
            x = member.detector.features(tx, self._rules.without)
            score = 0.0 if x is None else member.detector.score_one(x)
            rule = member.detector.ours and member.detector.spec.rule
            rarity = alerts.verdict(score) if rule else member.tail.rarity(score)
            features.append(x)
            views.append(
                alerts.View(
                    spec=member.detector.spec,
                    score=score,
                    rarity=rarity,
                    learned=int(member.tail.learned),
                    explanation=_NOTHING,
                    ours=member.detector.ours,
                )
            )
        opinion = alerts.fuse(views, self._together)
        if opinion.p_value > self._rules.budget:
            return opinion, features
        explained = [
            member.detector.explain_one(x, tx)
            if x is not None and view.rarity.p_value <= alerts.NOTEWORTHY
            else _NOTHING
            for member, x, view in zip(self._members, features, views, strict=True)
        ]
        return opinion.explained_by(explained), features

    def _learn_final(self, head: int) -> None:
        for lesson in self._waiting.due(head):
            self._learn(lesson)

    def _learn(self, lesson: Lesson) -> None:
        entry, weight = lesson.entry, lesson.weight
        for member, x, score in zip(self._members, entry.features, entry.scores, strict=True):
            due = lesson.ours if member.detector.ours else lesson.theirs
            if due and x is not None:
                member.detector.learn_one(x, weight)
                member.tail.learn(score, weight)
        if lesson.ours:
            self._together.learn(entry.evidence, weight)
            self.learned += 1

    def _confirm_brakes(self, tx: Transaction) -> None:
        """Drop what alerted before a brake that the protocol's own contracts report."""
        manifest = self._scope.manifest
        braked = manifest is not None and any(
            log.name in BRAKES and log.contract in manifest.addresses for log in tx.logs
        )
        if braked:
            self._waiting.confirm_brake()

    def retract(self, block: int, block_hash: str) -> list[Withdrawal]:
        """Forget a block that left the chain; return the alerts that no longer hold."""
        gone = self._waiting.retract(block, block_hash)
        if gone:
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

    def faults(self) -> Sequence[tuple[str, str]]:
        """Return (detector, what happened) for failures since the last call."""
        return [
            (member.detector.name, fault)
            for member in self._members
            for fault in member.detector.take_faults()
        ]

    @property
    def turned_away(self) -> int:
        """How many transactions were scored and will never be learned, for want of room."""
        return self._waiting.turned_away

    def shrink(self) -> str:
        """Give up the least of what is known, so that it fits into a snapshot; say what it was.

        For what should not happen: everything here is bounded. Rather forget a little, and say so,
        than stop over a state that somebody blew up on purpose.
        """
        if len(self._waiting):
            return f"{self._waiting.halve()} transactions that waited to be learned"
        largest = max(self._members, key=lambda m: len(orjson.dumps(m.detector.dump())))
        largest.detector = guard(
            largest.detector.name, self._sources[largest.detector.name], self._scope
        )
        return f"all that {largest.detector.name} had learned"

    def dump(self) -> dict[str, Any]:
        """Return everything as JSON; `load` of it continues exactly as this host would."""
        return {
            "mark": list(self._mark),
            "learned": self.learned,
            "waiting": self._waiting.dump(),
            "together": self._together.dump(),
            "members": {
                member.detector.name: {
                    "version": member.detector.spec.version,
                    "state": member.detector.dump(),
                    "tail": member.tail.dump(),
                }
                for member in self._members
            },
        }

    def load(self, state: dict[str, Any]) -> None:
        """Become what `dump` described. A detector whose version changed starts anew."""
        self._mark = (int(state["mark"][0]), int(state["mark"][1]))
        self.learned = int(state["learned"])
        self._waiting.load(state["waiting"])
        self._together.load(state["together"])
        for member in self._members:
            saved = state["members"].get(member.detector.name)
            if saved is not None and saved["version"] == member.detector.spec.version:
                member.detector.load(saved["state"])
                member.tail.load(saved["tail"])
