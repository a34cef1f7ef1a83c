"""Random sequences against the contract: it does what the model says, and keeps to C + r * T.

`tests/property/test_bucket.py` shows the bound for the model over many more sequences; that the
contract and the model agree to the last unit carries it over.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from responders.bucket import Limits
from sandbox import fetch
from sandbox.evm import ETHER, Chain
from sandbox.node import LocalNode, NodeOptions
from tests.bucket_model import Bucket
from tests.integration.contracts.vaulted import (
    CREDIT,
    IN_ETHER,
    LIMITS,
    NATIVE,
    RAMP,
    Vaulted,
)

pytestmark = pytest.mark.node

WIDEST = Limits(2 * LIMITS.capacity, 2 * LIMITS.rate)
limits = st.builds(Limits, st.integers(0, WIDEST.capacity), st.integers(0, WIDEST.rate))
steps = st.lists(
    st.tuples(
        st.sampled_from(["withdraw", "withdraw", "drain", "tighten", "reset"]),
        st.integers(1, 2 * RAMP),
        st.integers(1, WIDEST.capacity),
        limits,
    ),
    min_size=6,
    max_size=14,
)


@pytest.fixture(scope="module")
def vaulted(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vaulted]:
    """A vault on a node that all examples share; each finds it as it was."""
    anvil = fetch.anvil(cache, lambda line: None)
    folder = tmp_path_factory.mktemp("bucket")
    with LocalNode(folder, anvil, NodeOptions(mining=False)) as node:
        yield Vaulted(node)


def drain(vaulted: Vaulted, wait: int) -> int:
    """Return all that may leave in the block after this wait."""
    level = vaulted.node.rpc("evm_snapshot")
    vaulted.chain.mine(wait)
    found = vaulted.available()
    vaulted.node.rpc("evm_revert", level)
    return found


@settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps)
def test_any_sequence_keeps_to_the_bound_and_to_the_model(
    vaulted: Vaulted, plan: list[tuple[str, int, int, Limits]]
) -> None:
    snapshot = vaulted.node.rpc("evm_snapshot")
    vaulted.chain = Chain(vaulted.node)
    began = vaulted.chain.timestamp()
    model, left, widest = Bucket.full(LIMITS, began), [(began, 0)], LIMITS
    for what, wait, value, to in plan:
        now = vaulted.chain.timestamp() + wait
        before = vaulted.held()
        if what == "tighten":
            vaulted.tighten(to, RAMP, after=wait)
            model = model.tightened(to, seconds=RAMP, ramp=RAMP, time=now)
        elif what == "reset":
            call = vaulted.bucket.call("setLimits", NATIVE, *to)
            assert vaulted.does(vaulted.owner, call, after=wait)
            model = model.reset(to, ramp=RAMP, time=now)
            widest = Limits(*map(max, widest, to))
        else:
            amount = drain(vaulted, wait) if what == "drain" else value
            after = model.charged(amount, now)
            assert vaulted.withdraw(amount, after=wait) is (after is not None)
            model = after or model
        assert vaulted.available() == model.available(now)
        assert vaulted.limits() == model.limits(now)
        left.append((now, before - vaulted.held()))
    for at, (first, _) in enumerate(left):
        for upto in range(at, len(left)):
            out = sum(value for _, value in left[at : upto + 1])
            assert out <= widest.loss(left[upto][0] - first)
    assert 0 < ETHER <= vaulted.held()
    vaulted.node.rpc("evm_revert", snapshot)


moves = st.lists(
    st.tuples(
        st.sampled_from(["deposit", "withdraw", "withdraw"]),
        st.sampled_from(["depositor", "user"]),
        st.one_of(st.integers(1, CREDIT), st.integers(1, RAMP)),
        st.integers(1, 3 * LIMITS.capacity),
    ),
    min_size=8,
    max_size=16,
)


@pytest.fixture(scope="module", params=[False, True], ids=["of one's own", "pooled"])
def busy(
    request: pytest.FixtureRequest, cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Vaulted]:
    """A vault whose credit is its bringer's, or anyone's."""
    anvil = fetch.anvil(cache, lambda line: None)
    folder = tmp_path_factory.mktemp("busy")
    with LocalNode(folder, anvil, NodeOptions(mining=False)) as node:
        yield Vaulted(node, (*IN_ETHER[:-1], request.param))


@settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(moves)
def test_what_leaves_is_the_bound_and_what_came_in_lately(
    busy: Vaulted, plan: list[tuple[str, str, int, int]]
) -> None:
    snapshot = busy.node.rpc("evm_snapshot")
    busy.chain = Chain(busy.node)
    flows = [(busy.chain.timestamp(), 0)]
    for what, who, wait, amount in plan:
        account, before = getattr(busy, who), busy.held()
        if what == "deposit":
            assert busy.does(account, busy.vault.call("deposit", value=amount), after=wait)
        else:
            busy.withdraw(amount, account, after=wait)
        flows.append((busy.chain.timestamp(), before - busy.held()))
    for at, (first, _) in enumerate(flows):
        for last, _ in flows[at:]:
            out = sum(flow for time, flow in flows if flow > 0 and first <= time <= last)
            lately = sum(
                -flow for time, flow in flows if flow < 0 and first - CREDIT <= time <= last
            )
            assert out <= LIMITS.loss(last - first) + lately
    busy.node.rpc("evm_revert", snapshot)
