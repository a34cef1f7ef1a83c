"""Who may do what: each detector alerts on its attack, and not on the honest act beside it."""

import pytest

from detectors.builtin.governance import Governance
from detectors.builtin.privilege import Privilege
from detectors.flows import NOBODY
from detectors.samples import address
from schemas.chain import Log
from tests.unit.detectors.acts import (
    ADMIN,
    E18,
    GOVERNOR,
    ORACLE,
    POOL,
    SAFE,
    THIEF,
    TIMELOCK,
    TOKEN,
    VAULT,
    Life,
    event,
    flow,
    lived,
    said,
)

# privilege


@pytest.mark.parametrize(
    "act",
    [
        event(VAULT, "OwnershipTransferred", previousOwner=ADMIN, newOwner=THIEF),
        event(VAULT, "Upgraded", implementation=address(9000)),
        event(SAFE, "ChangedThreshold", threshold="1"),
        event(SAFE, "EnabledModule", module=address(9001)),
        event(SAFE, "AddedOwner", owner=THIEF),
        event(POOL, "RoleGranted", role="0x" + "00" * 32, account=THIEF, sender=THIEF),
        event(POOL, "NewPriceOracle", oldPriceOracle=ORACLE, newPriceOracle=THIEF),
        event(POOL, "NewPauseGuardian", oldPauseGuardian=ADMIN, newPauseGuardian=NOBODY),
    ],
    ids=lambda log: log.name,
)
def test_power_that_changes_hands_for_the_first_time_alerts(act: Log) -> None:
    alert = lived(Privilege).take(act, sender=THIEF)
    assert alert is not None
    assert alert.votes[0].technique == "ADT1552.004"


def keeper() -> Life:
    """A protocol whose keeper upgrades it every 21 transactions, in the morning."""
    life = Life(Privilege)
    for _ in range(16):
        life.quiet(20)
        life.take(event(VAULT, "Upgraded", implementation=address(9000)))
        life.later()
    return life


UPGRADE = event(VAULT, "Upgraded", implementation=address(9002))


def test_an_upgrade_that_is_a_habit_of_its_keeper_is_quiet() -> None:
    assert keeper().take(UPGRADE) is None


def test_the_same_habit_by_a_stranger_at_night_alerts() -> None:
    alert = keeper().take(UPGRADE, sender=THIEF, hour=3)
    assert alert is not None
    assert "never did such a thing before" in said(alert)
    assert "at an hour at which this is not done" in said(alert)


def rotation(number: int) -> tuple[Log, Log]:
    """A Safe's swapOwner: one signer leaves, a new one comes."""
    return (
        event(SAFE, "RemovedOwner", owner=address(7000 + number)),
        event(SAFE, "AddedOwner", owner=address(7001 + number)),
    )


def rotating() -> Life:
    """A protocol whose Safe changes a signer every 21 transactions, in the morning, by its
    keeper."""
    life = Life(Privilege)
    for number in range(16):
        life.quiet(20)
        life.take(*rotation(number))
        life.later()
    return life


def test_a_safe_that_rotates_its_signers_as_a_habit_is_quiet() -> None:
    assert rotating().take(*rotation(16)) is None


@pytest.mark.parametrize(
    ("logs", "sender", "hour"),
    [
        (rotation(16), THIEF, 3),
        ((*rotation(16), event(SAFE, "EnabledModule", module=address(9001))), ADMIN, 10),
    ],
    ids=["by a stranger at night", "with a module on top"],
)
def test_a_rotation_that_is_more_than_the_habit_alerts(
    logs: tuple[Log, ...], sender: str, hour: int
) -> None:
    assert rotating().take(*logs, sender=sender, hour=hour) is not None


def test_the_first_rotation_of_a_safe_alerts() -> None:
    assert lived(Privilege).take(*rotation(0)) is not None


def test_what_other_contracts_do_to_themselves_is_none_of_the_protocols_business() -> None:
    foreign = event(address(4711), "OwnershipTransferred", previousOwner=ADMIN, newOwner=THIEF)
    assert lived(Privilege).take(foreign, sender=THIEF) is None


def test_a_constructor_that_names_the_first_owner_is_quiet() -> None:
    first = event(VAULT, "OwnershipTransferred", previousOwner=NOBODY, newOwner=ADMIN)
    assert lived(Privilege).take(first) is None


# governance


def votes(gain: int) -> Log:
    return event(
        TOKEN, "DelegateVotesChanged", delegate=THIEF, previousVotes="0", newVotes=str(gain)
    )


VOTE = event(GOVERNOR, "VoteCast", voter=THIEF, proposalId="1", support="1", weight="9")
PROPOSAL = event(GOVERNOR, "ProposalCreated", proposalId="1", proposer=ADMIN)


def test_votes_that_are_borrowed_and_used_at_once_alert() -> None:
    lender = address(70)
    loan = [flow(TOKEN, lender, THIEF, 9 * E18), flow(TOKEN, THIEF, lender, 9 * E18)]
    alert = lived(Governance).take(votes(9 * E18), VOTE, sender=THIEF, flows=loan)
    assert alert is not None
    assert "the votes were borrowed for this transaction alone" in said(alert)


def test_votes_that_are_gained_and_not_used_are_quiet() -> None:
    life = Life(Governance)
    for number in range(300):
        life.quiet(1, votes((1 + number % 7) * E18), sender=address(800 + number))
    assert life.take(votes(5 * E18), sender=address(2000)) is None


def test_a_proposal_that_is_executed_at_once_alerts() -> None:
    alert = lived(Governance).take(
        event(TIMELOCK, "CallScheduled", id="0x01", delay="0"),
        event(TIMELOCK, "CallExecuted", id="0x01", target=POOL),
        sender=THIEF,
    )
    assert alert is not None
    assert "without any wait" in said(alert)


def test_a_habit_of_proposing_voting_and_executing_is_quiet() -> None:
    life = Life(Governance)
    life.quiet(60)
    vote = event(GOVERNOR, "VoteCast", voter=ADMIN, proposalId="1", support="1", weight="9")
    queued = event(TIMELOCK, "CallScheduled", id="0x" + "11" * 32, index="0")
    steps = (PROPOSAL, vote, queued, event(GOVERNOR, "ProposalExecuted", proposalId="1"))
    for _ in range(10):
        for step in steps:
            life.take(step)
            life.later()
            life.quiet(12)
    for step in steps:
        assert life.take(step) is None
    stranger = life.take(queued, sender=THIEF)
    assert stranger is not None
    assert "never took part before" in said(stranger)


def test_a_shorter_timelock_alerts_and_a_longer_one_does_not() -> None:
    def change(new: str) -> Log:
        return event(TIMELOCK, "MinDelayChange", oldDuration="86400", newDuration=new)

    assert lived(Governance).take(change("0")) is not None
    assert lived(Governance).take(change("172800")) is None
