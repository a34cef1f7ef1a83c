"""The assessments that `assure` goes on from, written by a stranger: the worst that comes of it."""

import pytest
from msgspec.structs import replace

from assurance.assess import CREATED, MOST_CREATED
from assurance.look import Means
from assurance.opinions import NOT_YET
from assurance.rights import LONGEST
from assurance.service import MOST_FINDINGS
from assurance.sources import Sources
from schemas.assurance import Assessment
from schemas.codec import encode
from schemas.services import SERVICES
from schemas.topics import ASSESSMENTS, AUTHORITY, DEAD_LETTERS, MAX_RECORD_BYTES
from tests.unit.assurance.test_assess import CHAIN, MORTAL, NEW, OLD, POOL, SOUND
from tests.unit.assurance.test_rights import INSURED, asserted, processed, waiting
from tests.unit.assurance.test_service import World, event


class Pending(World):
    """Its source is still being read: what was found in it before still holds."""

    def means(self) -> Means:
        return Means(Sources(CHAIN, None), opinions=NOT_YET)


def true(world: World) -> Assessment:
    """What it says of a contract that can destroy itself."""
    world.chain.codes[POOL] = MORTAL
    world.task.tick()
    (found,) = world.assessments()
    return found


def after(world: World, *forged: Assessment | bytes) -> Assessment:
    """What it says once it starts behind these."""
    for one in forged:
        value = one if isinstance(one, bytes) else encode(one)
        world.broker.producer().send(ASSESSMENTS.name, value, key=b"meadow")
    world.task = world.started()
    world.task.tick()
    return world.task._known["meadow"]


def open_now(world: World, severity: str = "high") -> float:
    return float(world.metrics.findings_open.labels("meadow", severity)._value.get())


def test_a_forged_finding_hides_none_that_the_chain_shows() -> None:
    """The worst: it is not told as a new one. What `CriticalFinding` looks at counts it."""
    world, other = World(), World()
    (finding,) = true(other).findings
    belittled = replace(finding, severity="low", summary="nothing")
    world.chain.codes[POOL] = MORTAL
    told = after(world, replace(true(other), findings=(belittled,)))
    assert [(one.severity, one.summary) for one in told.findings] == [("high", finding.summary)]
    assert (open_now(world), open_now(world, "low")) == (1, 0)
    assert world.findings() == []


def test_a_forged_finding_is_taken_back_when_it_is_looked_for() -> None:
    """Once told as resolved, under the name that it was forged under."""
    world, other = World(), World()
    (finding,) = true(other).findings
    told = after(world, replace(true(other), findings=(replace(finding, id="9" * 64),)))
    assert told.findings == ()
    assert [(one.id, one.state) for one in world.findings()] == [("9" * 64, "resolved")]


def test_contracts_that_it_makes_up_are_looked_at_up_to_a_bound() -> None:
    """The worst: each is found to have no code, so as many false findings, once."""
    world, other = World(), World()
    assessed = true(other)
    made_up = tuple(
        replace(assessed.contracts[0], address=f"0x{n:040x}", name=CREATED)
        for n in range(MOST_CREATED + 500)
    )
    told = after(world, replace(assessed, contracts=made_up, findings=()))
    assert len(told.contracts) == MOST_CREATED + 1
    assert len(world.findings()) == MOST_CREATED
    world.task = world.started()
    world.task.tick()
    assert len(world.findings()) == MOST_CREATED


def test_what_ran_before_an_upgrade_is_believed_so_one_comparison_of_storage_is_missed() -> None:
    def upgraded(before: str) -> tuple[str, ...]:
        """What could not be looked at, where this is said to have run before the upgrade."""
        world = World()
        world.chain.codes[OLD] = world.chain.codes[NEW] = SOUND
        world.chain.proxy(POOL, OLD)
        world.task.tick()
        (assessed,) = world.assessments()
        said = replace(assessed.contracts[0], implementation=before)
        world.chain.proxy(POOL, NEW)
        return after(world, replace(assessed, contracts=(said,))).contracts[0].unseen

    assert len(upgraded(OLD)) == 1, "storage is to be compared, which takes both sources"
    assert upgraded(NEW) == (), "the worst: as if nothing had been upgraded"


@pytest.mark.parametrize("count", [MOST_FINDINGS, MOST_FINDINGS + 1, 5_000])
def test_however_much_it_holds_the_service_goes_on(count: int) -> None:
    world, other = Pending(), World()
    (finding,) = true(other).findings
    forged = tuple(replace(finding, id=f"{n:064x}", contract=None) for n in range(count))
    world.chain.codes[POOL] = MORTAL
    told = after(world, replace(true(other), findings=forged))
    kept = count if count <= MOST_FINDINGS else 0
    assert len(told.findings) == kept + 1, "those in source stay until that was read"


def test_cut_short_or_huge_or_of_another_it_is_passed_over() -> None:
    world, other = World(), World()
    assessed = true(other)
    value = encode(assessed)
    for bad in (value[:-1], b"", b"\xff" * 9, b"[" * 100_000, b" " * (MAX_RECORD_BYTES + 1)):
        world.broker.producer().send(ASSESSMENTS.name, bad, key=b"meadow")
    told = after(world, replace(assessed, protocol="orchard"))
    assert told.findings == ()
    world.chain.codes[POOL] = MORTAL
    world.told(event())
    assert [one.weakness for one in world.findings()] == ["self-destruct"]


def test_played_again_it_is_what_was_known_then_until_the_first_look() -> None:
    world = World()
    old = true(world)
    world.chain.codes[POOL] = SOUND
    world.told(event())
    told = after(world, old)
    assert told.findings == ()
    assert [one.state for one in world.findings()] == ["open", "resolved", "resolved"]


def test_nobody_reads_dead_letters_but_who_archives_them() -> None:
    """So a forged one is a false story for whoever looks into it; it wakes and stops nobody."""
    assert {name for name, one in SERVICES.items() if DEAD_LETTERS in one.reads} == {"archive"}
    assert {name for name, one in SERVICES.items() if ASSESSMENTS in one.reads} == {
        "archive",
        "assure",
        "console",
    }


def test_an_assertion_that_it_makes_up_pages_beside_the_true_one() -> None:
    """The worst that a writer on `authority-v1` does here: people look at an alert for nothing."""
    world = World()
    world.manifest = INSURED
    forged = replace(asserted(2**64 - 1), id="9" * 64)
    world.broker.producer().send(AUTHORITY.name, encode(forged), key=b"assure")
    world.task = world.started()
    processed(world, asserted(900))
    assert waiting(world, "Asserted")[:3] == [LONGEST, 900, 0]
