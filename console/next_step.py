"""What people have to do next about a case, in a sentence. Pure."""

from collections.abc import Sequence

from console.picture import Asked, Step
from schemas.incidents import Incident

_BY_PHASE = {
    "detect": "Nothing is braked. Decide whether it is an attack; if it is, brake with your Safe.",
    "respond": "A brake is under way. Watch it arrive; if it does not, brake with your Safe.",
    "recover": "A brake holds. Find the cause, lead the way back with firebreak recover, and "
    "propose the release here: people let go of it, never this system.",
    "closed": "Nothing is left to do.",
}
_STUCK = (
    "failed: the brake did not hold. Brake with your Safe or the protocol's own pauser, now.",
    "refused: the automation may not brake here. Read why; people may brake with their Safe.",
    "rehearsed: dry-run, nothing was sent. Brake with your Safe if it is an attack.",
)


def next_step(
    case: Incident, asked: Sequence[Asked], brakes: Sequence[Sequence[Step]], now: int
) -> str:
    """Return the sentence: what waits for a second person first, then what the brakes need."""
    waiting = [one for one in asked if one.decision.state == "open" and one.proposal.expires >= now]
    if waiting:
        (who, *others) = dict.fromkeys(one.proposal.by.person for one in waiting)
        beside = f" and {len(others)} more" if others else ""
        return f"A proposal by {who}{beside} waits for a second person: approve or veto it below."
    for one in asked:
        if one.decision.state == "approved" and one.proposal.calls and case.phase != "closed":
            return (
                "A proposal with calls is approved: take from it what is signed, and execute it "
                "with your Safe or Governor."
            )
    if case.phase in ("detect", "respond"):
        known = {measure.action: measure.state for measure in case.measures}
        known |= {steps[-1].action.action: steps[-1].action.state for steps in brakes if steps}
        states = set(known.values())
        for words in _STUCK:
            state, _, advice = words.partition(": ")
            if state in states and not states & {"included", "final", "satisfied"}:
                return f"{advice[0].upper()}{advice[1:]}"
    return _BY_PHASE[case.phase]
