"""Twenty protocols that warn each other, a third of those whom each listens to lying.

Everything that decides is the responder's own: what is remembered of signals and verdicts
(`runtime.neighbourhood`), and the decision itself (`responders.decision.judge`). Made up are the
campaigns, seeded: an attacker goes from one protocol to the next through something that they share,
each drain's evidence growing with every block; or nobody attacks anything, liars warn all the same,
and every protocol has an alert on ordinary life that is as strong as one may be that does not brake
by itself, with detectors agreeing. Liars have the best moment, always. Once in each attack they
warn beside those who tell the truth, while whoever was not attacked yet has such an alert; the
campaign itself goes on as if that had not been, so nobody finds them out.
"""

from copy import copy, deepcopy
from dataclasses import dataclass, field, replace
from random import Random

from responders.decision import judge
from responders.inputs import Inputs
from runtime.neighbourhood import warned
from sandbox.village import (
    EXPOSED,
    FALSE_HALT,
    ROLES,
    SHARED,
    SPEED,
    UNTIL_PEOPLE,
    Hearing,
    Village,
    trusting,
)
from schemas.actions import Heard
from schemas.signals import Signal

BLOCK, BETWEEN, APART = 12, 120, 2 * 86_400
"""Seconds: of a block, between two victims of a campaign, between two campaigns."""
WEAKEST, GROWTH, NOISE = 2.6, 0.35, 0.4
"""A drain's evidence: -log10 of the p-value at first, and what each block adds, with its spread."""


@dataclass(slots=True)
class Tally:
    """What came of it."""

    seconds: list[int] = field(default_factory=list)
    """From each attack's first block to its brake, in the order of the attacks."""
    warned: list[bool] = field(default_factory=list)
    """Whether the odds were raised when it began."""
    by_liars: int = 0
    """Brakes on ordinary life where nobody attacked and only liars spoke."""
    chances: int = 0
    """Alerts on ordinary life while liars spoke."""
    amid: int = 0
    """Alerts on ordinary life while others were attacked and warned."""
    by_truth: int = 0
    """Brakes on those where liars kept silent."""
    by_both: int = 0
    """Brakes on those where liars warned besides."""
    on_lies: int = 0
    """Those of them that true words alone would not bring about, however weighty: with none left
    out, the weightiest counting."""

    @property
    def lost(self) -> float:
        """What all attacks took, in money."""
        return sum(min(EXPOSED, SPEED * seconds) for seconds in self.seconds)


def simulate(seed: int, campaigns: int, hear: Hearing = lambda heard: heard) -> Tally:
    """Play so many campaigns; `hear` may change what the protocols make of what they heard.

    Equal seeds give equal campaigns, whatever is heard.
    """
    dice, tally = Random(seed), Tally()  # noqa: S311 - a game, seeded on purpose
    village = Village(Random(seed + 1), hear)  # noqa: S311 - likewise
    for turn in range(campaigns):
        begun, shared = (turn + 1) * APART, dice.choice(SHARED)
        late = turn >= campaigns // 2
        plan = [dice.gauss(0, NOISE) for _ in ROLES]
        order = dice.sample(range(len(ROLES)), len(ROLES))
        strengths = [dice.random() for _ in ROLES]
        lies = [dice.random() < 0.6 for _ in ROLES]
        if dice.random() < 0.6:
            victims = list(zip(order, plan, strict=True))
            amid = order[turn % len(ROLES)]
            _attacked(
                village, tally, shared, victims, begun, strengths=strengths, amid=amid, late=late
            )
        else:
            _quiet(village, tally, shared, strengths, lies, begun, late=late)
    return tally


