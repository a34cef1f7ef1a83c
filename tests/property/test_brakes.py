"""Whatever a manifest tells a family, it makes a brake or says what is wrong."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responders.adapters import registry
from responders.adapters.family import Deed
from responders.reverts import selector
from schemas.activities import Activity
from schemas.errors import ConfigurationError
from schemas.manifest import Brake
from tests.unit.responders.examples import GATE, POOL
from tests.unit.responders.fakes import FakeChain

NAMES = (
    "does", "pool", "asset", "market", "cap", "flags", "actions", "call", "probe", "operation",
    "closes", "also_stops", "released_by", "liquidation_threshold", "liquidation_bonus", "strange",
    "keys", "reason", "feature", "order", "pausable", "sealables", "pause_seconds", "eta", "fax",
    "chain_selector", "capacity", "rate", "id_data", "absolute", "relative", "assets", "seconds",
)  # fmt: skip
WORDS = (
    "pause", "freeze", "supply-cap", "borrow-cap", "ltv-zero", "pause-pool", "mint", "transfer",
    "actions", "protocol", "pause-and-recover", "pause-vault", "supply", "absorb", "redeem",
    "withdrawal", POOL, POOL.upper().replace("X", "x"), "0x" + "11" * 32, "pause()", "paused()",
    "f(uint256[][])", "f((uint256))", "unpause()", "synth", "openings", "feature", "curse",
    "rate-limit", "spell", "seal", "cap", "revoke", "native", "create-order", "liquidation",
)  # fmt: skip

WHERE = {"pool": POOL, "asset": GATE}
VALID: dict[str, list[dict[str, Any]]] = {
    "aave-v3": [
        {"does": "pause"} | WHERE,
        {"does": "supply-cap", "cap": 5} | WHERE,
        {"does": "ltv-zero", "liquidation_threshold": 8000, "liquidation_bonus": 10500} | WHERE,
        {"does": "pause-pool", "pool": POOL},
    ],
    "access-manager": [{"closes": GATE}],
    "balancer-v2": [{"does": "pause"}, {"does": "pause-and-recover", "pool": GATE}],
    "ccip": [
        {"does": "curse", "chain_selector": 7},
        {"does": "curse"},
        {"does": "rate-limit", "chain_selector": 7, "capacity": 10, "rate": 1},
    ],
    "compound-v2": [
        {"does": "mint", "market": GATE},
        {"does": "seize"},
        {"does": "borrow-cap", "market": GATE, "cap": 7},
    ],
    "compound-v3": [{"flags": ["supply"]}, {"flags": ["absorb"], "market": GATE}],
    "gate": [{}, {"call": {"function": "halt()"}}],
    "generic": [{"call": {"function": "halt()"}, "probe": {"function": "halted()"}}],
    "gmx": [
        {"does": "openings", "market": GATE},
        {"does": "market", "market": GATE},
        {"does": "feature", "feature": "create-order", "module": GATE, "order": "market-swap"},
        {"does": "feature", "feature": "execute-deposit", "module": GATE},
    ],
    "lido": [
        {"does": "pause", "pausable": GATE, "pause_seconds": 1},
        {"does": "seal", "sealables": [GATE], "pause_seconds": 1},
    ],
    "morpho-v2": [
        {"does": "cap", "id_data": "0x00", "absolute": 1},
        {"does": "cap", "id_data": "0x00", "relative": 0},
        {"does": "revoke", "data": "0x12345678"},
        {"does": "deallocate", "adapter": GATE, "data": "0x", "id_data": "0x", "assets": 1},
    ],
    "outflow": [{"asset": "native", "capacity": 1, "rate": 0, "seconds": 60}],
    "pausable": [{}],
    "sky": [
        {"does": "spell"},
        {"does": "drop", "usr": GATE, "tag": "0x" + "11" * 32, "fax": "0x", "eta": 1},
    ],
    "synthetix": [{"does": "synth", "keys": ["sETH", "sBTC"]}],
    "timelock": [{"operation": "0x" + "11" * 32}, {}],
    "venus": [{"does": "actions", "market": GATE, "actions": ["mint"]}, {"does": "protocol"}],
}

plain = (
    st.none()
    | st.booleans()
    | st.integers(-(2**300), 2**300)
    | st.floats()
    | st.text("0x_af()[], \0\u00e9", max_size=12)
    | st.sampled_from(WORDS)
)
spelled = st.fixed_dictionaries(
    {"function": plain},
    optional={
        "arguments": st.lists(plain, max_size=3), "braked": plain, "at_most": plain,
        "target": plain, "zero": st.sampled_from(["no-cap", "nothing", "what"]),
    },
)  # fmt: skip
values = plain | st.lists(plain, max_size=4) | spelled
changes = st.dictionaries(st.sampled_from(NAMES), values, max_size=2)


def test_there_is_an_example_of_every_family() -> None:
    assert VALID.keys() == registry.FAMILIES.keys()


def made(adapter: str, told: dict[str, Any], calldata: str | None = None) -> Deed:
    brake = Brake(
        name="it", adapter=adapter, target=POOL, gate=GATE, calldata=calldata, parameters=told
    )
    return registry.family_of(brake, FakeChain()).deed


@pytest.mark.parametrize("adapter", VALID)
def test_the_examples_are_brakes(adapter: str) -> None:
    for told in VALID[adapter]:
        assert made(adapter, told).target == POOL


@pytest.mark.parametrize("adapter", VALID)
@given(data=st.data())
def test_a_family_makes_a_brake_or_says_what_is_wrong(adapter: str, data: st.DataObject) -> None:
    told = data.draw(st.sampled_from(VALID[adapter])) | data.draw(changes)
    calldata = data.draw(st.none() | st.just("0x12345678"))
    try:
        deed = made(adapter, told, calldata)
    except ConfigurationError as error:
        complaint = str(error)
    else:
        complaint = "brake it: "
        for call in (deed.calldata, *deed.variants):
            assert len(bytes.fromhex(call[2:])) >= 4
            assert call[:10] != selector("unpause()")
        assert deed.also_stops.words
        assert deed.also_stops.activities <= frozenset(Activity)
    assert complaint.startswith("brake it: ")
