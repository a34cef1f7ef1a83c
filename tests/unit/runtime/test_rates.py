"""How often a client may ask."""

import threading
from math import inf

from runtime.rates import MOST_CLIENTS, Limit, Rate
from tests.clock import ManualClock


def test_a_bucket_empties_and_fills_and_says_how_long_to_wait() -> None:
    clock = ManualClock()
    limit = Limit(Rate(burst=2, per_second=0.5), clock)
    assert [limit.wait("a") for _ in range(4)] == [0, 0, 2, 2], "what is refused costs nothing"
    assert limit.allows("b")
    clock.seconds += 1.5
    assert limit.wait("a") == 0.5
    clock.seconds += 0.5
    assert [limit.allows("a"), limit.allows("a")] == [True, False]
    clock.seconds += 1_000
    assert [limit.allows("a") for _ in range(3)] == [True, True, False]


def test_clients_are_forgotten_before_memory_is_full() -> None:
    limit = Limit(Rate(burst=2, per_second=1), ManualClock())
    for number in range(MOST_CLIENTS + 5):
        limit.allows(f"client {number}")
    assert len(limit._buckets) == MOST_CLIENTS


def test_a_network_of_addresses_is_one_client() -> None:
    limit = Limit(Rate(burst=2, per_second=0), ManualClock())
    assert [limit.wait(f"2001:db8:1:2::{number:x}") for number in range(3)] == [0, 0, inf]
    assert limit.allows("2001:db8:1:3::1")
    assert [limit.allows(f"192.0.2.{number}") for number in range(3)] == [True] * 3
    assert [limit.allows(f"::ffff:192.0.2.{number}") for number in (7, 8)] == [True] * 2


def test_threads_share_what_there_is() -> None:
    limit, taken = Limit(Rate(burst=500, per_second=0), ManualClock()), list[bool]()
    threads = [
        threading.Thread(target=lambda: taken.extend(limit.allows("a") for _ in range(200)))
        for _ in range(5)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(taken) == 500
