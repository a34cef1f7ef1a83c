"""What signers are told of new code."""

from typing import Any

from responders.recovery.code_diff import Implementation, told
from runtime.bytecode import offered
from runtime.calldata import selector
from schemas.layouts import Build, Layout

EMPTY = Layout(storage=())


def dispatcher(*signatures: str) -> bytes:
    """Code that tells these functions apart, as solc writes it."""
    return b"".join(
        b"\x80\x63" + bytes.fromhex(selector(one)[2:]) + b"\x14\x61\x00\x40\x57"
        for one in signatures
    )


def function(name: str, *, mutability: str = "nonpayable", gives: tuple[str, ...] = ()) -> Any:
    return {
        "type": "function",
        "name": name.partition("(")[0],
        "inputs": [{"type": kind} for kind in name.partition("(")[2][:-1].split(",") if kind],
        "outputs": [{"type": kind} for kind in gives],
        "stateMutability": mutability,
    }


def code(*signatures: str, build: Build | None = None) -> Implementation:
    return Implementation("0x" + "aa" * 20, dispatcher(*signatures), build or Build(EMPTY))


def lines(old: Implementation, new: Implementation) -> list[str]:
    return list(told(old, new))


def test_a_dispatcher_shows_its_functions() -> None:
    assert offered(dispatcher("pause()", "paused()")) == {
        int(selector("pause()"), 16),
        int(selector("paused()"), 16),
    }
    assert offered(b"\x63\x12\x34\x56\x78\x60\x00\x52") == frozenset(), "only called"


def test_what_comes_and_goes_is_named_where_a_name_is_known() -> None:
    after = Build(EMPTY, abi=(function("sweep(address)"),))
    shown = lines(code("pause()"), code("pause()", "sweep(address)", "hidden()", build=after))
    assert "functions that go: none" in shown
    came = next(line for line in shown if line.startswith("functions that come"))
    assert "sweep(address) nonpayable" in came
    assert f"{selector('hidden()')} (not in the ABI)" in came


def test_a_function_that_means_something_else_is_told() -> None:
    was = Build(EMPTY, abi=(function("price()", mutability="view", gives=("uint256",)),))
    now = Build(EMPTY, abi=(function("price()", gives=("uint256", "uint256")),))
    assert (
        "function that changes: price() view returns (uint256) becomes "
        "price() nonpayable returns (uint256,uint256)"
    ) in lines(code("price()", build=was), code("price()", build=now))


def test_a_build_speaks_only_for_its_own_code() -> None:
    text = dispatcher("pause()").hex()
    for given in (text, {"object": text}):
        built = Build(EMPTY, deployedBytecode=given)
        assert code("pause()", build=built).is_build
        assert code("stop()", build=built).is_build is False
    assert code("pause()").is_build is None
    assert code("pause()", build=Build(EMPTY, deployedBytecode="not hex")).is_build is None
