"""Single events against the history of their contract: the quick look beside the thorough one.

`chain-events-v1` carries every log by itself, so this sees what moved before the whole transaction
is put together, at a few microseconds an event. An event's score is z^2 / 2 of the largest distance
of any number in it (`detectors.event_sizes`), the exponent of a normal tail. What a score is worth
is decided as everywhere: by its rank among the contract's own (`detectors.tail`), against the
protocol's false-alarm budget.

Scored at the head, learned at finality, as `detectors.host` tells.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from detectors.event_sizes import UNKNOWN, EventSizes
from detectors.rules import Rules
from detectors.tail import OnlineTail
from schemas import links
from schemas.alerts import Alert, Evidence, Severity, Vote, Withdrawal
from schemas.chain import Event
from schemas.codec import faithful
from schemas.ids import content_id

NAME, VERSION = "event-size", "1.0.0"
TECHNIQUE = "ADT3012"

MAX_WAITING = 8_192
"""Events of one contract that wait for finality; what comes on top is scored and never learned."""
SUSPECT_WEIGHT = 0.05
"""What an event that alerted counts for among the sizes, once final. Its score counts fully: else
the share of scores beyond the budget's would be underrated, and more would alert than it allows."""

_SEVERITIES: tuple[tuple[float, Severity], ...] = ((1e-4, "high"), (1e-2, "medium"))
"""By how far the p-value lies below the budget; never critical, a single event is no proof."""


class _Waiting(msgspec.Struct, gc=False):
    """An event that was scored and is not yet learned. Thousands wait: the collector need not walk
    them, nothing in one refers back to it."""

    block: int
    block_hash: str
    log: int
    tx: str
    alert: str
    """The alert's id, '' when it did not alert."""
    score: float
    name: str
    sizes: dict[str, float]
    """Per argument the logarithm of its size."""


