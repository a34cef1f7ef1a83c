"""Who is told when: rungs, one after the other, the last again and again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runtime.settings_paging import PagingSettings
from schemas.alerts import Severity
from schemas.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: which channels, how many milliseconds after the first."""

    after: int
    tell: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """All rungs of one severity."""

    steps: tuple[Step, ...]
    repeat: int
    """Milliseconds between two tellings of the last."""

    def tell(self, rung: int) -> tuple[str, ...]:
        """Return whom to tell at a rung; beyond the last it is the last."""
        return self.steps[min(rung, len(self.steps) - 1)].tell

    def due(self, since: int, rung: int, now: int) -> int:
        """Return when a rung is due that is next at `now`, in milliseconds since 1970.

        Beyond the last it is one interval from now: what was late is not made up for.
        """
        if rung < len(self.steps):
            return since + self.steps[rung].after
        return now + self.repeat


Ladders = Mapping[Severity, Ladder]


def ladders(settings: PagingSettings) -> tuple[Ladders, Ladder]:
    """Return the ladders by severity, and that of silent services.

    Raises `ConfigurationError` for a channel that there is none of, a ladder without a rung, rungs
    that are not in order, and where nobody would be told of anything.
    """
    known = settings.channels.keys() | settings.urls.keys()
    repeat = int(settings.repeat_seconds * 1000)

    def ladder(name: str, rungs: Sequence[tuple[float, Sequence[str]]]) -> Ladder:
        steps = tuple(Step(int(after * 1000), tuple(tell)) for after, tell in rungs)
        strangers = sorted({channel for step in steps for channel in step.tell} - known)
        if strangers:
            raise ConfigurationError(
                f"{name} tells {', '.join(strangers)}: no such channel in paging.channels"
            )
        if not steps or not all(step.tell for step in steps):
            raise ConfigurationError(f"{name}: a rung tells nobody")
        if [step.after for step in steps] != sorted(step.after for step in steps):
            raise ConfigurationError(f"{name}: its rungs are not in the order of `after`")
        return Ladder(steps, repeat)

    found = {
        severity: ladder(f"paging.ladders.{severity}", [(r.after, r.tell) for r in rungs])
        for severity, rungs in settings.ladders.items()
    }
    silence = settings.silence or settings.ladders.get("critical", ())
    if not silence:
        raise ConfigurationError(
            "nobody would be told: set paging.channels and at least paging.ladders.critical"
        )
    return found, ladder("paging.silence", [(r.after, r.tell) for r in silence])
