import threading
from collections.abc import Sequence

from prometheus_client import generate_latest

from responders import drill
from responders.drill import Drill, Readiness, hold
from responders.levers import within_reach
from responders.outlook import Account, Outlook
from runtime.metrics import Metrics
from tests.clock import ManualClock
from tests.unit.responders.examples import POOL, brake, manifest
from tests.unit.responders.fakes import GWEI, SIGNER, FakeChain, Pooled

ACCOUNT = Account(SIGNER.address, None)


def drilled(chain: FakeChain) -> Drill:
    return Drill(Outlook(chain, ACCOUNT, 500 * GWEI), within_reach([manifest()], chain, 1))


def trouble(chain: FakeChain) -> str:
    (found,) = drilled(chain).rehearse()
    assert (found.protocol, found.brake) == ("meadow", "pause-pool")
    return found.trouble


def test_a_brake_that_would_work_is_ready() -> None:
    assert trouble(FakeChain()) == ""


def test_an_empty_account_is_told() -> None:
    chain = FakeChain()
    chain.funds = 1
    assert "holds 1 wei" in trouble(chain)


def test_a_transaction_that_waits_before_every_brake_is_told() -> None:
    chain = FakeChain()
    chain.pool[0] = Pooled("0xforeign", 0, "0x", 1, 1, foreign=True)
    assert "nonce 0 waits" in trouble(chain)


def test_a_target_without_code_is_told_and_never_braked() -> None:
    chain = FakeChain()
    chain.bare.add(POOL)
    assert "no contract at the target" in trouble(chain)


def test_one_brake_that_fails_hides_no_other() -> None:
    chain = FakeChain()
    chain.bare.add(POOL)
    other = "0x" + "dd" * 20
    given = manifest(brake(), brake(name="pause-other", target=other))
    found = Drill(Outlook(chain, ACCOUNT, 500 * GWEI), within_reach([given], chain, 1)).rehearse()
    assert [bool(one.trouble) for one in found] == [True, False]


def shown(metrics: Metrics) -> str:
    return generate_latest(metrics.registry).decode()


def test_the_metrics_say_which_brake_and_when() -> None:
    chain, metrics, clock = FakeChain(), Metrics(), ManualClock()
    held = drilled(chain)
    chain.gate_refuses = "NotResponder()"
    hold(held, metrics, clock)
    line = 'firebreak_brake_unready{brake="pause-pool",protocol="meadow"}'
    assert f"{line} 1.0" in shown(metrics)
    chain.gate_refuses = ""
    hold(held, metrics, clock)
    assert f"{line} 0.0" in shown(metrics)
    clock.seconds, chain.down = 2000.0, True
    hold(held, metrics, clock)
    assert 'firebreak_drilled_timestamp_seconds{protocol="meadow"} 1000.0' in shown(metrics)


class Minutes(threading.Event):
    """Something to wait for: the time passes at once, and so many waits end the drills."""

    def __init__(self, clock: ManualClock, stop: threading.Event, waits: int) -> None:
        super().__init__()
        self._clock = clock
        self._stop = stop
        self._left = waits

    def wait(self, timeout: float | None = None) -> bool:
        self._clock.seconds += timeout or 0.0
        self._left -= 1
        if not self._left:
            self._stop.set()
        return False


def test_every_brake_is_rehearsed_each_minute() -> None:
    chain, clock, metrics, stop = FakeChain(), ManualClock(), Metrics(), threading.Event()
    held: list[tuple[float, str]] = []

    def tell(found: Sequence[Readiness]) -> None:
        held.extend((clock.seconds, one.trouble) for one in found)
        if len(held) == 2:
            chain.gate_refuses = "NotResponder()"

    drill.run(drilled(chain), metrics, clock, stop, Minutes(clock, stop, 3), tell)
    assert [(at, bool(trouble)) for at, trouble in held] == [
        (1000.0, False),
        (1060.0, False),
        (1120.0, True),
    ]
    assert 'firebreak_drilled_timestamp_seconds{protocol="meadow"} 1120.0' in shown(metrics)


def test_where_no_drill_can_ever_be_held_its_age_is_that_of_the_start() -> None:
    chain, clock, metrics, stop = FakeChain(), ManualClock(), Metrics(), threading.Event()
    chain.down = True
    drill.run(drilled(chain), metrics, clock, stop, Minutes(clock, stop, 3))
    assert clock.seconds == 1180.0
    assert 'firebreak_drilled_timestamp_seconds{protocol="meadow"} 1000.0' in shown(metrics)


def test_it_ends_when_it_is_told_to() -> None:
    stop, wake = threading.Event(), threading.Event()
    held: list[Readiness] = []

    def tell(found: Sequence[Readiness]) -> None:
        held.extend(found)
        stop.set()
        wake.set()

    drill.run(drilled(FakeChain()), Metrics(), ManualClock(), stop, wake, tell)
    assert len(held) == 1


def test_a_warning_has_one_held_at_once() -> None:
    stop, wake = threading.Event(), threading.Event()
    held: list[Readiness] = []

    def tell(found: Sequence[Readiness]) -> None:
        held.extend(found)
        if len(held) == 3:
            stop.set()
        wake.set()  # during the drill, so that none is missed

    drill.run(drilled(FakeChain()), Metrics(), ManualClock(), stop, wake, tell)
    assert len(held) == 3
