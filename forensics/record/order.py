"""Whether intent stands before action. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from schemas.actions import Action


def disordered(steps: Iterable[tuple[int, Action]]) -> Iterator[str]:
    """Say which steps of brakes stand in the log before the step that they follow from.

    `steps` are leaves' places and their actions, in the log's order. The journal writes a step down
    before it is taken, so an act whose intent comes later, or never, was not written by it.
    """
    seen: dict[str, set[int]] = defaultdict(set)
    for position, action in steps:
        known = seen[action.action]
        if action.step and action.step - 1 not in known:
            yield (
                f"leaf {position}: step {action.step} ({action.state}) of action "
                f"{action.action[:16]} stands before its step {action.step - 1}"
            )
        known.add(action.step)
