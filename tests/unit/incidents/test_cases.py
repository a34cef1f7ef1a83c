"""What a record changes about its protocol's cases."""

from functools import reduce

import pytest

from incidents.cases import add_action, add_alert, add_recovery, add_statement, withdraw
from incidents.docket import (
    KEPT_CASES,
    KEPT_DECISIONS,
    KEPT_MEASURES,
    KEPT_SAID,
    KEPT_SIGHTINGS,
    KEPT_WAITING,
    Docket,
)
from incidents.entries import Times
from schemas.actions import Action
from schemas.alerts import Alert, Withdrawal
from schemas.cases import CASE_WINDOW
from schemas.codec import encode
from schemas.decisions import Answer, Proposal
from schemas.headers import HOPS
from schemas.ids import content_id
from schemas.incidents import Incident, Phase, Progress, Recovery
from tests.people import answer, by_provider, proposal
from tests.unit.incidents.builders import (
    CHAIN,
    LATER,
    PROTOCOL,
    START,
    action,
    alert,
    alert_id,
    incident,
    withdrawal,
)

Change = Alert | Withdrawal | Action | Recovery | Proposal | Answer


def recovery(of: int, number: int, phase: Phase, block: int) -> Recovery:
    """What people say of the case that alert `of` opened."""
    return Recovery(
        id=content_id("recovery", incident(of), number),
        chain=CHAIN,
        protocol=PROTOCOL,
        incident=incident(of),
        progress=Progress(number=number, phase=phase, released=0, block=block),
    )


def kept(*records: Change, docket: Docket | None = None) -> Docket:
    """The docket after these records."""

    def step(docket: Docket, record: Change) -> Docket:
        if isinstance(record, Alert):
            return add_alert(docket, record, {})[0]
        if isinstance(record, Withdrawal):
            return withdraw(docket, record)[0]
        if isinstance(record, Recovery):
            return add_recovery(docket, record)[0]
        if isinstance(record, Proposal | Answer):
            return add_statement(docket, record)[0]
        return add_action(docket, record, {})[0]

    return reduce(step, records, docket or Docket())


NOW = 1_800_000_000


def at(**micros: int) -> Times:
    """Nanoseconds since 1970, given in microseconds after now."""
    return {hop: NOW * 10**9 + micros[hop] * 1000 for hop in HOPS if hop in micros}


def only_case(*records: Change) -> Incident:
    (case,) = kept(*records).cases
    return case


def test_an_alert_opens_a_case_named_by_its_transaction() -> None:
    case = only_case(alert(1, severity="critical"))
    assert case.id == incident(1)
    assert (case.phase, case.severity, case.opened, case.latest) == (
        "detect",
        "critical",
        START,
        START,
    )
    assert [sighting.alert for sighting in case.sightings] == [alert_id(1)]


def test_alerts_within_the_window_of_the_newest_block_join() -> None:
    case = only_case(
        alert(1), alert(2, at=START + CASE_WINDOW), alert(3, at=START + 2 * CASE_WINDOW)
    )
    assert case.id == incident(1)
    assert (case.opened, case.latest) == (START, START + 2 * CASE_WINDOW)
    assert len(case.sightings) == 3


def test_an_alert_beyond_the_window_opens_the_next_case() -> None:
    docket = kept(alert(1), alert(2, at=START + CASE_WINDOW + 1))
    assert [case.id for case in docket.cases] == [incident(1), incident(2)]


def test_a_late_alert_of_an_older_block_joins_and_is_shown_in_its_place() -> None:
    case = only_case(alert(1, at=START + 60), alert(2, at=START))
    assert (case.id, case.opened, case.latest) == (incident(1), START, START + 60)
    assert [sighting.alert for sighting in case.sightings] == [alert_id(2), alert_id(1)]


def test_the_opening_transaction_included_again_stays_in_its_case() -> None:
    case = only_case(alert(1), alert(2, at=LATER, transaction=1))
    assert case.id == incident(1)
    assert len(case.sightings) == 2


def test_the_same_alert_twice_changes_nothing() -> None:
    assert kept(alert(1), alert(1)) == kept(alert(1))


def test_severity_and_summary_are_those_of_the_gravest_alert_that_stands() -> None:
    records = (alert(1, severity="low"), alert(2, severity="critical"), alert(3, severity="high"))
    case = only_case(*records)
    assert (case.severity, case.summary) == ("critical", "alert 2: price moved")
    case = only_case(*records, withdrawal(2))
    assert (case.severity, case.summary) == ("high", "alert 3: price moved")


def test_a_case_whose_alerts_are_all_withdrawn_is_closed() -> None:
    assert only_case(alert(1), alert(2), withdrawal(1)).phase == "detect"
    case = only_case(alert(1), alert(2), withdrawal(1), withdrawal(2))
    assert (case.phase, case.severity) == ("closed", "low")
    assert all(sighting.withdrawn for sighting in case.sightings)


