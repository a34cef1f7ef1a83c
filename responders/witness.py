"""Trying a brake, on one node and on a second one."""

from responders.adapters.base import Condition, Outcome, Trial
from responders.healing import renews
from responders.levers import Lever, Levers, pulled_by
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.actions import Action
from schemas.errors import TransientError

_log = logger(__name__)

WITNESS_SECONDS = 1.0
"""How long its answer is waited for: a node that hangs must not hold up a brake for longer."""

_FAULTS = "nodes_disagree", "witness_silent"


def tried(lever: Lever, action: Action, sender: str | None, block: int) -> Trial:
    """Return what would come of a brake after this block, if `sender` pulled it."""
    if not renews(action) and lever.adapter.probe(block) is Condition.BRAKED:
        return Trial(Outcome.BRAKED_ALREADY, f"braked already at block {block}")
    if sender is None:
        return Trial(Outcome.WOULD_BRAKE, "not simulated: no account is configured")
    return lever.adapter.simulate(action.action, sender, block)


class Witness:
    """A second node, asked whether it sees what the first one saw."""

    def __init__(self, levers: Levers, metrics: Metrics) -> None:
        """Take the same brakes, reached through the other node."""
        self._levers = levers
        self._faults = metrics.brake_faults
        for lever in levers.values():
            for fault in _FAULTS:
                self._faults.labels(lever.manifest.protocol, fault)

    def contradicts(self, action: Action, sender: str | None, trial: Trial, block: int) -> bool:
        """Say whether the second node, on the same block, shows another outcome than `trial`; told
        to people. A node that does not answer contradicts nothing: it is told, and one has to do.
        """
        own = pulled_by(self._levers, action)
        try:
            seen = tried(own, action, sender, block)
        except TransientError as error:
            self._tell("witness_silent", action, str(error))
            return False
        if seen.outcome is trial.outcome:
            return False
        self._tell("nodes_disagree", action, f"{trial.reason}; the second: {seen.reason}")
        return True

    def _tell(self, fault: str, action: Action, reason: str) -> None:
        self._faults.labels(action.protocol, fault).inc()
        _log.error(fault, action=action.action, reason=reason)
