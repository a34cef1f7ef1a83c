"""Random acts on a market of perpetual futures: its money adds up, and nobody is left uncovered."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox import fetch
from sandbox.evm import ETHER
from sandbox.node import LocalNode, NodeOptions
from tests.integration.contracts.floor import Floor
from tests.integration.guarded.perpetuals import CAP, DOLLAR

pytestmark = pytest.mark.node

INITIAL, MAINTENANCE = 1_000, 500
"""Basis points, as the contract has them."""

ACTS = (
    *("increase", "increase", "decrease", "addMargin", "removeMargin", "liquidate"),
    *("feed", "market", "cap"),
)
acts = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, 2), st.integers(1, 100), st.booleans()),
    min_size=8,
    max_size=16,
)


@pytest.fixture(scope="module")
def floor(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """A market on a node that all examples share; each finds it as it was."""
    anvil = fetch.anvil(cache, lambda line: None)
    with LocalNode(tmp_path_factory.mktemp("perps"), anvil, NodeOptions(mining=False)) as node:
        floor = Floor(node, cache)
        yield floor
        floor.stage.close()


def require_sound(floor: Floor) -> None:
    """The money adds up, and so does what is open."""
    floor.require_solvent()
    sizes = [floor.position(one)[0] for one in floor.traders()]
    for is_long in (True, False):
        side = sum(abs(size) for size in sizes if (size > 0) is is_long)
        assert floor.get("openInterest", is_long) == side


@settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(acts)
def test_whatever_is_done_it_stays_solvent(
    floor: Floor, plan: list[tuple[str, int, int, bool]]
) -> None:
    snapshot = floor.stage.node.rpc("evm_snapshot")
    floor.stage.begin()
    for what, who, amount, flag in plan:
        trader = floor.traders()[who]
        size = floor.position(trader)[0]
        match what:
            case "feed" | "market":
                price = 600 + 8 * amount
                floor.prices(price, pool=what == "market", seconds=600 if flag else 12)
            case "cap":
                floor.cap(CAP if flag else 0)
            case "increase":
                delta = (amount if flag else -amount) * ETHER
                halted = floor.get("halted")
                done = floor.does(trader, what, delta, 40 * amount * DOLLAR)
                assert not halted or done == "Halted"
                assert done or floor.get("covers", trader.address, INITIAL)
            case "decrease":
                part = abs(size) if flag else abs(size) * amount // 200
                done = floor.does(trader, what, part)
                whole = flag and size
                assert not whole or done == "", "nobody is kept in"
                assert done or floor.get("covers", trader.address, MAINTENANCE)
            case "removeMargin":
                done = floor.does(trader, what, amount * 10 * DOLLAR)
                assert done or floor.get("covers", trader.address, INITIAL)
            case "addMargin":
                done = floor.does(trader, what, amount * 10 * DOLLAR)
                assert (done == "") is (size != 0)
            case "liquidate":
                covered = floor.get("covers", trader.address, MAINTENANCE + 1)
                done = floor.does(floor.cid, what, trader.address)
                assert done in ("", "NotLiquidatable")
                assert done or not covered
                assert floor.position(trader)[0] == (size if done else 0)
        require_sound(floor)
    floor.stage.node.rpc("evm_revert", snapshot)