def _attacked(  # noqa: PLR0913 - one campaign's dice
    village: Village,
    tally: Tally,
    shared: str,
    victims: list[tuple[int, float]],
    begun: int,
    *,
    strengths: list[float],
    amid: int,
    late: bool,
) -> None:
    """One campaign of an attacker. Who lies keeps silent about it, but for the moment at which
    protocol `amid` is attacked."""
    said: list[tuple[int, int]] = []
    signals: list[Signal] = []
    for place, (number, noise) in enumerate(victims):
        start = begun + place * BETWEEN
        while said and said[0][0] <= start:
            signals.append(village.say(said.pop(0)[1], shared, start))
        if number == amid:
            spared = [one for one, _ in victims[place + 1 :]]
            _amid(village, tally, shared, spared, strengths, start, late=late)
        braked = _braked(village, number, start, noise)
        if ROLES[number] in ("honest", "silent"):
            tally.seconds.append(braked)
            tally.warned.append(warned(village.heard(number, start)) > 1)
        if ROLES[number] == "honest" or (ROLES[number] == "sleeper" and not late):
            said = sorted([*said, (start + braked, number)])
    village.find_out(signals, right=True, now=begun + APART // 2)


def _amid(  # noqa: PLR0913 - one campaign's dice
    village: Village,
    tally: Tally,
    shared: str,
    spared: list[int],
    strengths: list[float],
    now: int,
    *,
    late: bool,
) -> None:
    """Let whoever was `spared` so far have an alert on ordinary life, with true warnings alone and
    with lies besides."""
    asked = [number for number in spared if ROLES[number] in ("honest", "silent")]
    tally.amid += len(asked)
    tally.by_truth += len(_false_brakes(village, asked, strengths, now))
    besides, borne_out = deepcopy(village), copy(village)
    borne_out.hear = trusting
    for number, role in enumerate(ROLES):
        if role == "liar" or (role == "sleeper" and late):
            besides.say(number, shared, now, confidence=10_000)
    both = _false_brakes(besides, asked, strengths, now + 1)
    tally.by_both += len(both)
    tally.on_lies += len(both - _false_brakes(borne_out, asked, strengths, now + 1))


def _quiet(  # noqa: PLR0913 - one campaign's dice
    village: Village,
    tally: Tally,
    shared: str,
    strengths: list[float],
    lies: list[bool],
    begun: int,
    *,
    late: bool,
) -> None:
    """Nobody attacks. Liars warn, and at once everyone has an alert on ordinary life."""
    signals = [
        village.say(number, shared, begun, confidence=10_000)
        for number, role in enumerate(ROLES)
        if (role == "liar" and lies[number]) or (role == "sleeper" and late)
    ]
    if signals:
        asked = [number for number, role in enumerate(ROLES) if role in ("honest", "silent")]
        tally.chances += len(asked)
        tally.by_liars += len(_false_brakes(village, asked, strengths, begun + 1))
    village.find_out(signals, right=False, now=begun + APART // 2)


def _false_brakes(
    village: Village, asked: list[int], strengths: list[float], now: int
) -> frozenset[int]:
    """Return which brake on an alert on ordinary life."""
    evidence = {n: _ALONE - 0.01 - strengths[n] * (_ALONE - WEAKEST) for n in asked}
    return frozenset(
        number
        for number, strength in evidence.items()
        if judge(_inputs(village.heard(number, now), 10**-strength)).allowed
    )


def _braked(village: Village, number: int, start: int, noise: float) -> int:
    """Return after how many seconds a drain is braked, or people end it."""
    heard = village.heard(number, start)  # nobody says or finds out anything while it lasts
    for block in range(UNTIL_PEOPLE // BLOCK):
        evidence = WEAKEST + max(0.0, GROWTH * block + noise)
        if judge(_inputs(heard, 10**-evidence)).allowed:
            return BLOCK * (block + 1)
    return UNTIL_PEOPLE


def _inputs(heard: Heard | None, p_value: float) -> Inputs:
    return replace(_QUESTION, heard=heard, p_value=p_value)


_QUESTION = Inputs(
    scope="T2",
    also_stops=frozenset(),
    withdrawn=0.0,
    uncalled=0.0,
    pending=0.0,
    detectors_agreeing=2.0,
    families_agreeing=2.0,
    families_needed=2.0,
    rules_broken=0.0,
    volatility_only=0.0,
    narrower_brakes=0.0,
    stated_prior=1e-4,
    posture_odds=1.0,
    p_value=1.0,
    false_halt_cost=FALSE_HALT,
    halt_cost=0.0,
    value_exposed=EXPOSED,
    loss_per_second=SPEED,
    response=float(UNTIL_PEOPLE),
    braking=float(BLOCK),
    blocks_behind=0.0,
    alert_blocks=25.0,
    brakes_left=1.0,
    cooldown_left=0.0,
)
"""A pool that two detectors made from different things alert on."""


def _strongest() -> float:
    """Return the evidence from which an alert brakes without any neighbour: -log10 of its
    p-value, to a hundredth."""
    hundredths = (step / 100 for step in range(200, 1000))
    return next(e for e in hundredths if judge(_inputs(None, 10**-e)).allowed)


_ALONE = _strongest()
