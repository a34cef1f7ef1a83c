import threading
from collections.abc import Callable

import pytest

from responders.chain import Answer
from responders.heartbeat import Heartbeat, HeartbeatError, Standing, beat_all, run, standing
from responders.reverts import selector
from runtime.metrics import Metrics
from tests.unit.responders.examples import GATE, START
from tests.unit.responders.fakes import GWEI, SIGNER, FakeChain, State

TTL = 3600


class Gated(FakeChain):
    """A chain whose gate has an authority that heartbeats renew."""

    def __init__(self) -> None:
        super().__init__()
        self.until = START + TTL
        self.age(0)

    def age(self, seconds: int) -> None:
        """Let the authority be so old."""
        self.until = self.head().timestamp + TTL - seconds

    def execute(self, state: State, data: str) -> Answer:
        if data == selector("ttl()"):
            return Answer(ok=True, data=f"0x{TTL:064x}")
        if data == selector("authorityUntil()"):
            return Answer(ok=True, data=f"0x{self.until:064x}")
        return super().execute(State(), "0x8456cb59")


def heartbeat(chain: FakeChain) -> Heartbeat:
    return Heartbeat(chain, SIGNER, GATE, ("meadow",), 500 * GWEI)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (0, Standing.FRESH),
        (TTL // 3 - 1, Standing.FRESH),
        (TTL // 3, Standing.DUE),
        (TTL - 1, Standing.DUE),
        (TTL, Standing.LAPSED),
        (2 * TTL, Standing.LAPSED),
    ],
)
def test_the_authority_is_renewed_at_a_third_of_its_time(age: int, expected: Standing) -> None:
    assert standing(START + TTL, TTL, START + age) is expected


def test_a_gate_that_was_killed_has_no_authority() -> None:
    assert standing(0, TTL, START) is Standing.LAPSED


def test_a_fresh_authority_is_left_alone() -> None:
    chain = Gated()
    assert heartbeat(chain).beat() is None
    assert chain.sent == []


def test_a_due_authority_is_renewed_once() -> None:
    chain = Gated()
    beats = heartbeat(chain)
    chain.age(TTL // 2)
    beats.beat()
    beats.beat()
    assert len(chain.sent) == 1
    assert chain.pool[0].data == selector("heartbeat()")
    assert beats.waiting
    chain.mine()
    assert beats.beat() == chain.head().timestamp
    assert not beats.waiting


def test_a_stuck_heartbeat_is_replaced_with_its_nonce() -> None:
    chain = Gated()
    beats = heartbeat(chain)
    chain.age(TTL // 2)
    beats.beat()
    first = chain.pool[0]
    chain.mine(3, include=False)
    beats.beat()
    assert chain.pool[0].tx != first.tx
    assert 10 * chain.pool[0].tip >= 11 * first.tip
    assert list(chain.pool) == [0]


def test_a_heartbeat_whose_nonce_was_used_is_forgotten() -> None:
    chain = Gated()
    beats = heartbeat(chain)
    chain.age(TTL // 2)
    beats.beat()
    chain.overtake(0)
    chain.mine()
    beats.beat()
    assert not beats.waiting


def lapsed(chain: Gated) -> None:
    chain.age(TTL + 1)


def refusing(chain: Gated) -> None:
    chain.age(TTL // 2)
    chain.gate_refuses = "NotHeartbeat()"


def poor(chain: Gated) -> None:
    chain.age(TTL // 2)
    chain.deaf = True


@pytest.mark.parametrize(
    ("trouble", "words"),
    [(lapsed, "only its Safe"), (refusing, "NotHeartbeat"), (poor, "insufficient funds")],
)
def test_trouble_is_told_and_nothing_is_paused(
    trouble: Callable[[Gated], None], words: str
) -> None:
    chain = Gated()
    trouble(chain)
    beats = heartbeat(chain)
    for _ in range(2):
        with pytest.raises(HeartbeatError, match=words):
            beats.beat()
    assert not chain.pool


def test_a_reverted_heartbeat_is_told() -> None:
    chain = Gated()
    beats = heartbeat(chain)
    chain.age(TTL // 2)
    beats.beat()
    chain.gate_refuses = "AuthorityLapsed()"
    chain.mine()
    with pytest.raises(HeartbeatError, match="reverted"):
        beats.beat()


def test_what_is_no_gate_is_told() -> None:
    chain = FakeChain()
    with pytest.raises(HeartbeatError, match="BrakeGate"):
        heartbeat(chain).beat()


def shown(metrics: Metrics, name: str) -> float | None:
    return metrics.registry.get_sample_value(f"firebreak_{name}", {"protocol": "meadow"})


def test_when_the_authority_lapses_is_shown_and_moves_with_every_heartbeat() -> None:
    chain, metrics = Gated(), Metrics()
    beats = heartbeat(chain)
    beat_all([beats], metrics)
    assert shown(metrics, "authority_until_timestamp_seconds") == chain.until

    chain.age(TTL // 2)
    beat_all([beats], metrics)
    chain.mine()
    chain.age(0)
    beat_all([beats], metrics)
    assert shown(metrics, "authority_until_timestamp_seconds") == chain.until
    assert shown(metrics, "heartbeat_faults_total") is None


def test_a_heartbeat_that_fails_is_counted_and_the_authority_still_shown() -> None:
    chain, metrics = Gated(), Metrics()
    lapsed(chain)
    beats = heartbeat(chain)
    beat_all([beats], metrics)
    beat_all([beats], metrics)
    assert shown(metrics, "heartbeat_faults_total") == 2
    assert shown(metrics, "authority_until_timestamp_seconds") == chain.until


def test_a_protocols_authority_ends_with_the_first_that_lapses() -> None:
    sooner, later, metrics = Gated(), Gated(), Metrics()
    sooner.age(TTL // 4)
    for both in ((sooner, later), (later, sooner)):
        beat_all([heartbeat(chain) for chain in both], metrics)
        assert shown(metrics, "authority_until_timestamp_seconds") == sooner.until < later.until


def test_two_gates_take_turns_with_their_account() -> None:
    chain, metrics = Gated(), Metrics()
    chain.age(TTL // 2)
    both = heartbeat(chain), heartbeat(chain)
    beat_all(both, metrics)
    assert [beats.waiting for beats in both] == [True, False]
    chain.mine()
    beat_all(both, metrics)
    beat_all(both, metrics)
    assert sorted(chain.nonces) == [0, 1]


def test_it_beats_until_told_to_stop_whatever_goes_wrong() -> None:
    stop, metrics, chain = threading.Event(), Metrics(), Gated()
    chain.age(TTL // 2)
    good, bad = heartbeat(chain), heartbeat(FakeChain())
    good.beat()
    chain.mine()
    thread = threading.Thread(target=run, args=([bad, good], metrics, stop))
    thread.start()
    while not metrics.registry.get_sample_value(
        "firebreak_heartbeat_timestamp_seconds", {"protocol": "meadow"}
    ):
        assert thread.is_alive()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_only_the_replica_that_leads_beats() -> None:
    chain, stop, metrics = Gated(), threading.Event(), Metrics()
    chain.age(TTL // 2)

    def not_led() -> bool:
        stop.set()
        return False

    run([heartbeat(chain)], metrics, stop, leads=not_led)
    assert chain.sent == []
