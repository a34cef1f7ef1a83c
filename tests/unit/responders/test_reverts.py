import pytest
from eth_abi.abi import encode

import contracts
from responders.reverts import ERROR, PANIC, errors_of, explain, selector, text_of


def error(text: str) -> str:
    return ERROR + encode(["string"], [text]).hex()


def test_a_text_is_read() -> None:
    assert text_of(error("Pausable: paused")) == "Pausable: paused"
    assert explain(error("no"), {}) == "no"


def test_a_custom_error_is_named() -> None:
    names = errors_of(contracts.load("BrakeGate").abi)
    assert explain(selector("BudgetSpent()"), names) == "BudgetSpent"
    assert explain(selector("Unheard(uint256)") + "00" * 32, names).startswith("error 0x")


def test_a_panic_says_its_code() -> None:
    assert explain(PANIC + f"{0x11:064x}", {}) == "Panic(0x11)"


@pytest.mark.parametrize("data", ["0x", "", "0x12"])
def test_nothing_said_is_said_so(data: str) -> None:
    assert explain(data, {}) == "no reason given"


@pytest.mark.parametrize(
    "tail",
    [
        "",
        "00" * 32,
        f"{32:064x}" + "ff" * 32,
        f"{32:064x}" + "ff" * 32 + "41" * 5000,
        f"{32:064x}{3:064x}fffefd",
        f"{32:064x}{2:064x}0a0d",
    ],
)
def test_hostile_reasons_stay_short_and_printable(tail: str) -> None:
    text = explain(ERROR + tail, {})
    assert len(text) <= 160
    assert text.isprintable()
