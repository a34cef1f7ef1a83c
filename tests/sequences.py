"""Sequences of what alerts, people, time and a chain may do to a responder, made from bytes.

The real `Response` decides, with its policy, halt rule, guard and ledger. Behind it stands a chain
of a few numbers: a gate's budget, and a token bucket of its own or a contract that takes a whole
state at once (`tests.absolutes`), which people may change while what was signed waits to be mined.
Each byte is a choice, so that whoever finds a sequence that breaks a promise can shorten it. After
every act all promises are looked at again (`tests.promises`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

from responders.actions import follow
from responders.adapters.base import AlsoStops, Condition, Plan
from responders.bucket import Limits as Flow
from responders.entries import Step
from responders.guard import too_old
from responders.ledger import Ledger
from responders.levers import Lever
from responders.linkage import Heard
from responders.response import Response
from runtime.broker import Message
from runtime.metrics import Metrics
from schemas.activities import Activity
from schemas.alerts import Alert, Reason
from schemas.manifest import Limits, Manifest
from schemas.topics import ALERTS
from tests.absolutes import KINDS, Absolute
from tests.bucket_model import Bucket
from tests.promises import BrokenPromiseError, Sent, keep, keep_within
from tests.unit.responders.examples import POOL, START, alert, brake, costs, manifest, vote

VAULT = "0x" + "cc" * 20
LAPSES = 240
"""Seconds after which the vault's brake lets go by itself; the pool's is released by people."""

LIMITS = (
    (1, 2, 3600, 600), (1, None, 86_400, 600), (3, 1, 600, 60), (0, 3, 1200, 0),
    (2, 0, 300, 240),
)  # fmt: skip
MANIFESTS = [
    manifest(
        brake(name="tighten", scope="T1", target=VAULT) if kind is None else kind.brake(VAULT),
        brake(name="pause", scope="T2"),
        limits=Limits(
            brakes_per_window=broad,
            narrow_brakes_per_window=narrow,
            window_seconds=window,
            cooldown_seconds=cooldown,
            alert_blocks=25,
        ),
        halt=costs(),
    )
    for kind in (None, *KINDS)
    for broad, narrow, window, cooldown in LIMITS
]
KIND = {kind.adapter_name: kind for kind in KINDS}
WIDE, TIGHT, RAMP = Flow(1000, 1), Flow(50, 0), 240

_REQUEST = Reason(
    feature=f"requested:{VAULT}", observed=1, expected=0, distance=1, unit="", text=""
)
_VOTES = (
    (vote("asset-outflow"), vote("price-move")),
    (vote("asset-outflow"),),
    (vote("rules", tail="rule", made_from=("state",)),),
    (vote("rules", tail="rule", made_from=("state",)), vote("asset-outflow")),
    (vote("price-move", made_from=("volatility",)),),
    (vote("halt-requests", tail="rule", made_from=("requests",), reasons=(_REQUEST,)),),
)
_TEMPLATES = [
    alert(1, votes=votes, p_value=p_value, losing=losing)
    for votes in _VOTES
    for p_value in (1e-6, 1e-2)
    for losing in ((), (POOL,), (VAULT,))
]
_WAITS = (0, 1, 12, 120, 239, 300, 600, 3599)
_AGES = (0, 0, 0, 1, 25, 26, 300)
_METRICS = Metrics()
_MESSAGE = Message(ALERTS.name, 0, 0, b"meadow", None, ())


class _Target:
    """One contract, and how it stands; its brake is the same call always."""

    def __init__(self, address: str, scope: str, lapses: int | None, scene: "Scene") -> None:
        self.adapter = cast("Any", _Probed(self, scene))
        stops = AlsoStops("", frozenset({Activity.TRADING}))
        self._plan = Plan(
            address, "0x8456cb59", 500_000, cast("Any", scope), stops, lapses_after=lapses
        )
        self.lapses = lapses
        self.until: float = 0
        self.asked_at: int | None = None

    def plan(self) -> Plan:
        return self._plan

    def braked(self, now: int) -> bool:
        return now < self.until

    def pull(self, now: int) -> None:
        self.until = now + self.lapses if self.lapses is not None else float("inf")

    def people(self, _choice: int) -> None:
        """Let people release it, or nobody."""
        self.until = 0


@dataclass
class Scene:
    """A responder on a chain, one sequence long. It is its own book, executor and outlook."""

    choices: Iterator[int]
    manifest: Manifest
    ledger: Ledger = field(default_factory=Ledger)
    now: int = START
    head: int = 1000
    armed: bool = True
    switched_on: bool = True
    at_risk: float | None = None
    withdrawn: bool = False
    sent: list[Sent] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)
    """What was signed and is in no block, by action."""
    steps: int = 0
    out: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        lapses = {"T1": LAPSES, "T2": None}
        levers = {}
        self.targets: dict[str, _Target | Absolute] = {}
        self.flow = Bucket.full(WIDE, self.now)
        self.limits = self.manifest.limits
        for one in self.manifest.brakes:
            kind, scope = KIND.get(one.adapter), one.scope
            made = kind() if kind else _Target(one.target, scope, lapses[scope], self)
            lever = Lever(self.manifest, one, made.adapter)
            self.targets[lever.target] = made
            levers[lever.key] = lever
        me = cast("Any", self)
        self.response = Response(levers, me, me, me, me, _METRICS)

    # ------------------------------------------------------------------ what a responder stands on

    @property
    def time(self) -> int:
        return self.now

    def now_ns(self) -> int:
        return self.now * 10**9

    def heard(self, _protocol: str) -> None:
        """Nobody warns of anything."""

    def value(self, _protocol: str) -> float:
        return 5_000_000.0

    def bucket(self, _protocol: str) -> None:
        """None on chain that the halt rule would know of."""

    def reach(self, _protocol: str, _losing: tuple[str, ...]) -> None:
        """What its contracts hold is not known."""

    def fees_paid(self, _manifest: object, _tx: str) -> float:
        return 0.0

    def still_at_risk(self, _protocol: str, _tx: str) -> float | None:
        return self.at_risk

    def note(self, protocol: str, incident: str, time: int) -> None:
        self.ledger.note(protocol, incident, time)

    def write(self, *steps: Step) -> None:
        for step in steps:
            self.ledger.take(step)
            self.steps += 1

    def advance(self, action: str) -> None:
        """Take a brake as far as the chain lets it, or as this sequence wants."""
        course = self.ledger.courses[action]
        target, renewal = self.targets[course.action.target], _renews(course.step)
        if course.state == "broadcast":
            self._waited(course.step, target)
        if course.state != "authorised":
            return
        choice = next(self.choices, 0) % 8
        old = too_old(course.step.block, self.head, self.limits)
        if old and not self.at_risk:  # as `Preparation` has it
            self._go(course.step, "refused")
        elif target.braked(self.now) and not renewal:
            self._go(course.step, "satisfied")
        elif choice == 7:
            self._go(course.step, "failed")
        elif choice == 6:
            return  # its node does not answer for now
        else:
            step = self._signed(course.step, target, renewal=renewal)
            if choice < 4:
                self._mined(step, target)

    def _signed(self, step: Step, target: "_Target | Absolute", *, renewal: bool) -> Step:
        self.sent.append(
            Sent(
                time=step.time,
                scope=step.action.scope,
                target=step.action.target,
                renewal=renewal,
                behind=self.head - step.block,
                at_risk=bool(self.at_risk),
                withdrawn=self.withdrawn,
                braked=target.braked(self.now),
                asked_at=target.asked_at,
            )
        )
        target.asked_at = step.time
        step = self._go(step, "nonce-reserved")
        return self._offered(step, target)

    def _offered(self, step: Step, target: "_Target | Absolute") -> Step:
        """Sign what is to be set as it stands now, and hand it to the pool."""
        action = step.action.action
        if isinstance(target, Absolute):
            self.waiting[action] = target.signed(action)
            if target.would_loosen(self.waiting[action]):
                raise BrokenPromiseError(f"signed what lets loose: {target.states[-1]}")
        return self._go(self._go(step, "signed"), "broadcast")

    def _waited(self, step: Step, target: "_Target | Absolute") -> None:
        """Let people change things, or nobody; then what waits is mined, or signed anew."""
        choice = next(self.choices, 0)
        if choice & 1:
            target.people(choice // 4)
        if choice & 2:
            self._offered(step, target)
        else:
            self._mined(step, target)

    def _mined(self, step: Step, target: "_Target | Absolute") -> None:
        step = self._go(step, "included")
        if isinstance(target, Absolute):
            told = target.mined(self.waiting.pop(step.action.action))
            if told and (target.let_loose() or not target.braked(self.now)):
                raise BrokenPromiseError(f"let loose in silence: {target.states[-2:]}")
            if not told:
                self._go(step, "failed")
                return
        else:
            target.pull(self.now)
            if step.action.scope == "T1":
                self.flow = self.flow.tightened(TIGHT, seconds=LAPSES, ramp=RAMP, time=self.now)
        self._go(step, "final")

    def _go(self, step: Step, state: str) -> Step:
        action = follow(step.action, state, "", block=self.head)
        step = msgspec.structs.replace(step, action=action)
        self.write(step)
        return step

    # ------------------------------------------------------------------ what happens to it

    def act(self, choice: int) -> None:
        """Let one thing happen."""
        kind = choice % 8
        if kind < 4:
            self._alerted(choice // 8)
        elif kind == 4:
            self._pass(_WAITS[choice // 8 % len(_WAITS)])
        elif kind == 5:
            self._drained(choice // 8)
        elif kind == 6:
            targets = list(self.targets.values())
            targets[choice // 8 % len(targets)].people(choice // 8 // len(targets))
        else:
            self._unanswered()
        keep(self.sent, self.targets, self.limits)
        keep_within(WIDE, self.out)

    def _pass(self, seconds: int) -> None:
        self.now += seconds
        self.head += seconds // 12

    def _alerted(self, choice: int) -> None:
        more = next(self.choices, 0)
        age = _AGES[more % len(_AGES)]
        self.at_risk = (None, 0.0, 1e6)[more // 7 % 3]
        self.withdrawn = more // 21 % 4 == 3
        one = msgspec.structs.replace(
            _TEMPLATES[choice % len(_TEMPLATES)],
            block=self.head - age,
            timestamp=self.now - 12 * age,
            tx="0x" + f"{more % 5:064x}",
        )
        before = len(self.sent)
        for _ in range(3 if choice % 8 == 7 else 1):  # a redelivery, or a storm of nothing new
            self._answered(one)
        pulled = [sent.target for sent in self.sent[before:]]
        if len(set(pulled)) < len(pulled):
            raise BrokenPromiseError(f"the same alert braked twice: {one}")

    def _answered(self, one: Alert) -> None:
        self.response.answer(Heard(_MESSAGE, one, self.withdrawn))

    def _drained(self, choice: int) -> None:
        value = (10, 50, 400, 1000)[choice % 4]
        after = self.flow.charged(value, self.now)
        if after is not None:
            self.flow = after
            self.out.append((self.now, value))

    def _unanswered(self) -> None:
        """Let brakes that waited for a node, or in the pool, go on."""
        self.withdrawn, self.at_risk = False, None
        for course in self.ledger.open():
            self.advance(course.action.action)


class _Probed:
    """A target as `Response` sees it."""

    proposes = False

    def __init__(self, target: _Target, scene: Scene) -> None:
        self._target = target
        self._scene = scene

    def plan(self) -> Plan:
        return self._target.plan()

    def probe(self, _block: int) -> Condition:
        return Condition.BRAKED if self._target.braked(self._scene.now) else Condition.OPEN

    def called_for(self, _tx: str) -> tuple[str, ...]:
        return (self.plan().calldata,)

    def aimed(self, _calldata: str) -> "_Probed":
        return self


def _renews(step: Step) -> bool:
    return any(term.name == "renewal" and term.value for term in step.action.terms)


def run(data: Sequence[int]) -> Scene:
    """Play a sequence. Raises `BrokenPromiseError` at the first act after which one is broken."""
    choices = iter(data)
    scene = Scene(choices, MANIFESTS[next(choices, 0) % len(MANIFESTS)])
    try:
        for choice in choices:
            scene.act(choice)
    except BrokenPromiseError as error:
        error.add_note(f"in the sequence {bytes(data).hex()}")
        raise
    return scene
