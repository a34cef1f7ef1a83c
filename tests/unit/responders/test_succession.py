"""A second replica, with a journal of its own, goes on from what the topic has of the first."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest

from responders.allowance import Bucket
from responders.bounds import Look
from responders.crowd import CROWD
from responders.guard import Request, brakes_left
from responders.journal import Journal
from responders.responder import WAITS
from responders.succession import MARGIN, OLDEST, Succession
from runtime.actors import actors_of
from runtime.broker import Partition
from runtime.memory import MemoryBroker
from runtime.signatures import generate, load_signer, signed
from schemas.cases import CASE_WINDOW
from schemas.codec import encode
from schemas.errors import TransientError
from schemas.manifest import Limits
from schemas.topics import ACTIONS, ALERTS
from tests.unit.responders.bench import FINAL, GROUP, WHOLE_WAY, Bench, Beside
from tests.unit.responders.examples import AMOUNTS, CHAIN, alert, manifest
from tests.unit.responders.fakes import FakeChain

ONE_BRAKE = manifest(limits=Limits(brakes_per_window=1))

Start = Callable[[str], Bench]


class Lost:
    """The lead of who has none."""

    confirmed = False

    def hold(self) -> None:
        raise TransientError("another replica may lead now")


class Losing(Lost):
    """The lead of who had it when the alert came."""

    def hold(self) -> None:
        return


@pytest.fixture
def chain() -> FakeChain:
    return FakeChain(101)


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@pytest.fixture
def start(tmp_path: Path, chain: FakeChain, broker: MemoryBroker) -> Iterator[Start]:
    """Starts replicas by name; the budget has room for one brake."""
    with ExitStack() as stack:

        def begin(name: str) -> Bench:
            journal = stack.enter_context(Journal(tmp_path / f"{name}.jsonl"))
            return Bench(journal, chain, broker=broker, given=ONE_BRAKE)

        yield begin


def succession(bench: Bench) -> Succession:
    bench.succession.take_over(bench.book, [ONE_BRAKE])
    return bench.succession


def not_taken(bench: Bench) -> None:
    bench.chain.deaf = True
    bench.receive(alert())
    bench.chain.deaf = False


def dropped(bench: Bench) -> None:
    bench.receive(alert())
    bench.chain.pool.clear()


def waiting(bench: Bench) -> None:
    bench.receive(alert())


@pytest.mark.parametrize(
    ("leave", "last"), [(not_taken, "signed"), (dropped, "broadcast"), (waiting, "broadcast")]
)
def test_what_the_first_left_is_judged_again_and_brakes_once(
    start: Start, chain: FakeChain, leave: Callable[[Bench], None], last: str
) -> None:
    first = start("a")
    leave(first)
    assert first.states()[-1] == last
    second = start("b")
    succession(second)
    assert second.states()[-1] == "refused"
    second.receive(alert())
    second.mine(1 + FINAL)
    assert second.states()[-len(WHOLE_WAY) :] == WHOLE_WAY
    assert len(chain.brakes) == 1
    assert chain.nonces == [0]
    assert len({step.action for step in second.published()}) == 1
    ids = [step.id for step in second.published()]
    assert len(ids) == len(set(ids))


def test_its_budget_is_spent_once(start: Start) -> None:
    first = start("a")
    waiting(first)
    first.states()
    second = start("b")
    succession(second)
    second.receive(alert())
    asked = Request("meadow", "", alert().timestamp)
    assert brakes_left(second.ledger.guard, asked, ONE_BRAKE.limits) == 0
    assert len(second.ledger.guard.spent) == 1


def test_what_has_ended_is_not_done_again_and_keeps_its_budget(
    start: Start, chain: FakeChain
) -> None:
    first = start("a")
    first.receive(alert())
    first.mine(1 + FINAL)
    assert first.states() == WHOLE_WAY
    second = start("b")
    made = succession(second)
    assert made.starts([Partition(ALERTS.name, 0)]) == {}
    second.receive(alert(), alert(2))
    assert second.states() == WHOLE_WAY
    assert len(chain.sent) == 1
    asked = Request("meadow", "", alert().timestamp)
    assert brakes_left(second.ledger.guard, asked, ONE_BRAKE.limits) == 0


def test_an_incident_goes_on_as_of_its_newest_step(start: Start) -> None:
    """What only alerts prolonged stands in the journal of who led."""
    first, began = start("a"), alert().timestamp
    first.receive(alert())
    first.mine(1 + FINAL)
    first.receive(alert(2, timestamp=began + CASE_WINDOW))
    first.states()
    second = start("b")
    succession(second)

    def joins(bench: Bench, time: int) -> bool:
        known = {course.action.incident for course in bench.ledger.courses.values()}
        return bench.ledger.incident(CHAIN, "meadow", alert(3).tx, time) in known

    assert joins(first, began + 2 * CASE_WINDOW)
    assert joins(second, began + CASE_WINDOW)
    assert not joins(second, began + 2 * CASE_WINDOW)


def test_what_was_mined_is_followed_to_finality(start: Start, chain: FakeChain) -> None:
    first = start("a")
    first.receive(alert())
    first.mine()
    assert first.states()[-1] == "included"
    second = start("b")
    succession(second)
    second.mine(FINAL)
    assert second.states() == WHOLE_WAY
    assert len(chain.sent) == 1


def test_what_was_mined_and_left_the_chain_is_asked_for_again(
    start: Start, chain: FakeChain
) -> None:
    first = start("a")
    first.receive(alert())
    first.mine()
    first.states()
    second = start("b")
    succession(second)
    chain.reorg(1, forget=True)
    second.mine()
    assert second.states()[-1] == "refused"
    second.receive(alert(2))
    second.mine(1 + FINAL)
    assert second.states()[-1] == "final"


def test_a_step_on_the_topic_alone_sends_nothing(
    start: Start, chain: FakeChain, broker: MemoryBroker
) -> None:
    """Whoever may write there has no detector's key."""
    first = start("a")
    first.receive(alert())
    for step in first.published():
        forged = msgspec.structs.replace(step, action="f" * 64, id=f"{step.step:064x}")
        broker.producer().send(ACTIONS.name, encode(forged), key=b"meadow")
    first.mine(1 + FINAL)
    chain.release()
    sent = list(chain.sent)
    second = start("b")
    succession(second)
    second.mine(1 + FINAL)
    assert chain.sent == sent
    assert second.ledger.courses["f" * 64].state == "refused"


