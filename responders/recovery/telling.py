"""The way back as it is told to everyone, each turn of it before it is written down. Pure.

Blocks that were judged are not turns: how many were green is told with the next one.
"""

import msgspec

from responders.recovery.checklist import checklist
from responders.recovery.course import Course, advance
from responders.recovery.events import Event, Staged
from responders.recovery.log import Log, Opened
from responders.recovery.plan import RecoveryPlan
from schemas.ids import content_id
from schemas.incidents import Progress, Recovery, Turn
from schemas.units import account

_LONGEST_CAUSE = 500
"""Letters that a record takes."""


def opened(plan: RecoveryPlan, line: Opened, now: int) -> Recovery:
    """Return what is told, at `now`, before a case's log is begun."""
    course = Course(terms=line.terms, hold=line.hold)
    return standing(plan, course, None, 0, Turn(place=0, event="opened", time=now))


def told(plan: RecoveryPlan, log: Log, event: Event, now: int) -> Recovery:
    """Return what is told, at `now`, before an event is written down.

    Raises `NotYetError` for one that must not happen yet.
    """
    course = advance(log.course, event)
    staged = event if isinstance(event, Staged) else log.staged
    said = msgspec.structs.asdict(event)
    signer = said.get("signer", "")
    turn = Turn(
        place=log.turns,
        event=str(event.__struct_config__.tag),
        proposal=said.get("proposal", ""),
        signer=signer and account(plan.chain, signer),
        time=now,
    )
    return standing(plan, course, staged, log.length + 1, turn)


def standing(
    plan: RecoveryPlan, course: Course, staged: Staged | None, number: int, turn: Turn | None = None
) -> Recovery:
    """Return how far a case has come after `number` events."""
    which = () if turn is None else msgspec.structs.astuple(turn)
    return Recovery(
        id=content_id("recovery", plan.case, number, *which),
        chain=plan.chain,
        protocol=plan.protocol,
        incident=plan.case,
        progress=Progress(
            number=number,
            phase=course.phase,
            released=course.released,
            cause=course.cause[:_LONGEST_CAUSE],
            block=course.block or 0,
        ),
        checklist=checklist(plan, course, None if staged is None else staged.number),
        turn=turn,
    )
