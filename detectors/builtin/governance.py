"""A protocol is taken over by its own votes: borrowed power, haste, a shortened timelock."""

from typing import ClassVar

from detectors.api import Features, Spec
from detectors.flows import loans
from detectors.habits import ActDetector, Kind, account, number
from schemas.chain import Log, Transaction

_SHORTENED = {
    "MinDelayChange": ("oldDuration", "newDuration"),
    "VotingDelaySet": ("oldVotingDelay", "newVotingDelay"),
    "VotingPeriodSet": ("oldVotingPeriod", "newVotingPeriod"),
    "ProposalThresholdSet": ("oldProposalThreshold", "newProposalThreshold"),
    "QuorumNumeratorUpdated": ("oldQuorumNumerator", "newQuorumNumerator"),
}
"""Events that tell an old and a new value of something that protects, by its names."""

_PROPOSED = ("ProposalCreated",)
_QUEUED = ("ProposalQueued", "CallScheduled", "QueueTransaction")
_EXECUTED = ("ProposalExecuted", "CallExecuted", "ExecuteTransaction")
_DONE = {
    **dict.fromkeys(_QUEUED, "queued"),
    **dict.fromkeys(_EXECUTED, "executed"),
    "TimelockChange": "unlocked",
}
"""What each of these does to the contract that says so."""
_SUDDEN = 10
"""A delegate's votes grow suddenly when they grow by at least a tenth of what they become."""

_VOTED = ("VoteCast", "VoteCastWithParams")


class Governance(ActDetector):
    """Votes and proposals that are not like this protocol's votes and proposals."""

    spec: ClassVar[Spec] = Spec(
        name="governance",
        version="1.1.0",
        summary="Borrowed or sudden votes, hurried proposals and executions, shortened timelocks.",
        technique="ADT3015",
        made_from=("events", "movements"),
        warm_up=100,
        false_positives=(
            "the first proposal of a protocol",
            "a large holder who delegates for the first time",
            "a proposal that shortens a delay on purpose",
        ),
        blind_spots=(
            "votes bought long before and used like anybody's",
            "a proposal whose harm lies in what its calls do",
            "a proposal of strangers that is queued or executed by whoever always does it",
            "haste within the blocks that are not final yet looks the same as no wait at all",
        ),
        rule=True,
    )
    trust = 0.5
    kinds: ClassVar[dict[str, Kind]] = {
        "proposed": Kind(words="a proposal was made"),
        "voted": Kind(words="votes were cast"),
        "queued": Kind(words="a proposal was queued in {member}"),
        "executed": Kind(words="a proposal was executed by {member}"),
        "borrowed": Kind(
            words="votes were gained and used in one transaction on {member}", severity=4.0
        ),
        "loaned": Kind(words="the votes were borrowed for this transaction alone", severity=5.0),
        "hurried": Kind(
            words="it was proposed or queued and executed without any wait", severity=4.0
        ),
        "shortened": Kind(
            words="what protects {member} was weakened, {observed} times", severity=2.0
        ),
        "unlocked": Kind(words="the timelock of {member} was replaced", severity=1.0),
        "power": Kind(
            words="voting power of {member} grew by {observed}, ordinary is {expected}",
            spread=2.3,
            unit="votes",
        ),
        "by": Kind(words="{member} never took part before", limit=3.0),
        "voter": Kind(words="{member} never voted before", limit=1.0),
    }

    def acts(self, tx: Transaction) -> Features:
        """Return what was done to and by the votes, and by whom."""
        found: dict[str, float] = {}
        logs = list(self.own(tx))
        for log in logs:
            found |= _said(log)
        found |= _hurried(logs)
        found |= _power(logs, tx)
        if tx.sender is not None and any(not name.startswith("power:") for name in found):
            found[f"by:{tx.sender}"] = 1.0
        return found


def _said(log: Log) -> dict[str, float]:
    """Return what one event says by itself."""
    if log.name in _PROPOSED:
        return {"proposed": 1.0}
    if log.name in _VOTED:
        voter = account(log, "voter")
        return {"voted": 1.0} | ({f"voter:{voter}": 1.0} if voter else {})
    if log.name in _DONE:
        return {f"{_DONE[log.name]}:{log.contract}": 1.0}
    if log.name in _SHORTENED and _weakened(log) > 1.0:
        return {f"shortened:{log.contract}": _weakened(log)}
    return {}


def _hurried(logs: list[Log]) -> dict[str, float]:
    """Return whether something was proposed or queued and executed later in one transaction."""
    started = False
    for log in logs:
        if log.name in _PROPOSED or log.name in _QUEUED:
            started = True
        elif log.name in _EXECUTED and started:
            return {f"hurried:{log.contract}": 1.0}
    return {}


def _power(logs: list[Log], tx: Transaction) -> dict[str, float]:
    """Return how much voting power was gained, and whether it was used at once or borrowed."""
    gained: dict[str, int] = {}
    for log in logs:
        if log.name == "DelegateVotesChanged" and _gain(log) * _SUDDEN >= (
            number(log, "newVotes") or 0
        ):
            gained[log.contract] = max(gained.get(log.contract, 0), _gain(log))
    used = any(log.name in _VOTED or log.name in _PROPOSED for log in logs)
    lent = {loan.token for loan in loans(tx.flows)} if used and gained else set()
    found: dict[str, float] = {}
    for token, gain in gained.items():
        if gain > 0:
            found[f"power:{token}"] = float(gain)
            if used:
                found[f"borrowed:{token}"] = 1.0
            if token in lent:
                found[f"loaned:{token}"] = 1.0
    return found


def _gain(log: Log) -> int:
    """Return by how much a delegate's votes grew."""
    before = number(log, "previousVotes")
    after = number(log, "newVotes")
    return 0 if before is None or after is None else after - before


def _weakened(log: Log) -> float:
    """Return how many times smaller the new value is; 1 or less for one that is not."""
    old, new = (number(log, name) for name in _SHORTENED[log.name])
    if not old or new is None or old <= 0:
        return 0.0
    return float(min(old / max(1, new), 1e9))
