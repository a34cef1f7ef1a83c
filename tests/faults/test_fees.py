"""Brakes that get stuck: a fee spike, a node that drops them, a nonce that holds up the next.

A responder in this process, the gate and the pool on a real node.
"""

from collections.abc import Iterator

import pytest

from schemas.manifest import Brake, Limits
from tests.integration.responders.conftest import braked_world, place
from tests.integration.responders.place import Place
from tests.unit.responders.bench import FINAL, Assembly

__all__ = ["braked_world", "place"]

pytestmark = [pytest.mark.node]

MOST_BLOCKS = 3
"""Within which a brake that is stuck has to be mined."""


@pytest.fixture(autouse=True)
def usual_fees(place: Place) -> Iterator[None]:
    """The node goes on from a test's last base fee, also when its blocks are taken back."""
    usual = base_fee(place)
    yield
    place.node.rpc("anvil_setNextBlockBaseFeePerGas", hex(usual))
    place.hands.mine()


def base_fee(place: Place) -> int:
    found: str = place.node.rpc("eth_getBlockByNumber", "latest", False)["baseFeePerGas"]  # noqa: FBT003 - its own
    return int(found, 16)


def mine_at(place: Place, responder: Assembly, fee: int) -> None:
    """Make a block of this base fee."""
    place.node.rpc("anvil_setNextBlockBaseFeePerGas", hex(fee))
    place.mine(responder)


def test_a_base_fee_a_hundred_times_higher_is_paid_up_to_the_emergency_cap(place: Place) -> None:
    with place.responder() as responder:
        responder.receive(place.alert())
        spike = 100 * base_fee(place)
        blocks = 0
        while not place.paused():
            mine_at(place, responder, spike)
            blocks += 1
            assert blocks <= 2 * MOST_BLOCKS
        place.mine(responder, FINAL)
        assert responder.states()[-1] == "final"
        assert place.sent() == place.began + 1


def test_beyond_the_cap_it_says_so_and_is_mined_once_the_fee_falls(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    cap = 500 * 10**9
    with place.responder() as responder:
        responder.receive(place.alert())
        for _ in range(40):
            mine_at(place, responder, 2 * cap)
        assert not place.paused()
        assert "brake_at_fee_cap" in capsys.readouterr().out
        mine_at(place, responder, cap // 2)
        for _ in range(MOST_BLOCKS):
            place.mine(responder)
        assert place.paused()
        assert place.sent() == place.began + 1


def test_a_brake_that_the_node_dropped_is_mined_within_three_blocks(place: Place) -> None:
    with place.responder() as responder:
        responder.receive(place.alert())
        place.node.rpc("anvil_dropAllTransactions")
        place.mine(responder, MOST_BLOCKS + 1)
        assert place.paused()
        assert place.sent() == place.began + 1


def test_a_gap_in_the_nonces_is_filled_within_three_blocks(place: Place) -> None:
    """The node lost the first of two brakes; the second waits for its nonce."""
    second = Brake(
        name="pause-vault",
        adapter="gate",
        target=place.world.vault.address,
        gate=place.world.gate.address,
        scope="T2",
        one_detector_may_pause=True,
    )
    changes = {
        "brakes": (*place.manifest.brakes, second),
        "limits": Limits(brakes_per_window=2, cooldown_seconds=0),
    }
    with place.responder(given=place.manifest.model_copy(update=changes)) as responder:
        responder.receive(place.alert())
        waiting = place.pending()
        assert len(waiting) == 2
        first = waiting[min(waiting, key=int)]
        place.node.rpc("anvil_dropTransaction", first["hash"])
        place.mine(responder)
        assert place.sent() == place.began, "the gap holds up the other"
        place.mine(responder, MOST_BLOCKS)
        assert place.sent() == place.began + 2
        assert len(set(place.brakes())) == 2
