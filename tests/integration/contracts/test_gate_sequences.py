"""Random sequences against the gate on a node: act by act it does what a model says.

So no budget is exceeded, no action is carried out twice, no stale epoch and no lapsed authority
gets through, whatever the order. The short set runs always; `make sequences` runs thousands.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.integration.contracts.conftest import Bench

pytestmark = pytest.mark.node

GAS = hex(1_000_000)
WAITS = (1, 12, 12, 600, 1800, 3599, 3600)
EPOCHS = (0, 0, 0, 0, 0, 1, 2)
BUDGET, WINDOW, TTL = 2, 3600, 14_400
sequences = st.binary(min_size=4, max_size=12)


@dataclass
class Model:
    """What the gate promises."""

    until: int
    epoch: int
    used: set[int] = field(default_factory=set)
    times: list[int] = field(default_factory=list)

    def brakes(self, now: int, action: int, epoch: int) -> bool:
        """Say whether a brake goes through, and remember it if so."""
        recent = sum(now - time < WINDOW for time in self.times)
        if now >= self.until or action in self.used or epoch < self.epoch or recent >= BUDGET:
            return False
        self.used.add(action)
        self.times.append(now)
        self.epoch = epoch
        return True

    def beats(self, now: int) -> bool:
        """Say whether a heartbeat is taken, and remember it if so."""
        if now >= self.until:
            return False
        self.until = now + TTL
        return True


class Scene:
    """The gate with a call that may be made again and again; its accounts need no keys."""

    def __init__(self, bench: "Bench") -> None:
        self.bench, self.node = bench, bench.node
        token = bench.world.tokens.clover
        self.data = bench.allow(token, "approve", bench.stranger.address, 0)
        self.target = token.address
        bench.set("setBudget", BUDGET, WINDOW)
        bench.set("setTtl", TTL)
        bench.set("arm")
        for account in (bench.responder, bench.heartbeat):
            self.node.rpc("anvil_impersonateAccount", account.address)

    def play(self, data: Sequence[int]) -> int:
        """Play a sequence, on the gate and on the model; return how many acts there were."""
        snapshot = self.node.rpc("evm_snapshot")
        acts = self._acts(iter(data))
        count = sum(1 for _ in acts)
        assert self.node.rpc("evm_revert", snapshot)
        return count

    def _acts(self, choices: Iterator[int]) -> Iterator[None]:
        now = self.bench.chain.timestamp()
        model = Model(self.bench.get("authorityUntil"), self.bench.get("latestEpoch"))
        first = model.epoch
        for choice in choices:
            now += WAITS[choice // 8 % len(WAITS)]
            if choice % 8 == 7:
                expected = model.beats(now)
                done = self._sent(self.bench.heartbeat.address, self._beat(), now)
            else:
                action, epoch = 1 + choice % 7, first + EPOCHS[choice // 32 % len(EPOCHS)]
                expected = model.brakes(now, action, epoch)
                call = self.bench.gate.call(
                    "brake", action.to_bytes(32), epoch, self.target, self.data
                )
                done = self._sent(self.bench.responder.address, call.data, now)
            assert done is expected, (choice, now, model)
            yield

    def _beat(self) -> bytes:
        return self.bench.gate.call("heartbeat").data

    def _sent(self, sender: str, data: bytes, time: int) -> bool:
        """Have it mined at this time; say whether it went through."""
        gate = self.bench.gate.address
        self.node.rpc("evm_setNextBlockTimestamp", time)
        message = {"from": sender, "to": gate, "data": "0x" + data.hex(), "gas": GAS}
        tx = self.node.rpc("eth_sendTransaction", message)
        self.node.rpc("evm_mine")
        return bool(self.node.rpc("eth_getTransactionReceipt", tx)["status"] == "0x1")


@pytest.fixture
def scene(bench: "Bench") -> Scene:
    return Scene(bench)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=sequences)
def test_the_gate_does_what_it_promises(scene: Scene, data: bytes) -> None:
    scene.play(data)


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_it_does_so_through_thousands_of_sequences(scene: Scene) -> None:
    acts: list[int] = []

    @settings(
        max_examples=3000,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(data=sequences)
    def played(data: bytes) -> None:
        acts.append(scene.play(data))

    played()
    print(f"{len(acts)} sequences of {sum(acts)} acts")  # noqa: T201
    assert len(acts) >= 3000
