"""What brakes leave open: functions that none stops, brakes that are refused to who pulls them."""

from collections.abc import Iterable, Iterator, Sequence

from assurance.chain import NOBODY, Chain
from assurance.checks.brakes import Pull, refused
from assurance.weakness import Weakness
from schemas.assurance import Covered

REFUSED = "brake-refused"


def refusals(chain: Chain, pulls: Sequence[Pull]) -> Iterator[tuple[str, Weakness]]:
    """Return the brakes that are refused to who pulls them, each with whom they are pulled at: a
    guardian or pauser without the right to be one."""
    for pull in pulls:
        who, target = pull.trial.sender, pull.trial.to
        if who != NOBODY and refused(chain.run([pull.trial])[0]):
            told = f"brake {pull.name}: {target} refuses it to {who}, so it would stop nothing"
            yield target, Weakness(REFUSED, "high", told, names=(pull.name, who))


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
