"""A watcher from outside asks for a halt and puts up a bond for it (`BondedRequests.sol`).

What the request is about is not looked at; what it weighs follows from what the manifest says of
watchers. With attack probability a, share found d and false requests f, the odds of an attack after
a request of an honest watcher are

    a d / ((1-a) f)

which a sufficient bond makes each watcher's best choice (docs/incentives.md). The score is what
lets the halt rule arrive there from the manifest's prior: u = -ln p with the Bayes factor
exp(u) / (e u) (`responders/halt.py`), at most 10,000.
"""

import math
from typing import ClassVar

from scipy.special import lambertw

from detectors.api import Detector, Explanation, Features, Scope, Spec, State
from schemas.alerts import Evidence, Reason
from schemas.chain import Log, Transaction
from schemas.manifest import Halt
from schemas.watchers import Watchers

NAME = "halt-requests"
EVENT = "HaltRequested"
REQUESTED = "requested:"
"""Begins the name of a feature, and of a reason; the contract that should stand still follows."""

MOST_WEIGHT = 1e4
"""The Bayes factor that the halt rule believes at most."""

_NO_WEIGHT = 1.0 + 1e-6
"""Up to here exp(u) / (e u) is 1 as far as floats tell, and its inverse is not a number."""

_DIGITS = 78
"""Of the largest uint256; a manifest's ABI may have the event with anything in it."""


class HaltRequests(Detector):
    """Somebody from outside says that the protocol is attacked, and has something to lose."""

    spec: ClassVar[Spec] = Spec(
        name=NAME,
        version="1.0.0",
        summary="Sufficiently bonded halt requests of watchers from outside.",
        technique="ADT3012",
        made_from=("requests",),
        warm_up=0,
        false_positives=(
            "an honest watcher's mistake",
            "a watcher who earns more by a false halt than [watchers] says",
        ),
        blind_spots=(
            "a protocol without watchers, or whose manifest names no contract of role `requests`",
            "a request for so small a reward or about so rare an attack that it weighs nothing",
            "a request that waits to be mined: its bond may never be put up",
        ),
        rule=True,
    )

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        manifest = scope.manifest
        told = manifest.watchers if manifest else None
        self._contracts = (
            frozenset(c.address for c in manifest.with_role("requests"))
            if (manifest and told)
            else frozenset[str]()
        )
        self._targets = manifest.addresses if manifest else frozenset[str]()
        self._least = told.least_bond if told else None
        self._score = score(told, manifest.halt if manifest else None) if told else 0.0

    def features(self, tx: Transaction) -> Features:
        """Return a 1 for every contract of the protocol that a sufficiently bonded request is
        about."""
        if tx.phase == "pending" or self._least is None:
            return {}
        return {f"{REQUESTED}{target}": 1.0 for target in map(self._target, tx.logs) if target}

    def _target(self, log: Log) -> str:
        """Return what an event asks to be halted, '' if it asks for nothing that is heard."""
        if log.contract not in self._contracts or log.name != EVENT or self._least is None:
            return ""
        target, bond = log.arguments.get("target"), log.arguments.get("bond")
        if not isinstance(target, str) or target not in self._targets:
            return ""
        if not isinstance(bond, str) or len(bond) > _DIGITS or not bond.isdecimal():
            return ""
        return target if int(bond) >= self._least else ""

    def score_one(self, x: Features) -> float:
        """Return what a request weighs, in nats, however many there are; 0 without one."""
        if not all(map(math.isfinite, x.values())):
            raise ValueError(f"features {dict(x)}")
        return self._score if any(name.startswith(REQUESTED) for name in x) else 0.0

    def learn_one(self, x: Features, weight: float) -> None:
        """Learn nothing: the manifest says what a request weighs."""

    def explain_one(self, x: Features, tx: Transaction) -> Explanation:
        """Name what should be halted, by whom, and the event."""
        heard = [log for log in tx.logs if f"{REQUESTED}{self._target(log)}" in x]
        reasons = {log.arguments["target"]: self._reason(log) for log in heard}
        evidence = [Evidence(what=f"{EVENT} with its bond", log=log.log) for log in heard]
        return Explanation(tuple(reasons.values())[:32], tuple(evidence[:64]))

    def _reason(self, log: Log) -> Reason:
        target, bond = str(log.arguments["target"]), int(str(log.arguments["bond"]))
        watcher = str(log.arguments.get("watcher", ""))
        return Reason(
            feature=f"{REQUESTED}{target}",
            observed=float(bond),
            expected=float(self._least or 0),
            distance=0.0,
            unit="smallest units",
            text=f"{watcher[:42]} asks to halt {self.scope.name(target)}, with {bond:,} as bond",
        )

    def dump(self) -> State:
        """Return nothing."""
        return {}

    def load(self, state: State) -> None:
        """Take nothing."""


def score(told: Watchers, halt: Halt | None) -> float:
    """Return what a request weighs: -ln of the p-value at which the halt rule's posterior odds are
    those after an honest watcher's request."""
    a, d, f = told.attack_probability, told.found, told.false_requests
    false = (1 - a) * f
    odds = a * d / false if false > 0 else math.inf
    prior = halt.prior if halt is not None else told.attack_probability
    weight = min(MOST_WEIGHT, max(1.0, odds * (1 - prior) / prior))
    if weight < _NO_WEIGHT:
        return 1.0
    return -float(lambertw(-1 / (math.e * weight), k=-1).real)
