from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responders.chain import Call
from responders.fees import Fee
from responders.reverts import selector
from responders.signers.policy import Allowed, Rate, SignerPolicy, load
from schemas.errors import ConfigurationError

GATE = "0x" + "ab" * 20
BRAKE = "brake(bytes32,uint64,address,bytes)"
GWEI = 10**9
POLICY = SignerPolicy(
    chain="eip155:1",
    fee_cap_gwei=500,
    gas_cap=1_000_000,
    signatures_per_hour=3,
    allow=(Allowed(to=GATE.upper().replace("0X", "0x"), call=BRAKE),),
)
GOOD = Call(GATE, selector(BRAKE) + "00" * 128, 500_000)
FEE = Fee(500 * GWEI, 10 * GWEI)


def test_what_is_on_the_list_within_the_caps_is_signed() -> None:
    assert POLICY.objection(GOOD, FEE) == ""
    assert POLICY.objection(Call(GATE.upper().replace("0X", "0x"), GOOD.data, 1), Fee(0, 0)) == ""


@pytest.mark.parametrize(
    ("call", "fee", "said"),
    [
        (Call("0x" + "cd" * 20, GOOD.data), FEE, "allow-list"),
        (Call(GATE, selector("transfer(address,uint256)") + "00" * 64), FEE, "allow-list"),
        (Call(GATE, "0x"), FEE, "allow-list"),
        (Call(GATE, GOOD.data[:9]), FEE, "allow-list"),
        (Call(GATE, GOOD.data, 1_000_001), FEE, "gas_cap"),
        (GOOD, Fee(500 * GWEI + 1, 1), "fee_cap"),
        (GOOD, Fee(1, 500 * GWEI + 1), "fee_cap"),
    ],
)
def test_anything_else_is_refused(call: Call, fee: Fee, said: str) -> None:
    assert said in POLICY.objection(call, fee)


@given(st.binary(min_size=20, max_size=20), st.binary(max_size=200))
def test_no_other_contract_and_no_other_function_is_ever_signed(to: bytes, data: bytes) -> None:
    call = Call("0x" + to.hex(), "0x" + data.hex())
    listed = call.to == GATE and call.data[:10] == selector(BRAKE)
    assert (POLICY.objection(call, FEE) == "") == listed


def test_the_rate_holds_in_every_hour() -> None:
    rate = Rate(3)
    assert [rate.take(t) for t in (0, 10, 20, 30, 3599.9)] == [True, True, True, False, False]
    assert rate.take(3600)
    assert not rate.take(3601)
    assert rate.take(3610)


@given(st.lists(st.floats(0, 20_000), max_size=60), st.integers(1, 5))
def test_no_hour_holds_more_than_the_rate(times: list[float], most: int) -> None:
    rate = Rate(most)
    taken = [time for time in sorted(times) if rate.take(time)]
    assert all(later - earlier >= 3600 for earlier, later in zip(taken, taken[most:], strict=False))


TEXT = f"""
chain = "eip155:1"
fee_cap_gwei = 500
gas_cap = 1000000
signatures_per_hour = 3

[[allow]]
to = "{GATE}"
call = "{BRAKE}"
"""


def _written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    path.chmod(0o644)
    return path


def test_a_policy_is_read_from_its_file(tmp_path: Path) -> None:
    assert load(_written(tmp_path, TEXT)) == POLICY


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        (BRAKE, "unpause()", "allow.0.call"),
        (BRAKE, "brake", "allow.0.call"),
        (GATE, "0x12", "allow.0.to"),
        ('"eip155:1"', '"1"', "chain"),
        ("fee_cap_gwei = 500", "fee_cap_gwei = -1", "fee_cap_gwei"),
        ("fee_cap_gwei = 500", "", "fee_cap_gwei"),
        ("gas_cap = 1000000", "gas_cap = 1.5", "gas_cap"),
        ("gas_cap", "gas", "gas"),
        ("[[allow]]", "[[allowed]]", "allow"),
        ("chain =", "chain", "line 2"),
    ],
)
def test_a_mistake_is_named_with_its_field(
    tmp_path: Path, before: str, after: str, field: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"policy\.toml.*{field}"):
        load(_written(tmp_path, TEXT.replace(before, after)))


def test_a_policy_that_others_can_change_is_refused(tmp_path: Path) -> None:
    path = _written(tmp_path, TEXT)
    path.chmod(0o666)
    with pytest.raises(ConfigurationError, match="can be changed by others: chmod go-w"):
        load(path)
