"""Whether a brake stops every function that moves assets: each is called as things are and again
after the brake, on the node, and what becomes of it is compared. Nothing is changed.

A function counts as stopped when every call that went through reverts after the brake; where none
goes through, when one reverts for another reason than before. Calls are made up, or come from
scenes, which set the stage first. One that strangers are refused anyway is told apart by the error
it reverts with. What no call could show is said to be not shown.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from assurance.chain import AGREEABLE, Chain, Outcome, Trial
from assurance.checks.assets import Move, moving
from assurance.scenes import Scene
from assurance.selectors import selectors, tries
from assurance.subject import STRANGER, Subject
from schemas.assurance import Covered, Stance

MAX_TRIALS = 2_000
"""Simulations for one contract; as many for each facet of a diamond, up to `MOST_SHARES` times."""
MOST_SHARES = 8

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
    scenes: Sequence[Scene] = ()
    """Calls that cannot be made up, each with what leads to it."""


NOTHING = Asking()

_Row = tuple[Trial, ...]
"""Calls, each on what the ones before left."""


def covered(
    subjects: Sequence[Subject],
    pulls: Sequence[Pull],
    asking: Asking = NOTHING,
    beat: Callable[[], None] = lambda: None,
) -> tuple[list[Covered], str]:
    """Return what becomes of every function that moves assets, of all codes of a contract; and what
    kept from trying all, '' if nothing did. `beat` is called before each function, which may take
    seconds."""
    budget = iter(range(MAX_TRIALS * min(len(subjects), MOST_SHARES)))
    found = []
    for subject in subjects:
        for move in moving(subject):
            beat()
            trials = _trials(subject, move.function, asking)
            found.append(_covered(subject, move, pulls, trials, budget))
    spent = found and next(budget, None) is None
    return found, "its functions: not every call was tried, there are too many" if spent else ""


def _trials(subject: Subject, function: int, asking: Asking) -> list[_Row]:
    """Return rows of calls, of which the last is the one that tells."""
    signature, tokens = subject.signature(function), asking.tokens[:MOST_TOKENS]
    head = function.to_bytes(4, "big")
    scenes = [
        (*scene.before, scene.call)
        for scene in asking.scenes
        if scene.call.to == subject.address and scene.call.data[:4] == head
    ]
    calls = [
        (caller, data)
        for caller in (STRANGER, *asking.users[:MOST_USERS])
        for first in ("", *tokens)
        for data in tries(function, signature, caller, first)
    ]
    calls += [
        (STRANGER, data)
        for token in tokens
        for data in tries(function, signature, STRANGER, AGREEABLE, token)
    ]
    made_up = [
        (Trial(caller, subject.address, data, value),)
        for caller, data in dict.fromkeys(calls)
        for value in (0, 1)
    ]
    return [*scenes, *made_up]


def ready(chain: Chain, pulls: Sequence[Pull]) -> list[Pull]:
    """Return the brakes that can be pulled now: one that holds already cannot, and then nothing is
    shown about it."""
    return [pull for pull in pulls if chain.run([pull.trial])[0].ok]


def _covered(
    subject: Subject,
    move: Move,
    pulls: Sequence[Pull],
    trials: Sequence[_Row],
    budget: Iterator[int],
) -> Covered:
    name = subject.functions[move.function]
    before = [(row, subject.chain.run(row)[-1]) for row in trials if next(budget, None) is not None]
    stances = {}
    for pull in pulls:
        after = [
            (was, subject.chain.run([*row[:-1], pull.trial, row[-1]]))
            for row, was in before
            if next(budget, None) is not None
        ]
        stances[pull.name] = _stance((was, found[-1]) for was, found in after if found[-2].ok)
    return Covered(
        function=name[:128],
        direction=move.direction,
        stance=_best(stances.values(), [outcome for _, outcome in before]),
        brakes=tuple(sorted(name for name, one in stances.items() if one in ("braked", "partly"))),
    )


def _stance(compared: Iterable[tuple[Outcome, Outcome]]) -> Stance:
    """Compare before and after. That a call fails in another way says something only where none
    went through before."""
    pairs = list(compared)
    going = [after.ok for before, after in pairs if before.ok]
    if going:
        return "goes on" if all(going) else "partly" if any(going) else "braked"
    failing = (before.data != after.data for before, after in pairs if not after.ok)
    return "braked" if any(failing) else "not shown"


def _best(stances: Iterable[Stance], before: Sequence[Outcome]) -> Stance:
    """Return how a function stands when all brakes hold: as well as the best of them leaves it."""
    found = set(stances)
    for stance in ("braked", "partly"):
        if stance in found:
            return "braked" if stance == "braked" else "partly"
    if any(map(refused, before)) and not any(outcome.ok for outcome in before):
        return "restricted"
    return "goes on" if "goes on" in found else "not shown"


def refused(outcome: Outcome) -> bool:
    """Say whether a call was refused for who made it."""
    if outcome.ok or len(outcome.data) < 4:
        return False
    if int.from_bytes(outcome.data[:4], "big") in _REFUSALS:
        return True
    words = outcome.data[4:].decode(errors="replace")
    return outcome.data.startswith(_ERROR) and any(word in words for word in _REFUSING_WORDS)
