"""Whatever the order in which two topics interleave, and however often records come again."""

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from incidents.cases import add_action, add_alert, withdraw
from incidents.docket import KEPT_CASES, KEPT_MEASURES, KEPT_SIGHTINGS, Docket
from incidents.entries import Times
from schemas.actions import STATES, Action
from schemas.alerts import SEVERITIES, Alert, Withdrawal
from schemas.cases import CASE_WINDOW
from schemas.codec import decode, encode
from schemas.incidents import Incident
from tests.unit.incidents.builders import START, action, alert, withdrawal


class Arrival(NamedTuple):
    """A record and what its headers say."""

    record: Alert | Withdrawal | Action
    times: Times


# How long an example takes says nothing about the cases.
patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

CLUSTERS = st.integers(0, KEPT_CASES - 1)
WITHIN = st.integers(0, CASE_WINDOW)
TIMES: st.SearchStrategy[Times] = st.dictionaries(
    st.sampled_from(["received", "published", "scored", "decided", "sent", "mined"]),
    st.integers(0, 2 * 10**18),
)


def after(docket: Docket, arrivals: Sequence[Arrival]) -> Docket:
    def step(docket: Docket, arrival: Arrival) -> Docket:
        match arrival.record:
            case Alert() as raised:
                return add_alert(docket, raised, arrival.times)[0]
            case Withdrawal() as withdrawn:
                return withdraw(docket, withdrawn)[0]
            case Action() as taken:
                return add_action(docket, taken, arrival.times)[0]

    return reduce(step, arrivals, docket)


@st.composite
def raised(draw: st.DrawFn, number: int) -> Arrival:
    at = START + draw(CLUSTERS) * 3 * CASE_WINDOW + draw(WITHIN)
    return Arrival(alert(number, at=at, severity=draw(st.sampled_from(SEVERITIES))), draw(TIMES))


@st.composite
def alert_topics(draw: st.DrawFn) -> list[Arrival]:
    """Alerts, some withdrawn, some of those raised again; in an order that a host can produce."""
    topic: list[Arrival] = []
    for number in range(draw(st.integers(1, 8))):
        first = draw(raised(number))
        topic.append(first)
        if draw(st.booleans()):
            topic.append(Arrival(withdrawal(number), {}))
            if draw(st.booleans()):
                topic.append(first)
    return topic


@st.composite
def action_topics(draw: st.DrawFn, alerts: list[Arrival]) -> list[Arrival]:
    """Brakes on these alerts, each in the incident that its alert belonged to when it came."""
    topic: list[Arrival] = []
    for number in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(alerts) - 1))
        seen = after(Docket(), alerts[: place + 1])
        cause = alerts[place].record
        cause_id = cause.alert if isinstance(cause, Withdrawal) else cause.id
        (named,) = (
            case.id
            for case in seen.cases
            if any(sighting.alert == cause_id for sighting in case.sightings)
        )
        for step in range(draw(st.integers(1, 4))):
            taken = action(number, draw(st.sampled_from(STATES)), step=step)
            taken = replace(taken, incident=named, alert=cause_id)
            topic.append(Arrival(taken, draw(TIMES)))
    return topic


@st.composite
def pairs_of_topics(draw: st.DrawFn) -> tuple[list[Arrival], list[Arrival]]:
    alerts = draw(alert_topics())
    return alerts, draw(action_topics(alerts))


@st.composite
def interleaved(draw: st.DrawFn, *topics: list[Arrival]) -> list[Arrival]:
    """Merge the topics, each in its own order."""
    turns = draw(st.permutations([n for n, topic in enumerate(topics) for _ in topic]))
    sources = [iter(topic) for topic in topics]
    return [next(sources[turn]) for turn in turns]


@patiently
@given(st.data())
def test_any_interleaving_of_the_two_topics_gives_the_same_cases(data: st.DataObject) -> None:
    alerts, actions = data.draw(pairs_of_topics())
    merged = data.draw(interleaved(alerts, actions))
    assert after(Docket(), merged) == after(Docket(), [*alerts, *actions])


@patiently
@given(st.data())
def test_a_redelivery_of_both_topics_from_anywhere_changes_nothing(data: st.DataObject) -> None:
    """What a crash, at any point, followed by a restart from any older offsets amounts to."""
    alerts, actions = data.draw(pairs_of_topics())
    read = [data.draw(st.integers(0, len(topic))) for topic in (alerts, actions)]
    committed = [data.draw(st.integers(0, offset)) for offset in read]
    before = data.draw(interleaved(alerts[: read[0]], actions[: read[1]]))
    again = data.draw(interleaved(alerts[committed[0] :], actions[committed[1] :]))
    assert after(after(Docket(), before), again) == after(Docket(), [*alerts, *actions])


def told(case: Incident) -> tuple[object, ...]:
    """What a case says, but for its name, which comes from the alert that came first."""
    return (
        *(case.phase, case.severity, case.summary, case.opened, case.latest, case.sightings),
        frozenset(case.measures),
        tuple(case.hops.items()),
        case.dropped,
    )


@patiently
@given(st.data())
def test_cases_do_not_depend_on_the_order_of_alerts_and_actions(data: st.DataObject) -> None:
    """Without withdrawals, and with alerts of one case within the window of each other."""
    alerts = [data.draw(raised(number)) for number in range(data.draw(st.integers(1, 8)))]
    brakes = data.draw(st.lists(st.integers(0, len(alerts) - 1), max_size=3))
    actions = [
        Arrival(
            action(number, data.draw(st.sampled_from(STATES)), step=step, for_alert=cause),
            data.draw(TIMES),
        )
        for number, cause in enumerate(brakes)
        for step in range(2)
    ]
    records = [*alerts, *actions]
    shuffled = data.draw(
        st.permutations([*records, *data.draw(st.lists(st.sampled_from(records)))])
    )
    expected, found = after(Docket(), records), after(Docket(), shuffled)
    assert sorted(map(told, found.cases), key=repr) == sorted(map(told, expected.cases), key=repr)
    assert found.waiting == ()


@patiently
@given(st.data())
def test_bounds_hold_and_what_is_kept_can_be_read_again(data: st.DataObject) -> None:
    alerts, actions = data.draw(pairs_of_topics())
    docket = after(Docket(), data.draw(interleaved(alerts, actions)))
    assert len(docket.cases) <= KEPT_CASES
    for case in docket.cases:
        assert len(case.sightings) <= KEPT_SIGHTINGS
        assert len(case.measures) <= KEPT_MEASURES
        assert case.opened <= case.latest
    assert decode(encode(docket), Docket) == docket