def test_an_alert_raised_again_stands_again() -> None:
    assert kept(alert(1), withdrawal(1), alert(1)) == kept(alert(1))


def test_a_new_alert_within_the_window_opens_a_closed_case_again() -> None:
    case = only_case(alert(1), withdrawal(1), alert(2))
    assert (case.id, case.phase) == (incident(1), "detect")


def test_a_withdrawal_of_an_unknown_alert_changes_nothing() -> None:
    docket = kept(alert(1))
    assert withdraw(docket, withdrawal(2)) == (docket, None)


@pytest.mark.parametrize(
    ("states", "phase"),
    [
        (["proposed"], "detect"),
        (["refused"], "detect"),
        (["rehearsed"], "detect"),
        (["authorised"], "respond"),
        (["broadcast"], "respond"),
        (["included"], "respond"),
        (["reorged"], "respond"),
        (["a-state-of-tomorrow"], "respond"),
        (["failed"], "respond"),
        (["final"], "recover"),
        (["satisfied"], "recover"),
        (["final", "signed"], "respond"),
        (["final", "failed"], "recover"),
        (["refused", "final"], "recover"),
    ],
)
def test_the_phase_follows_the_brakes(states: list[str], phase: str) -> None:
    actions = [action(number, state) for number, state in enumerate(states)]
    assert only_case(alert(1), *actions).phase == phase


@pytest.mark.parametrize(
    ("state", "phase"),
    [("refused", "closed"), ("failed", "closed"), ("signed", "respond"), ("final", "recover")],
)
def test_a_withdrawn_case_stays_open_while_a_brake_is_on_the_chain(state: str, phase: str) -> None:
    assert only_case(alert(1), action(1, state), withdrawal(1)).phase == phase


def test_a_measure_shows_its_latest_step_whatever_order_they_come_in() -> None:
    steps = [action(1, "proposed"), action(1, "broadcast", step=1), action(1, "final", step=2)]
    for order in (steps, steps[::-1], [*steps, *steps]):
        (measure,) = only_case(alert(1), *order).measures
        assert (measure.state, measure.step) == ("final", 2)


def test_an_action_goes_to_the_case_it_names() -> None:
    docket = kept(alert(1), alert(2, at=LATER), action(1, "signed", for_alert=1))
    assert [len(case.measures) for case in docket.cases] == [1, 0]


def test_an_action_that_names_no_known_case_goes_to_that_of_its_alert() -> None:
    case = only_case(alert(1), alert(2), action(1, "signed", for_alert=2, of=2))
    assert (case.id, len(case.measures)) == (incident(1), 1)


def test_an_action_waits_for_the_alert_of_its_case() -> None:
    early = (action(1, "proposed"), action(1, "signed", step=1))
    docket = kept(*early)
    assert docket.cases == ()
    assert [step.measure.state for step in docket.waiting] == ["signed"]
    assert kept(alert(1), docket=docket) == kept(alert(1), *early)


def test_an_action_keeps_waiting_while_other_cases_change() -> None:
    docket = kept(action(1, "signed", for_alert=9), alert(1), withdrawal(1))
    assert [step.alert for step in docket.waiting] == [alert_id(9)]


def test_hops_are_first_times_from_alert_and_action_each_for_its_own() -> None:
    docket, _ = add_action(Docket(), action(1, "signed"), at(received=1, decided=70, sent=80))
    docket, _ = add_alert(docket, alert(1), at(received=40, published=50, scored=60))
    docket, _ = add_alert(docket, alert(2), at(received=45, published=49, scored=65))
    docket, case = add_action(docket, action(1, "included", step=1), at(sent=81, mined=90))
    assert case is not None
    hops = {"received": 40, "published": 49, "scored": 60, "decided": 70, "sent": 80, "mined": 90}
    assert case.hops == {hop: NOW * 10**6 + micros for hop, micros in hops.items()}
    assert list(case.hops) == list(hops)


def test_an_impossible_time_of_a_hop_is_left_out() -> None:
    _, case = add_alert(Docket(), alert(1), {"received": 10**20 - 1, "scored": 5000})
    assert case is not None
    assert case.hops == {"scored": 5}
    encode(case)


def test_the_gravest_sightings_are_kept_and_the_rest_counted() -> None:
    mild = [alert(number, severity="low") for number in range(KEPT_SIGHTINGS)]
    grave = alert(KEPT_SIGHTINGS, severity="critical")
    case = only_case(*mild, grave)
    assert (len(case.sightings), case.dropped, case.severity) == (KEPT_SIGHTINGS, 1, "critical")


