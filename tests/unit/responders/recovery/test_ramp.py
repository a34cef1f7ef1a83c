"""Stages that say a tenth let a tenth through."""

from dataclasses import dataclass

import pytest

from responders.recovery.ramp import overshoots

POOL, ASSET, OTHER = "0x" + "aa" * 20, "0x" + "bb" * 20, "0x" + "cc" * 20


@dataclass(frozen=True)
class Made:
    function: str
    arguments: tuple[object, ...]
    to: str = POOL


def supply(amount: object, asset: str = ASSET) -> Made:
    return Made("setSupplyCap(address,uint256)", (asset, amount))


def told(*stages: tuple[int, list[Made]]) -> list[str]:
    return list(overshoots(stages))


def test_caps_within_their_share_pass() -> None:
    assert told((1000, [supply(100)]), (5000, [supply("500")]), (10_000, [supply(1000)])) == []


def test_a_stage_that_lets_more_through_than_it_says_is_told() -> None:
    (found,) = told((1000, [supply(101)]), (10_000, [supply(1000)]))
    assert "more than 10 % of 1000" in found


def test_each_asset_has_a_cap_of_its_own() -> None:
    one, other = supply(100), supply(900, OTHER)
    assert told((1000, [one, other]), (10_000, [supply(1000), supply(9000, OTHER)])) == []
    assert len(told((1000, [one, other]), (10_000, [supply(1000), supply(1000, OTHER)]))) == 1


def test_a_cap_that_is_set_once_is_ordinary_only_in_the_last_stage() -> None:
    assert len(told((1000, [supply(100)]), (10_000, []))) == 1
    assert told((10_000, [supply(100)])) == []


def test_nought_is_no_share() -> None:
    (found,) = told((1000, [supply(0)]), (10_000, [supply(1000)]))
    assert "no cap at all" in found
    assert told((1000, [supply(100)]), (10_000, [supply(0)])) == [], "ordinarily there is none"


@pytest.mark.parametrize(
    "other",
    [
        Made("unpause()", ()),
        Made("setCapacity(uint256)", (5000,)),
        Made("setCap(address)", (ASSET,)),
        Made("setCap(uint256)", ("much",)),
    ],
)
def test_other_calls_are_no_caps(other: Made) -> None:
    assert told((1000, [other])) == []
