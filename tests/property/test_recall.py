"""A responder that stops at any point and starts again decides as the one that never stopped."""

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from responders.decision import Surroundings, decide
from responders.executor import ALONE
from responders.guard import GuardState
from responders.intake import AlertIntake
from responders.linkage import Heard
from responders.recall import Recall
from responders.responder import Ears, Responder
from runtime.broker import Message, Partition
from runtime.intake import Intake
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from schemas.alerts import AlertRecord
from schemas.codec import encode
from schemas.ids import content_id
from schemas.topics import ALERTS, DEAD_LETTERS
from tests.clock import ManualClock
from tests.unit.responders.examples import (
    CHAIN,
    POOL,
    alert,
    brake,
    costs,
    manifest,
    vote,
    withdrawal,
)

VAULT, ONE, OTHER = ("0x" + 20 * two for two in ("cc", "a1", "d1"))
MANIFEST = manifest(brake(name="cap", scope="T1", target=VAULT), brake(), halt=costs(prior=0.0005))
HEAD, GROUP, SPOT = 110, "respond", Partition(ALERTS.name, 0)
KINDS = (("amounts",), ("calls",), ("prices", "calls"), ("storage",), ())
METRICS = Metrics()

votes = st.lists(
    st.builds(
        lambda kind, tail: vote(f"of-{'-'.join(kind)}", made_from=kind, tail=tail),
        st.sampled_from(KINDS),
        st.sampled_from(["empirical", "rule"]),
    ),
    min_size=1,
    max_size=3,
).map(tuple)
"""A detector is made from the same in every alert."""

alerts = st.builds(
    lambda number, who, phase, **changes: alert(
        number,
        id=content_id("alert", number, who, phase),
        block=100 + number,
        block_hash=f"0x{number}{phase}",
        set=who,
        phase=phase,
        **changes,
    ),
    number=st.integers(1, 4),
    who=st.sampled_from(["core", "acts"]),
    phase=st.sampled_from(["head", "head", "head", "pending"]),
    votes=votes,
    p_value=st.sampled_from([1e-9, 1e-6, 1e-4, 1e-3]),
    sender=st.sampled_from([ONE, ONE, OTHER]),
    losing=st.sampled_from([(), (POOL,), (VAULT,)]),
)


@st.composite
def batches(draw: st.DrawFn) -> list[list[AlertRecord]]:
    """Alerts as they come, some of them withdrawn later and some said anew."""
    found = draw(st.lists(alerts, min_size=2, max_size=8, unique_by=lambda one: one.id))
    records: list[AlertRecord] = []
    for one in found:
        records.append(one)
        if draw(st.integers(0, 3)) == 0:
            gone = draw(st.sampled_from(found[: len(records)]))
            records.append(withdrawal(gone))
            records += [gone] if draw(st.booleans()) else []
    sizes = draw(st.lists(st.integers(1, 3), min_size=len(records), max_size=len(records)))
    left: Iterator[AlertRecord] = iter(records)
    cut = [[one for one, _ in zip(left, range(size), strict=False)] for size in sizes]
    return [batch for batch in cut if batch]


class Decisions:
    """Stands where a responder's answers go: decides on every brake, and does nothing."""

    def __init__(self) -> None:
        self.manifests = {MANIFEST.protocol: MANIFEST}
        self.apart: frozenset[str] = frozenset()
        self.made: list[Any] = []

    def answer(self, heard: Heard, count: int) -> None:
        around = Surroundings(
            guard=GuardState(), head=HEAD, withdrawn=heard.withdrawn, link=heard.link
        )
        decided = [decide(heard.alert, one, MANIFEST, around) for one in MANIFEST.brakes]
        self.made.append((heard.alert.id, count, decided))


def responder(broker: MemoryBroker) -> tuple[Responder, Decisions]:
    made, clock = Decisions(), ManualClock()
    ears = Ears(
        AlertIntake(Intake(broker.producer(), METRICS, "respond"), None, CHAIN, METRICS),
        recall=Recall(broker, GROUP, clock, METRICS),
    )
    idle = SimpleNamespace(head=HEAD, withdraw=lambda _: None, publish=lambda: None, lead=ALONE)
    return Responder(ears, cast("Any", made), cast("Any", idle), cast("Any", idle), clock, 1), made


def written(broker: MemoryBroker, records: Sequence[Sequence[AlertRecord]]) -> list[list[Message]]:
    """Return what the topic has, in the batches in which it is read."""
    producer, log = broker.producer(), broker.log(SPOT)
    for batch in records:
        for one in batch:
            producer.send(ALERTS.name, encode(one), key=one.protocol.encode(), partition=0)
    ends = [sum(len(batch) for batch in records[: n + 1]) for n in range(len(records))]
    return [log[end - len(batch) : end] for batch, end in zip(records, ends, strict=True)]


@settings(max_examples=100, deadline=None)
@given(batches(), st.data())
def test_stopped_at_any_point_it_decides_as_if_it_had_not(
    records: list[list[AlertRecord]], data: st.DataObject
) -> None:
    broker = MemoryBroker()
    broker.create((ALERTS, DEAD_LETTERS))
    read = written(broker, records)
    stop = data.draw(st.integers(0, len(read)))
    steady, expected = responder(broker)
    for batch in read[:stop]:
        steady.process(batch)
    expected.made.clear()
    broker.commit(GROUP, {SPOT: sum(map(len, read[:stop]))})
    again, found = responder(broker)
    again.assigned([SPOT])
    assert found.made == [], "answered again"
    for batch in read[stop:]:
        steady.process(batch)
        again.process(batch)
        assert found.made == expected.made
