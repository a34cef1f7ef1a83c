"""Calls made up for functions: what fits their types, whatever somebody says the types are."""

import time

import pytest
from eth_abi.abi import decode

from assurance.selectors import calldata, interface, selector, selectors, tries

CALLER, TOKEN = "0x" + "11" * 20, "0x" + "22" * 20


def test_a_function_is_asked_with_nought_and_one_and_the_callers_name() -> None:
    signature = "supply(address,uint256,address,bool,bytes,(uint8,string),uint256[2])"
    types = ["address", "uint256", "address", "bool", "bytes", "(uint8,string)", "uint256[2]"]
    calls = tries(selector(signature), signature, CALLER, TOKEN)
    assert [decode(types, call[4:]) for call in calls] == [
        (TOKEN, amount, CALLER, bool(amount), b"", (amount, ""), (amount, amount))
        for amount in (0, 1)
    ]
    assert {call[:4] for call in calls} == {selector(signature).to_bytes(4, "big")}


def test_without_types_it_is_asked_with_zeros() -> None:
    assert tries(1, None, CALLER) == [b"\0\0\0\1" + bytes(384)]


@pytest.mark.parametrize(
    "signature",
    [
        "f(" + "uint256" + "[999]" * 12 + ")",
        "f(" + ",".join(["uint256"] * 500) + ")",
        "f(uint256[99999999])",
        "f(nonsense)",
        "f(bytes99)",
        "f(uint9999)",
        "f(" + "(" * 200 + "uint256" + ")" * 200 + ")",
    ],
)
def test_no_signature_takes_time_or_raises(signature: str) -> None:
    begin = time.monotonic()
    calls = tries(7, signature, CALLER)
    assert time.monotonic() - begin < 2.0
    assert all(len(call) < 10_000 for call in calls)
    assert calls


def test_an_abi_gives_signatures_and_what_is_none_is_left_out() -> None:
    tuples = {"type": "tuple[]", "components": [{"type": "address"}, {"type": "uint8"}]}
    found = interface([
        {"type": "function", "name": "pay", "inputs": [tuples]},
        {"type": "function", "name": "f(); drop", "inputs": []},
        {"type": "function", "name": None},
        {"type": "event", "name": "Paid"},
    ])  # fmt: skip
    assert list(found.values())[0] == "pay((address,uint8)[])"  # noqa: RUF015 - there is more
    assert "f(); drop()" not in found.values()


def test_selectors_are_what_everybody_computes() -> None:
    assert selectors("pause() transfer(address,uint256)") == {
        0x8456CB59: "pause()",
        0xA9059CBB: "transfer(address,uint256)",
    }
    assert calldata("balanceOf(address)", CALLER) == bytes.fromhex("70a08231") + bytes(
        12
    ) + bytes.fromhex("11" * 20)
