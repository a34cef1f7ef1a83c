"""The host of one detector set for one protocol: it owns order, the plug-ins own mathematics.

A transaction is scored the moment its block is seen and learned from only once it is final, so a
reorg needs no unlearning and nobody can teach the baseline within an attack. Waiting transactions
are learned when a later transaction of the same protocol is deep enough, before that one is scored:
everything depends on the protocol's own records alone, however topics are partitioned.

Before it is learned it is judged once more, by what was learned up to then, and that is the score
which teaches how scores are spread. The one it got when it was seen may be older than a baseline by
all that waited for finality: while a protocol is young, its baselines have nothing to say yet, and
a spread of such scores would take every later one for an exception.

One that alerted waits longer and then counts for little (`detectors.waiting`). Never learning
anything that alerted would flag a new but honest regime for ever.

A transaction that left nothing behind (`is_inert`: it was reverted, or the source sees that it
wrote, moved and emitted nothing) took nothing either. It gets p-value 1 and teaches nothing, so
nobody trains a baseline with calls that cost only gas, and thousands of idle calls do not make
every real one look rare.
"""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeGuard

import msgspec
import orjson

from detectors import alerts
from detectors.alerts import Opinion
from detectors.api import Detector, Explanation, Features, Scope
from detectors.guarded import Source, guard
from detectors.involved import involved
from detectors.market.api import PriceDetector
from detectors.market.watch import PriceWatch
from detectors.rules import Rules
from detectors.scales import Scales, view_of
from detectors.stake import at_stake, losing
from detectors.tail import OnlineTail, Rarity
from detectors.waiting import SUSPECT_WEIGHT, Lesson, Waiting, WaitingRoom
from schemas.alerts import Alert, Withdrawal
from schemas.chain import Price, Transaction
from schemas.codec import faithful
from schemas.ids import content_id

_NOTHING = Explanation()

NEAR = 0.02
"""The p-value below which a transaction is near an alert."""

NEAR_PER_LEARNED, NEAR_AT_ONCE = 2 * NEAR, 8.0
"""How many such transactions may teach at full weight: twice as many as chance brings, eight in a
row. The others count like suspects, so a run of near misses cannot teach that it is ordinary, and a
new but honest regime is still learned, ten times slower."""

HIGHEST_COUNTED = 1.4
"""A score that alerted counts fully once its transaction is learned, but no higher than one whose
p-value is this times the budget, which is just short of an alert. So the share that alerts becomes
known and settles near the budget, as ordinary scores crowd up against the alarm; and whoever is
caught again and again moves the alarm by next to nothing, however large the catch. Measured with 1%
of poison over 5,000 transactions: counted as high as 0.3, twelve of twenty attack sizes are lost;
at 1.4, one. What heavy tails then alert is 1.7 times the budget; at a twentieth of the weight it
was six times."""

BRAKES = frozenset({"Paused", "Braked"})
"""Events by which a protocol's own log shows that somebody pulled a brake."""


def is_inert(tx: Transaction) -> bool:
    """Say whether a transaction is known to have left nothing behind."""
    if tx.ok is False:
        return True
    return "writes" in tx.seen and not (tx.writes or tx.flows or tx.logs or tx.created)


def _reads_prices(source: type[Detector] | Source) -> TypeGuard[type[PriceDetector]]:
    return isinstance(source, type) and issubclass(source, PriceDetector)