def test_where_responders_keys_are_named_no_other_step_is_learned(
    tmp_path: Path, chain: FakeChain, broker: MemoryBroker
) -> None:
    """So no stranger spends a budget, or has a brake look done."""
    ours = load_signer(generate(tmp_path / "keys", "actions"))
    mallory = load_signer(generate(tmp_path / "mallory", "actions"))
    beside = Beside(signer=ours, actors=actors_of(tmp_path / "keys"))
    asked = Request("meadow", "", alert().timestamp)
    with Journal(tmp_path / "a.jsonl") as one, Journal(tmp_path / "b.jsonl") as other:
        first = Bench(one, chain, broker=broker, given=ONE_BRAKE, beside=beside)
        first.receive(alert())
        true = first.published()
        for step in true:
            forged = encode(msgspec.structs.replace(step, action="f" * 64, state="final"))
            for headers in ((), signed(forged, mallory), signed(encode(step), ours)):
                broker.producer().send(ACTIONS.name, forged, key=b"meadow", headers=headers)
        second = Bench(other, chain, broker=broker, given=ONE_BRAKE, beside=beside)
        succession(second)
        assert second.ledger.courses.keys() == {step.action for step in true}
        assert brakes_left(second.ledger.guard, asked, ONE_BRAKE.limits) == 1
        second.receive(alert())
        second.mine(1 + FINAL)
        assert second.states(true[0].action)[-1] == "final"
    assert len(chain.brakes) == 1


