"""Whether a brake stops every function that moves assets: each is called as things are and again
after the brake, on the node, and what becomes of it is compared. Nothing is changed.

A function counts as stopped when a call that went through reverts after the brake, or reverts for
another reason than before. One that strangers are refused anyway is told apart by the error it
reverts with. What no call could show is said to be not shown.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assurance.chain import Chain, Outcome, Trial
from assurance.checks.assets import Move, moving
from assurance.selectors import selectors, tries
from assurance.subject import STRANGER, Subject
from assurance.weakness import Weakness
from schemas.assurance import Covered, Stance

MAX_TRIALS = 2_000
"""Simulations for one contract."""

MOST_TOKENS, MOST_USERS = 3, 3
"""With how many tokens each function is asked, and in how many names."""

_REFUSALS = selectors("""
    OwnableUnauthorizedAccount(address) AccessControlUnauthorizedAccount(address,bytes32)
    AccessManagedUnauthorized(address) NotOwner() Unauthorized() OnlyOwner() NotAuthorized()
    NotGuardian() CallerNotOwner() NotAdmin() OnlyAdmin() OnlyGovernance() Forbidden()
""")
_REFUSING_WORDS = (
    "owner", "auth", "admin", "govern", "AccessControl", "role", "permission", "forbidden",
    "minter", "keeper",
)  # fmt: skip
_ERROR = bytes.fromhex("08c379a0")


@dataclass(frozen=True, slots=True)
class Pull:
    """A brake, as its target is called by whoever may pull it."""

    name: str
    trial: Trial


@dataclass(frozen=True, slots=True)
class Asking:
    """What calls are made up with."""

    tokens: Sequence[str] = ()
    """Some that functions may ask for."""
    users: Sequence[str] = ()
    """Some who can do what strangers cannot: withdraw, say."""


NOTHING = Asking()


def covered(subject: Subject, pulls: Sequence[Pull], asking: Asking = NOTHING) -> list[Covered]:
    """Return what becomes of every function that moves assets."""
    budget = iter(range(MAX_TRIALS))
    return [
        _covered(subject, move, pulls, _trials(subject, move.function, asking), budget)
        for move in moving(subject)
    ]


def _trials(subject: Subject, function: int, asking: Asking) -> list[Trial]:
    signature = subject.signature(function)
    found = {
        (caller, data, value): Trial(caller, subject.address, data, value)
        for caller in (STRANGER, *asking.users[:MOST_USERS])
        for first in ("", *asking.tokens[:MOST_TOKENS])
        for data in tries(function, signature, caller, first)
        for value in (0, 1)
    }
    return list(found.values())


def ready(chain: Chain, pulls: Sequence[Pull]) -> list[Pull]:
    """Return the brakes that can be pulled now: one that holds already cannot, and then nothing is
    shown about it."""
    return [pull for pull in pulls if chain.run([pull.trial])[0].ok]


def weaknesses(found: Iterable[Covered], pulls: Sequence[Pull]) -> Iterator[Weakness]:
    """Return what no brake stops: one weakness for each kind of gap."""
    functions = list(found)
    if functions and not pulls:
        names = _names(one for one in functions if one.stance != "restricted")
        if names:
            yield Weakness(
                "no-brake", "high", f"no brake is planned for {_listed(names)}", names=names
            )
        return
    for direction, severity in (("out", "high"), ("in", "low")):
        names = _names(
            one
            for one in functions
            if one.direction == direction and one.stance in ("goes on", "partly")
        )
        if names:
            told = "assets can leave by" if direction == "out" else "assets are still taken in by"
            yield Weakness(
                f"unbraked-{direction}",
                "high" if severity == "high" else "low",
                f"{told} {_listed(names)} while every brake holds",
                names=names,
            )


def _names(found: Iterable[Covered]) -> tuple[str, ...]:
    return tuple(sorted(one.function for one in found))


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _covered(
    subject: Subject,
    move: Move,
    pulls: Sequence[Pull],
    trials: Sequence[Trial],
    budget: Iterator[int],
) -> Covered:
    name = subject.functions[move.function]
    before = [
        (trial, subject.chain.run([trial])[0]) for trial in trials if next(budget, None) is not None
    ]
    stances = {}
    for pull in pulls:
        after = [
            (was, subject.chain.run([pull.trial, trial])[1])
            for trial, was in before
            if next(budget, None) is not None
        ]
        stances[pull.name] = _stance(after)
    return Covered(
        function=name[:128],
        direction=move.direction,
        stance=_best(stances.values(), [outcome for _, outcome in before]),
        brakes=tuple(sorted(name for name, one in stances.items() if one in ("braked", "partly"))),
    )


def _stance(compared: Iterable[tuple[Outcome, Outcome]]) -> Stance:
    stopped = goes_on = False
    for before, after in compared:
        if after.ok:
            goes_on = goes_on or before.ok
        elif before.ok or before.data != after.data:
            stopped = True
    if stopped:
        return "partly" if goes_on else "braked"
    return "goes on" if goes_on else "not shown"


def _best(stances: Iterable[Stance], before: Sequence[Outcome]) -> Stance:
    """Return how a function stands when all brakes hold: as well as the best of them leaves it."""
    found = set(stances)
    for stance in ("braked", "partly"):
        if stance in found:
            return "braked" if stance == "braked" else "partly"
    if any(map(_refused, before)) and not any(outcome.ok for outcome in before):
        return "restricted"
    return "goes on" if "goes on" in found else "not shown"


def _refused(outcome: Outcome) -> bool:
    """Say whether a call was refused for who made it."""
    if outcome.ok or len(outcome.data) < 4:
        return False
    if int.from_bytes(outcome.data[:4], "big") in _REFUSALS:
        return True
    words = outcome.data[4:].decode(errors="replace")
    return outcome.data.startswith(_ERROR) and any(word in words for word in _REFUSING_WORDS)