class Host:
    """Scores and learns one protocol's transactions, in the order of their records."""

    layout = 2

    def __init__(
        self, scope: Scope, rules: Rules, detectors: Mapping[str, type[Detector] | Source]
    ) -> None:
        self.chain = scope.chain
        self._scope = scope
        self._rules = rules
        self._sources = detectors
        self._members = [
            guard(name, source, scope)
            for name, source in detectors.items()
            if not _reads_prices(source)
        ]
        self._prices = PriceWatch(scope, rules, filter(_reads_prices, detectors.values()))
        self._scales: dict[str, Scales] = {}
        self._waiting = WaitingRoom(rules.finality)
        self._attend()
        self._mark = (-1, -1)
        self._newest = ""
        """The hash of the block that the mark is in; '' after that block was retracted."""
        self._allowance = NEAR_AT_ONCE
        self.learned = 0

    def _attend(self) -> None:
        for place, member in enumerate(self._members):
            member.attend(partial(self._waiting.of, place))

    def take(self, tx: Transaction) -> tuple[Opinion | None, Alert | None]:
        """Score one transaction; return what the set thinks of it, and an alert if it is one.

        Returns (None, None) for a record at or below the mark: it was taken already.
        """
        if tx.phase == "pending":
            if is_inert(tx):
                return self._idle(), None
            opinion, _ = self._judge(tx)
            return opinion, self._alert(tx, opinion)
        position = (tx.block, tx.index)
        if position <= self._mark:
            return None, None
        self._mark, self._newest = position, tx.block_hash
        self._learn_final(tx.block)
        self._confirm_brakes(tx)
        if is_inert(tx):
            return self._idle(), None
        opinion, features = self._judge(tx)
        alert = self._alert(tx, opinion)
        self._waiting.add(
            Waiting(
                block=tx.block,
                block_hash=tx.block_hash,
                index=tx.index,
                tx=tx.tx,
                alert=alert.id if alert else "",
                features=[
                    None if x is None else dict(member.lesson(x))
                    for member, x in zip(self._members, features, strict=True)
                ],
                suspect=opinion.together <= self._rules.budget,
                near=opinion.together <= NEAR,
                view=view_of(tx),
            )
        )
        return opinion, alert

    def _alert(self, tx: Transaction, opinion: Opinion) -> Alert | None:
        if opinion.p_value > self._rules.budget:
            return None
        lost: tuple[str, ...] = ()
        try:
            stake = at_stake(tx, self._scope) or "no outflow was seen"
            lost = losing(tx, self._scope)
        except (ArithmeticError, ValueError):  # amounts are a stranger's words; the alert goes out
            stake = "what moved could not be read"
        alert = alerts.raise_alert(tx, opinion, self._rules, stake)
        return alert and msgspec.structs.replace(
            alert, losing=lost, involved=involved(tx, self._scope)
        )

    def _scale(self, view: str) -> Scales:
        found = self._scales.get(view)
        if found is None:
            found = self._scales[view] = Scales(self._members, view)
        return found

    def _idle(self) -> Opinion:
        """Return the opinion of a transaction that left nothing behind."""
        nothing = Rarity(1.0, "prior")
        views = (
            alerts.View(member.spec, 0.0, nothing, self.learned, _NOTHING, member.ours)
            for member in self._members
        )
        return Opinion(evidence=0.0, p_value=1.0, views=tuple(views), together=1.0)

    def take_price(self, price: Price, head: int = 0) -> tuple[Opinion, Alert | None]:
        """Judge one bar of a market that the protocol depends on, then learn it: a bar is final.

        `head` is the newest block known of the protocol's chain: an alert is as old as that.
        """
        return self._prices.take(price, max(0, head, self._mark[0]))

    def _judge(self, tx: Transaction) -> tuple[Opinion, list[Features | None]]:
        """Ask every detector; a failing one has no opinion and the others go on."""
        scales = self._scale(view_of(tx))
        views: list[alerts.View] = []
        features: list[Features | None] = []
        for member, tail in zip(self._members, scales.scores, strict=True):
            x = member.features(tx, self._rules.without)
            score = 0.0 if x is None else member.score_one(x)
            rule = member.ours and member.spec.rule
            rarity = alerts.verdict(score) if rule else tail.rarity(score)
            features.append(x)
            known, ours = int(tail.learned), member.ours
            views.append(alerts.View(member.spec, score, rarity, known, _NOTHING, ours, bool(x)))
        opinion = alerts.fuse(views, scales.evidence)
        if opinion.p_value > self._rules.budget:
            return opinion, features
        explained = [
            member.explain_one(x, tx)
            if x is not None and view.rarity.p_value <= alerts.NOTEWORTHY
            else _NOTHING
            for member, x, view in zip(self._members, features, views, strict=True)
        ]
        return opinion.explained_by(explained), features

    def _learn_final(self, head: int) -> None:
        for lesson in self._waiting.due(head):
            self._learn(lesson)

    def _learn(self, lesson: Lesson) -> None:
        entry, weight = lesson.entry, self._weight(lesson)
        scales = self._scale(entry.view)
        evidence: list[float] = []
        for member, tail, x in zip(self._members, scales.scores, entry.features, strict=True):
            due = lesson.ours if member.ours else lesson.theirs
            if not due or x is None:
                continue
            score = member.score_one(x)
            if member.ours and not member.spec.rule:
                evidence.append(-math.log(tail.p_value(score)))
            member.learn_one(x, weight)
            self._count(tail, score, lesson, weight)
        if lesson.ours:
            if entry.whole:
                self._count(scales.evidence, math.fsum(evidence), lesson, weight)
            self.learned += 1

    def _count(self, tail: OnlineTail, score: float, lesson: Lesson, weight: float) -> None:
        alerted = lesson.entry.suspect if lesson.ours else lesson.entry.alert
        if alerted:
            tail.learn(min(score, tail.level(HIGHEST_COUNTED * self._rules.budget)), 1.0)
        else:
            tail.learn(score, weight)

    def _weight(self, lesson: Lesson) -> float:
        """Return what a final transaction counts for, and pay for it."""
        if not lesson.ours or lesson.entry.suspect:
            return lesson.weight
        self._allowance = min(NEAR_AT_ONCE, self._allowance + NEAR_PER_LEARNED)
        if not lesson.entry.near:
            return lesson.weight
        if self._allowance < 1.0:
            return SUSPECT_WEIGHT
        self._allowance -= 1.0
        return lesson.weight

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
        # Of a block that taught nothing none waits; blocks are retracted from the highest down.
        below = not self._newest and self._mark[0] > block
        if gone or self._newest == block_hash or below:
            self._mark, self._newest = min(self._mark, (block, -1)), ""
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
        found = [(member.name, fault) for member in self._members for fault in member.take_faults()]
        return found + self._prices.take_faults()

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
        sizes = [len(orjson.dumps(member.dump())) for member in self._members]
        place = sizes.index(max(sizes))
        name = self._members[place].name
        self._members[place] = guard(name, self._sources[name], self._scope)
        self._attend()
        for scales in self._scales.values():
            scales.anew(place, name)
        return f"all that {name} had learned"

    def dump(self) -> dict[str, Any]:
        """Return everything as JSON; `load` of it continues exactly as this host would."""
        return self._state(self._waiting.dump())

    def written(self) -> bytes:
        """Return `dump` as text. What waits was written when it began to."""
        learned = self._state([])
        faithful(learned)
        return orjson.dumps({**learned, "waiting": self._waiting.written()})

    def _state(self, waiting: list[list[Any]]) -> dict[str, Any]:
        return {
            "mark": list(self._mark),
            "learned": self.learned,
            "newest": self._newest,
            "allowance": self._allowance,
            "waiting": waiting,
            "prices": self._prices.dump(),
            "scales": {view: scales.dump() for view, scales in self._scales.items()},
            "detectors": [member.name for member in self._members],
            "fused": self._fused(),
            "members": {
                member.name: {"version": member.spec.version, "state": member.dump()}
                for member in self._members
            },
        }

    def load(self, state: dict[str, Any]) -> None:
        """Become what `dump` described. A detector whose version changed starts anew."""
        self._mark = (int(state["mark"][0]), int(state["mark"][1]))
        self.learned = int(state["learned"])
        self._newest = str(state["newest"])
        self._allowance = float(state["allowance"])
        self._prices.load(state["prices"])
        places = {name: place for place, name in enumerate(state["detectors"])}
        kept: list[int | None] = []
        for member in self._members:
            saved = state["members"].get(member.name)
            same = saved is not None and saved["version"] == member.spec.version
            kept.append(places.get(member.name) if same else None)
            if same:
                member.load(saved["state"])
        same_set = set(state["fused"]) == set(self._fused()) and None not in self._places_of_fused(
            kept
        )
        self._waiting.load(state["waiting"], kept, same_set=same_set)
        for view, saved in state["scales"].items():
            self._scale(view).load(saved, kept, same_set=same_set)

    def _fused(self) -> list[str]:
        return [member.name for member in self._members if member.ours and not member.spec.rule]

    def _places_of_fused(self, kept: Sequence[int | None]) -> list[int | None]:
        fused = set(self._fused())
        return [p for m, p in zip(self._members, kept, strict=True) if m.name in fused]