def test_a_replica_that_led_before_learns_how_others_went_on(
    start: Start, chain: FakeChain
) -> None:
    first = start("a")
    waiting(first)
    first.states()
    second = start("b")
    succession(second)
    second.receive(alert())
    second.mine(1 + FINAL)
    second.states()
    made = succession(first)
    assert first.ledger.open() == []
    assert made.starts([Partition(ALERTS.name, 0)]) == {}
    assert len(chain.brakes) == 1


def test_alerts_are_read_again_from_a_little_before_what_was_left(
    start: Start, broker: MemoryBroker
) -> None:
    first = start("a")
    proposed = int(first.clock.seconds) * 1000
    producer = broker.producer()
    for seconds in (-MARGIN - 1, -MARGIN, 0):
        broker.milliseconds = proposed + 1000 * seconds
        producer.send(ALERTS.name, b"", partition=0)
    waiting(first)
    first.states()
    broker.commit(GROUP, {Partition(ALERTS.name, 0): 3, Partition(ALERTS.name, 1): 0})
    second = start("b")
    made = succession(second)
    every = [Partition(ALERTS.name, number) for number in range(3)]
    assert made.starts(every) == {every[0]: 1, every[1]: 0}
    assert made.starts(every) == {}


def test_what_was_left_long_ago_is_not_judged_again(start: Start, broker: MemoryBroker) -> None:
    first = start("a")
    broker.milliseconds = int(first.clock.seconds) * 1000
    waiting(first)
    first.states()
    broker.commit(GROUP, {Partition(ALERTS.name, 0): 0})
    second = start("b")
    second.clock.seconds += OLDEST + 1
    made = succession(second)
    assert second.states()[-1] == "refused"
    assert made.starts([Partition(ALERTS.name, 0)]) == {}


def test_without_the_lead_nothing_is_answered(start: Start, chain: FakeChain) -> None:
    bench = start("a")
    bench.executor.lead = Lost()
    with pytest.raises(TransientError, match="another replica may lead"):
        bench.receive(alert())
    assert bench.ledger.courses == {}


def test_a_lead_that_is_lost_in_between_leaves_the_brake_unsigned(
    start: Start, chain: FakeChain
) -> None:
    bench = start("a")
    lead, bench.executor.lead = bench.executor.lead, Losing()
    bench.receive(alert())
    bench.mine()
    assert bench.states() == ["proposed", "authorised"]
    bench.executor.lead = lead
    bench.mine(2 + FINAL)
    assert bench.states() == WHOLE_WAY


def test_what_waited_behind_a_crowd_is_left_to_who_leads(start: Start) -> None:
    bench = start("a")
    bench.receive(*(alert(1, tx=f"0x{n:064x}", votes=(AMOUNTS,)) for n in range(CROWD + 1)))
    lead, bench.executor.lead = bench.executor.lead, Lost()
    bench.clock.seconds += WAITS
    bench.responder.tick()
    with pytest.raises(TransientError, match="another replica may lead"):
        bench.responder.checkpoint({})
    assert bench.ledger.courses == {}
    bench.executor.lead = lead
    bench.responder.tick()
    assert [course.state for course in bench.ledger.courses.values()] == ["refused"]


def test_without_the_lead_nothing_is_done_about_bounds_either(start: Start) -> None:
    bench = start("a")
    lead, bench.executor.lead = bench.executor.lead, Lost()
    bench.responder.tell(Look("meadow", (), Bucket(Fraction(1), Fraction(1)), {}))
    bench.mine()
    assert bench.outlook.bucket("meadow") is None
    bench.executor.lead = lead
    bench.mine()
    assert bench.outlook.bucket("meadow") is not None
