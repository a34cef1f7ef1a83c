"""What people elsewhere are told of the way back."""

from pathlib import Path

from responders.recovery.checklist import checklist
from responders.recovery.course import Course, Terms, advance
from responders.recovery.events import Approved, CauseRecorded, Staged
from responders.recovery.holds import Hold
from responders.recovery.plan import RecoveryPlan, read_plan
from runtime.calldata import shown

OWNERS = tuple("0x" + digit * 40 for digit in "123")
PLAN = f"""
case = "{"c" * 64}"
protocol = "meadow"
chain = "eip155:1"
brake = "pause-pool"
green_blocks = 2

[safe]
address = "0x{"5a" * 20}"

[[invariants]]
name = "solvent"
left = {{ to = "0x{"bb" * 20}", function = "assets()" }}
relation = ">="
right = 1

[fix]
words = "Raise the cap"
calls = [{{ to = "0x{"bb" * 20}", function = "setCap(uint256)", arguments = ["5"] }}]

[[stages]]
cap = 10000
words = "Open"
calls = [{{ to = "0x{"bb" * 20}", function = "unpause()" }}]
"""


def plan(folder: Path, text: str = PLAN) -> RecoveryPlan:
    path = folder / "plan.toml"
    path.write_text(text)
    return read_plan(path)


def course(*events: CauseRecorded | Staged | Approved) -> Course:
    terms = Terms(signers=frozenset(OWNERS), quorum=2, green_blocks=2, ramp=(10_000,))
    found = Course(terms=terms, hold=Hold("T2", None))
    for event in events:
        found = advance(found, event)
    return found


def test_it_says_what_is_done_and_what_is_missing(tmp_path: Path) -> None:
    told = checklist(plan(tmp_path), course(), None)
    assert [(task.words, task.done) for task in told.tasks] == [
        ("Raise the cap", False),
        ("Open", False),
    ]
    assert told.missing[0] == "record the root cause"
    assert (told.quorum, told.staged) == (2, None)


def test_signers_are_told_the_very_bytes_and_hashes(tmp_path: Path) -> None:
    found = plan(tmp_path)
    proposal = found.proposal(0, 7)
    staged = Staged(proposal.digest, 7)
    agreed = Approved(proposal.digest, OWNERS[0])
    told = checklist(found, course(CauseRecorded("a spot price"), staged, agreed), 7)
    assert told.approvals == (f"eip155:1:{OWNERS[0]}",)
    assert told.staged is not None
    (call,) = told.staged.calls
    assert shown(call.function, call.calldata) == "setCap(5)"
    assert told.staged.digest == proposal.digest
    assert list(told.staged.hashes) == [one["hash"] for one in proposal.shown["transactions"]]
    assert told.staged.nonce == 7


def test_half_a_call_is_never_told(tmp_path: Path) -> None:
    given = '"setCap(uint256)", arguments = ["5"]'
    long = '"set(bytes)", arguments = ["0x' + "11" * 5000 + '"]'
    text = PLAN.replace(given, long)
    found = plan(tmp_path, text)
    digest = found.proposal(0, 7).digest
    told = checklist(found, course(CauseRecorded("a spot price"), Staged(digest, 7)), 7)
    assert told.staged is None
