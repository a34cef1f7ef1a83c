"""Our cases, written by a stranger where figures of risk are made of them: the worst that comes of
it."""

from msgspec.structs import replace

from runtime.keepers import Keepers
from runtime.signatures import Verifier
from schemas.incidents import Incident
from schemas.risk import Risk
from schemas.topics import ALERTS, BLOCKS, DEAD_LETTERS, INCIDENTS, MAX_RECORD_BYTES
from tests.unit.underwriting.test_service import ALERTER, STRANGER, Stage
from tests.unit.underwriting.worlds import START, alert, block, case
from underwriting.desk import MOST_CASES


def probability(risk: Risk) -> float:
    return risk.figure("probability").value


def told_of(*cases: Incident, alarmed: bool = False) -> Risk:
    """Return what is told of the protocol once these cases were read."""
    stage = Stage()
    if alarmed:
        stage.write(ALERTS, alert(p_value=1e-9), ALERTER)
    for one in cases:
        stage.write(INCIDENTS, one)
    stage.write(BLOCKS, block())
    stage.turn()
    return stage.told()[-1]


def test_a_forged_case_is_a_false_standing_and_moves_no_probability() -> None:
    calm = told_of()
    for lie, standing in (
        (case("detect"), "alerted"),
        (case("respond", "final"), "braked"),
        (case("recover", "final"), "recovering"),
    ):
        told = told_of(lie)
        assert told.inputs.standing == standing
        assert probability(told) == probability(calm), "that rests on signed alerts"


def test_a_true_case_that_is_forged_to_be_closed_leaves_what_was_alerted() -> None:
    true = told_of(case("respond", "final"), alarmed=True)
    told = told_of(case("respond", "final"), case("closed", "final"), alarmed=True)
    assert (true.inputs.standing, told.inputs.standing) == ("braked", "alerted")
    assert probability(told) == probability(true)


def test_a_flood_of_forged_cases_takes_bounded_memory_and_the_gravest_stands() -> None:
    flood = [
        replace(case("detect"), id=f"{n:064x}", latest=START + n) for n in range(3 * MOST_CASES)
    ]
    stage = Stage()
    for one in (*flood, case("respond", "final")):
        stage.write(INCIDENTS, one)
    stage.write(BLOCKS, block())
    stage.turn()
    assert len(stage.task._desk._files["meadow"].cases) <= MOST_CASES
    assert probability(stage.told()[-1]) == probability(told_of())


def test_cases_of_others_and_of_other_chains_change_nothing() -> None:
    others = replace(case("recover", "final"), protocol="orchard")
    elsewhere = replace(case("recover", "final"), chain="eip155:10")
    assert told_of(others, elsewhere).inputs.standing == "calm"


def test_rubbish_is_kept_apart_and_what_is_readable_counts() -> None:
    stage = Stage()
    for value in (b"", b"{", b"\xff" * 9, b"[" * 100_000, b" " * (MAX_RECORD_BYTES + 1)):
        stage.producer.send(INCIDENTS.name, value, key=b"meadow")
    stage.write(INCIDENTS, case("respond", "final"))
    stage.write(BLOCKS, block())
    stage.turn()
    assert stage.told()[-1].inputs.standing == "braked"


def test_where_keepers_are_named_a_forged_case_is_no_standing() -> None:
    stage = Stage(keepers=Keepers(Verifier({})))
    for phase in ("detect", "respond", "recover"):
        stage.write(INCIDENTS, case(phase, "final"), STRANGER)
    stage.write(BLOCKS, block())
    stage.turn()
    assert stage.told()[-1].inputs.standing == "calm"
    assert len(stage.messages(DEAD_LETTERS)) == 3