class EventHost:
    """Scores and learns one contract's events, in the order of their records."""

    layout = 1

    def __init__(self, chain: str, protocol: str, rules: Rules) -> None:
        self.chain = chain
        self._protocol = protocol
        self._rules = rules
        self._sizes = EventSizes()
        self._tail = OnlineTail()
        self._ordinary = 0.0
        """The score up to which none can alert; moves with what the tail learns."""
        self._waiting: list[_Waiting] = []
        self._mark = (-1, -1)
        self._newest = ""
        """The hash of the block that the mark is in; '' after that block was retracted."""
        self.learned = 0
        self.turned_away = 0
        """Events that were scored and will never be learned, for want of room."""

    def take(self, event: Event) -> tuple[float | None, Alert | None]:
        """Score one event; return its score, and an alert if it is one.

        Returns (None, None) for a record at or below the mark: it was taken already. The score is
        `UNKNOWN` before enough is known of any of its sizes.
        """
        block, log = place = event.block, event.log
        mark = self._mark
        if place <= mark:
            return None, None
        self._mark, self._newest = place, event.block_hash
        if block > mark[0]:
            self._learn_final(block - self._rules.finality)
        sizes, largest = self._sizes.measured(event)
        score = 0.5 * largest * largest if largest > 0.0 else largest
        alert = None
        if score > self._ordinary:
            p_value = self._tail.p_value(score)
            if p_value <= self._rules.budget:
                alert = self._alert(event, sizes, score, p_value)
        waiting = self._waiting
        if len(waiting) < MAX_WAITING or alert is not None:
            alert_id = alert.id if alert else ""
            waiting.append(
                _Waiting(block, event.block_hash, log, event.tx, alert_id, score, event.name, sizes)
            )
        else:
            self.turned_away += 1
        return score, alert

    def _learn_final(self, final: int) -> None:
        scores: list[float] = []
        done = 0
        for entry in self._waiting:
            if entry.block > final:
                break
            done += 1
            weight = SUSPECT_WEIGHT if entry.alert else 1.0
            self._sizes.learn(entry.name, entry.sizes, weight)
            if entry.score != UNKNOWN:
                scores.append(entry.score)
        if done:
            self.learned += done
            del self._waiting[:done]
            self._tail.learn_all(scores)
            self._ordinary = self._tail.ordinary(self._rules.budget)

    def _alert(
        self, event: Event, sizes: Mapping[str, float], score: float, p_value: float
    ) -> Alert:
        rules = self._rules
        reasons = tuple(self._sizes.reasons(event.name, sizes))
        vote = Vote(
            detector=NAME,
            version=VERSION,
            score=score,
            p_value=p_value,
            tail=self._tail.rarity(score).tail,
            learned=int(self._tail.learned),
            alerted=True,
            technique=TECHNIQUE,
            reasons=reasons,
            evidence=(Evidence(what=f"{event.name} of {event.contract}"[:500], log=event.log),),
            made_from=("events",),
        )
        ratio = p_value / rules.budget
        return Alert(
            id=content_id(
                "event-alert", rules.set_name, event.chain, event.protocol, event.block_hash,
                event.tx, event.log,
            ),
            chain=event.chain,
            protocol=event.protocol,
            set=rules.set_name,
            phase="head",
            block=event.block,
            block_hash=event.block_hash,
            timestamp=event.timestamp,
            index=event.index,
            tx=event.tx,
            score=max(0.0, -math.log10(p_value)),
            p_value=p_value,
            budget=rules.budget,
            severity=next((name for bound, name in _SEVERITIES if ratio <= bound), "low"),
            summary="; ".join(reason.text for reason in reasons)[:500],
            votes=(vote,),
            reference=links.reference(event.chain, event.tx),
            link=links.page(rules.explorer, event.tx),
        )  # fmt: skip

    def retract(self, block: int, block_hash: str) -> list[Withdrawal]:
        """Forget a block that left the chain; return the alerts that no longer hold."""
        gone = [e for e in self._waiting if e.block == block and e.block_hash == block_hash]
        names = {id(entry) for entry in gone}
        self._waiting = [entry for entry in self._waiting if id(entry) not in names]
        # Events that found no room do not wait; blocks are retracted from the highest down.
        below = not self._newest and self._mark[0] > block
        if gone or self._newest == block_hash or below:
            self._mark, self._newest = min(self._mark, (block, -1)), ""
        return [
            Withdrawal(
                id=content_id("withdrawal", entry.alert),
                alert=entry.alert,
                chain=self.chain,
                protocol=self._protocol,
                set=self._rules.set_name,
                block=block,
                block_hash=block_hash,
                tx=entry.tx,
                reason=f"block {block} ({block_hash[:10]}…) left the chain",
            )
            for entry in gone
            if entry.alert
        ]

    def faults(self) -> Sequence[tuple[str, str]]:
        """Return nothing: no stranger's code runs here."""
        return ()

    def shrink(self) -> str:
        """Give up every second event that waits to be learned, those that alerted last; say what it
        was."""
        before = len(self._waiting)
        kept = [e for n, e in enumerate(self._waiting) if n % 2 or e.alert]
        self._waiting = kept if len(kept) < before else kept[::2]
        self.turned_away += before - len(self._waiting)
        return f"{before - len(self._waiting)} events that waited to be learned"

    def dump(self) -> dict[str, Any]:
        """Return everything as JSON; `load` of it continues exactly as this host would."""
        return {
            "mark": list(self._mark),
            "newest": self._newest,
            "learned": self.learned,
            "sizes": self._sizes.dump(),
            "tail": self._tail.dump(),
            "waiting": [
                [
                    e.block,
                    e.block_hash,
                    e.log,
                    e.tx,
                    e.alert,
                    e.score,
                    e.name,
                    [[argument, scaled] for argument, scaled in e.sizes.items()],
                ]
                for e in self._waiting
            ],
        }

    def written(self) -> bytes:
        """Return `dump` as text."""
        return faithful(self.dump())

    def load(self, state: dict[str, Any]) -> None:
        """Become what `dump` described."""
        self._mark = (int(state["mark"][0]), int(state["mark"][1]))
        self._newest = str(state["newest"])
        self.learned = int(state["learned"])
        self._sizes.load(state["sizes"])
        self._tail.load(state["tail"])
        self._ordinary = self._tail.ordinary(self._rules.budget)
        self._waiting = [
            _Waiting(
                int(block), block_hash, int(log), tx, alert, float(score), name, _read_sizes(sizes)
            )
            for block, block_hash, log, tx, alert, score, name, sizes in state["waiting"]
        ]


def _read_sizes(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    return {argument: float(scaled) for argument, scaled in pairs}