def test_a_case_that_lost_count_of_an_alert_is_not_closed() -> None:
    numbers = range(KEPT_SIGHTINGS + 1)
    case = only_case(*map(alert, numbers), *map(withdrawal, numbers))
    assert case.phase == "detect"


def test_measures_beyond_the_bound_are_counted() -> None:
    case = only_case(alert(1), *(action(number, "refused") for number in range(KEPT_MEASURES + 2)))
    assert (len(case.measures), case.dropped) == (KEPT_MEASURES, 2)


def test_the_newest_cases_and_waiting_actions_are_kept() -> None:
    docket = kept(
        *(alert(number, at=START + 2 * CASE_WINDOW * number) for number in range(KEPT_CASES + 1)),
        *(action(n, "signed", for_alert=1000 + n) for n in range(KEPT_WAITING + 1)),
    )
    assert [case.id for case in docket.cases] == [incident(n) for n in range(1, KEPT_CASES + 1)]
    assert [step.alert for step in docket.waiting] == [
        alert_id(1000 + n) for n in range(1, KEPT_WAITING + 1)
    ]


def test_every_record_of_a_case_tells_the_case_also_when_it_changes_nothing() -> None:
    docket = kept(alert(1), action(1, "signed"))
    (case,) = docket.cases
    assert add_alert(docket, alert(1), {}) == (docket, case)
    assert add_action(docket, action(1, "signed"), {}) == (docket, case)


def test_people_say_how_far_a_case_is_until_a_later_brake_says_otherwise() -> None:
    braked = action(1, state="final")
    block = braked.block or 0
    told = recovery(1, 3, "closed", block + 10)
    assert only_case(alert(1), braked, told).phase == "closed"
    assert only_case(alert(1), braked, told, recovery(1, 2, "respond", block)).phase == "closed"
    assert only_case(alert(1), told, action(1, state="broadcast")).phase == "respond"
    assert only_case(alert(1), braked, recovery(1, 3, "closed", block - 1)).phase == "recover"


def test_a_recovery_waits_for_its_case_and_the_newest_counts() -> None:
    docket = kept(recovery(1, 3, "closed", 9), recovery(1, 2, "recover", 8))
    assert docket.cases == ()
    (case,) = kept(alert(1), docket=docket).cases
    assert (case.phase, case.progress and case.progress.number) == ("closed", 3)
    assert kept(alert(1), docket=docket).recoveries == ()


def test_recoveries_of_cases_that_never_come_are_bounded() -> None:
    told = [recovery(number, 1, "recover", 9) for number in range(KEPT_CASES + 5)]
    assert len(kept(*told).recoveries) == KEPT_CASES


CASE = only_case(alert(1))
ASKED = proposal(CASE, by_provider("ana"), "false-alarm")


def test_what_two_people_decide_stands_in_the_case() -> None:
    (decision,) = only_case(alert(1), ASKED, answer(ASKED, by_provider("ben"))).decisions
    assert (decision.state, decision.matter) == ("approved", "false-alarm")
    (alone,) = only_case(alert(1), ASKED, answer(ASKED, by_provider("ana"))).decisions
    assert alone.state == "open"


def test_a_false_alarm_closes_a_case_unless_a_brake_holds() -> None:
    agreed = (ASKED, answer(ASKED, by_provider("ben")))
    assert only_case(alert(1), *agreed).phase == "closed"
    assert only_case(alert(1), action(1, "final"), *agreed).phase == "recover"
    assert only_case(alert(1), ASKED, answer(ASKED, by_provider("ben"), "veto")).phase == "detect"
    after_all = proposal(CASE, by_provider("cat"), "attack")
    taken_back = (after_all, answer(after_all, by_provider("ben")))
    assert only_case(alert(1), *agreed, *taken_back).phase == "detect"


def test_statements_wait_for_their_case_and_come_again_without_effect() -> None:
    said = (ASKED, answer(ASKED, by_provider("ben"), "veto"))
    docket = kept(*said, *said)
    assert docket.cases == ()
    (case,) = kept(alert(1), *said, docket=docket).cases
    assert [one.state for one in case.decisions] == ["vetoed"]
    assert kept(alert(1), docket=docket).said == ()


def test_statements_are_bounded_and_open_ones_stay_longest() -> None:
    strangers = [proposal(only_case(alert(n)), by_provider("ana")) for n in range(2, 12)]
    assert len(kept(*strangers).said) == KEPT_SAID
    done = [proposal(CASE, by_provider("ana"), words=f"number {n}") for n in range(KEPT_DECISIONS)]
    answers = [answer(one, by_provider("ben")) for one in done[1:]]
    case = only_case(alert(1), *done, *answers, proposal(CASE, by_provider("ana"), words="last"))
    assert len(case.decisions) == KEPT_DECISIONS
    assert [one.state for one in case.decisions].count("open") == 2
