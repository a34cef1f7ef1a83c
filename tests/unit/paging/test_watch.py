import pytest

from paging.watch import MOST_GROUPS, Watch
from tests.unit.paging.stand import beat

P = 10.0
LIMIT = 1.5 * P


@pytest.fixture
def watch() -> Watch:
    return Watch(("ingest", "detect", "respond"), P, now=0.0)


def words(watch: Watch, now: float) -> list[str]:
    return sorted(trouble.words for trouble in watch.troubles(now).values())


def all_well(watch: Watch, now: float) -> None:
    for service in ("ingest", "detect", "respond"):
        watch.hear(beat(service), now)


def test_who_was_never_heard_is_missed_within_two_periods(watch: Watch) -> None:
    assert words(watch, LIMIT) == []
    assert words(watch, LIMIT + 0.1) == [
        f"{name} was never heard of" for name in ("detect", "ingest", "respond")
    ]


@pytest.mark.parametrize("service", ["ingest", "detect", "respond"])
def test_who_falls_silent_is_missed_within_two_periods(watch: Watch, service: str) -> None:
    all_well(watch, 0.0)
    for other in {"ingest", "detect", "respond"} - {service}:
        watch.hear(beat(other), P)
    assert words(watch, LIMIT) == []
    (told,) = words(watch, LIMIT + 0.1)
    assert told.startswith(f"{service} is silent")
    watch.hear(beat(service), 2 * P)
    assert words(watch, 2 * P) == []


def test_another_of_the_group_is_enough(watch: Watch) -> None:
    all_well(watch, 0.0)
    for second in range(1, 100):
        watch.hear(beat("detect", instance="two"), float(second))
    assert not any("detect" in told for told in words(watch, 99.0))


def test_each_chain_has_its_own_publisher(watch: Watch) -> None:
    all_well(watch, 0.0)
    watch.hear(beat("ingest", group="firebreak-ingest-eip155-56"), 0.0)
    for second in range(1, 30):
        all_well(watch, float(second))
    assert list(watch.troubles(29.0)) == ["firebreak-ingest-eip155-56"]


def test_who_waits_does_not_work(watch: Watch) -> None:
    for second in range(40):
        all_well(watch, float(second))
        if second > 3:
            watch.hear(beat("respond", waiting="a node that answers"), float(second))
    assert words(watch, 20.0) == []  # it said in between that it works
    for second in range(40, 60):
        watch.hear(beat("ingest"), float(second))
        watch.hear(beat("detect"), float(second))
        watch.hear(beat("respond", waiting="a node that answers"), float(second))
    assert words(watch, 59.0) == ["respond does no work, it waits for a node that answers"]


def lane(watch: Watch, now: float, wrote: int, reads: int, alerts: int = 5, read: int = 5) -> None:
    watch.hear(beat("ingest", wrote={"chain-transactions-v1/3": wrote}), now)
    watch.hear(
        beat("detect", reads={"chain-transactions-v1/3": reads}, wrote={"alerts-v1/0": alerts}), now
    )
    watch.hear(beat("respond", reads={"alerts-v1/0": read}), now)


def test_who_is_alive_and_deaf_is_missed(watch: Watch) -> None:
    for second in range(40):
        lane(watch, float(second), wrote=100 + second, reads=100 + second)
    assert words(watch, 39.0) == []
    for second in range(40, 60):
        lane(watch, float(second), wrote=200, reads=139)
    (told,) = words(watch, 59.0)
    assert "detect is deaf: chain-transactions-v1[3] was written up to 200" in told
    lane(watch, 60.0, wrote=200, reads=200)
    assert words(watch, 60.0) == []


def test_what_is_not_passed_is_told_of_with_half_a_period_to_spare(watch: Watch) -> None:
    """Written at once after a beat of whoever wrote it, so known of half a period later."""
    lane(watch, 0.0, wrote=100, reads=100)
    for half in range(1, 4):
        lane(watch, half * P / 2, wrote=101, reads=100)
    assert words(watch, LIMIT) == []
    (told,) = words(watch, LIMIT + 0.1)
    assert "detect is deaf" in told


def test_an_alert_has_to_arrive_at_the_responder(watch: Watch) -> None:
    lane(watch, 0.0, 100, 100)
    for second in range(1, 20):
        lane(watch, float(second), 100, 100, alerts=6)
    (told,) = words(watch, 19.0)
    assert "respond is deaf: alerts-v1[0]" in told


def test_who_is_late_but_comes_on_is_not_deaf(watch: Watch) -> None:
    """What it owes is an offset of then, not the newest."""
    for second in range(100):
        lane(watch, float(second), wrote=100 + 10 * second, reads=max(100, 10 * second))
    assert words(watch, 99.0) == []


def test_what_was_written_before_is_not_asked_for(watch: Watch) -> None:
    for second in range(40):
        watch.hear(beat("ingest", wrote={"chain-transactions-v1/3": 100}), float(second))
        watch.hear(beat("detect", reads={"chain-transactions-v1/1": 7}), float(second))
        watch.hear(beat("respond"), float(second))
    assert words(watch, 39.0) == []


def test_who_is_not_to_be_watched_is_not(watch: Watch) -> None:
    all_well(watch, 0.0)
    watch.hear(beat("archive"), 0.0)
    all_well(watch, 29.0)
    assert words(watch, 30.0) == []


def test_a_flood_of_strangers_takes_no_memory_and_hides_nobody(watch: Watch) -> None:
    all_well(watch, 0.0)
    for number in range(2000):
        watch.hear(beat("detect", group=f"g{number}", wrote={f"t/{number}": 1}), 0.0)
    assert len(watch._groups) == MOST_GROUPS
    assert "firebreak-ingest" in watch.troubles(20.0)
