"""What contracts say on chain of being braked and let go."""

import pytest
from eth_utils.crypto import keccak

from schemas.brake_events import Flags, said

NO, YES = "00" * 32, "00" * 31 + "01"


def of(signature: str, data: str = "") -> tuple[str, ...] | None:
    found = said(("0x" + keccak(text=signature).hex(),), "0x" + data)
    return None if found is None else tuple(found)


def test_a_name_says_it() -> None:
    assert of("Paused(address)") == ("Paused", "braked")
    assert of("Unpaused(address)") == ("Unpaused", "released")
    assert of("Stopped()") == ("Stopped", "braked")
    assert of("Resumed()") == ("Resumed", "released")
    assert of("Unpaused()") == ("Unpaused", "released")
    assert of("LimitsSet(address,uint128,uint128,uint64)") == ("LimitsSet", "reset")


@pytest.mark.parametrize(
    ("signature", "before"),
    [("ReservePaused(address,bool)", ""), ("ActionPaused(address,string,bool)", YES + YES)],
)
def test_a_flag_says_it(signature: str, before: str) -> None:
    name = signature.partition("(")[0]
    assert of(signature, before + YES) == (name, "braked")
    assert of(signature, before + NO) == (name, "released")
    assert of(signature, before) is None, "a flag that is not there says nothing"


def test_of_several_flags_one_is_enough() -> None:
    signature = "PauseAction(bool,bool,bool,bool,bool)"
    assert of(signature, NO * 3 + YES + NO) == ("PauseAction", "braked")
    assert of(signature, NO * 5) == ("PauseAction", "released")


MARKET, SEIZE = "00" * 12 + "1a" * 20, "00" * 31 + "04"


@pytest.mark.parametrize("unindexed", ["", MARKET + SEIZE], ids=["core pool", "isolated pools"])
def test_a_flag_is_found_whatever_is_indexed_before_it(unindexed: str) -> None:
    """Venus says the same event in two ways, under one hash."""
    signature = "ActionPausedMarket(address,uint8,bool)"
    assert of(signature, unindexed + YES) == ("ActionPausedMarket", "braked")
    assert of(signature, unindexed + NO) == ("ActionPausedMarket", "released")
    assert of("TargetClosed(address,bool)", MARKET + NO) == ("TargetClosed", "released")
    assert of(signature, unindexed + YES[:-2]) is None


COMET = "PauseAction(bool,bool,bool,bool,bool)"


def pause(*flags: str, contract: str = "comet") -> tuple[str, str]:
    return contract, "0x" + "".join(flags)


def course_of(*told: tuple[str, str]) -> list[str]:
    known, topics = Flags(), ("0x" + keccak(text=COMET).hex(),)
    found = [known.said((contract,), topics, data) for contract, data in told]
    return [one.effect for one in found if one is not None]


def test_a_flag_that_is_cleared_is_a_release_whatever_else_holds() -> None:
    every, withdrawals, none = pause(*[YES] * 5), pause(YES, *[NO] * 4), pause(*[NO] * 5)
    assert course_of(every, withdrawals, none) == ["braked", "released", "released"]
    assert course_of(withdrawals, every) == ["braked", "braked"], "more is set"
    assert course_of(every, pause(*[NO] * 4, YES)) == ["braked", "released"]
    assert course_of(withdrawals) == ["braked"], "nothing is known of before"
    assert course_of(every, withdrawals, withdrawals) == ["braked", "released", "released"]
    other = pause(YES, *[NO] * 4, contract="another")
    assert course_of(every, other) == ["braked", "braked"], "each contract has its own"


def test_flags_of_the_newest_contracts_are_remembered() -> None:
    every = (pause(*[YES] * 5, contract=str(number)) for number in range(10_001))
    first, last = (pause(YES, *[NO] * 4, contract=one) for one in ("0", "10000"))
    assert course_of(*every, last, first)[-2:] == ["released", "braked"]


def test_anything_else_says_nothing() -> None:
    assert of("RecoveryModeStateChanged(bool)", YES) is None, "it lets people leave a pool"
    assert of("Transfer(address,address,uint256)", YES) is None
    assert said((), "0x") is None
