"""The normal form of call trees."""

from typing import Any

import pytest

from ingest.frames import ZERO, Frame, calls, normal_form
from ingest.raw import FrameKind, RawFrame
from schemas.chain import MAX_CALLS

USER, PROXY, LOGIC, LIBRARY, TOKEN = (f"0x{digit * 40}" for digit in "12345")
SWAP = "0x022c0d9f" + "00" * 64
OTHER = "0xdeadbeef"


def frame(depth: int, to: str, kind: FrameKind = "call", **fields: Any) -> RawFrame:
    given: dict[str, Any] = {"sender": USER, "value": 0, "input": SWAP, "output": "", "ok": True}
    return RawFrame(depth=depth, kind=kind, to=to, **(given | fields))


def shape(frames: list[RawFrame]) -> list[tuple[int, str, str]]:
    return [(found.depth, found.kind, found.to) for found in normal_form(frames)]


def test_a_proxy_s_delegatecall_is_spliced_into_its_frame_which_names_the_implementation() -> None:
    found = normal_form(
        [
            frame(0, PROXY),
            frame(1, LOGIC, "delegatecall"),
            frame(2, TOKEN, "staticcall", sender=PROXY, input=OTHER),
            frame(1, TOKEN, input=OTHER),
        ]
    )
    assert [(one.depth, one.to, one.code) for one in found] == [
        (0, PROXY, LOGIC),
        (1, TOKEN, None),
        (1, TOKEN, None),
    ]


def test_a_proxy_that_only_receives_coin_forwards_as_well() -> None:
    found = normal_form([frame(0, PROXY, input="0x"), frame(1, LOGIC, "delegatecall", input="")])
    assert [(one.to, one.code) for one in found] == [(PROXY, LOGIC)]


def test_what_a_proxy_appends_to_the_input_does_not_matter() -> None:
    assert shape([frame(0, PROXY), frame(1, LOGIC, "delegatecall", input=SWAP + "c0ffee")]) == [
        (0, "call", PROXY)
    ]


def test_of_several_forwarding_delegatecalls_the_first_is_named() -> None:
    found = normal_form(
        [
            frame(0, PROXY),
            frame(1, LOGIC, "delegatecall"),
            frame(2, LIBRARY, "delegatecall"),
            frame(3, TOKEN, input=OTHER),
        ]
    )
    assert [(one.depth, one.to, one.code) for one in found] == [
        (0, PROXY, LOGIC),
        (1, TOKEN, None),
    ]


@pytest.mark.parametrize("kind", ["delegatecall", "callcode"])
def test_a_library_s_frame_stays(kind: FrameKind) -> None:
    frames = [frame(0, PROXY), frame(1, LIBRARY, kind, input=OTHER), frame(2, TOKEN, input=SWAP)]
    assert shape(frames) == [(0, "call", PROXY), (1, kind, LIBRARY), (2, "call", TOKEN)]


def test_an_initialiser_run_by_a_constructor_is_not_forwarding() -> None:
    frames = [frame(0, PROXY, "create", input="0x"), frame(1, LOGIC, "delegatecall", input="0x")]
    assert shape(frames) == [(0, "create", PROXY), (1, "delegatecall", LOGIC)]


def test_a_delegatecall_whose_caller_was_not_recorded_stands_for_the_call_to_it() -> None:
    found = normal_form([frame(0, LOGIC, "delegatecall", sender=""), frame(1, TOKEN, input=OTHER)])
    assert [(one.depth, one.kind, one.sender, one.to, one.code) for one in found] == [
        (0, "call", ZERO, LOGIC, LOGIC),
        (1, "call", USER, TOKEN, None),
    ]


def test_a_revert_undoes_everything_below_it_and_nothing_beside_it() -> None:
    found = normal_form(
        [
            frame(0, PROXY),
            frame(1, TOKEN, ok=False),
            frame(2, TOKEN),
            frame(3, TOKEN),
            frame(1, TOKEN),
        ]
    )
    assert [one.ok for one in found] == [True, False, False, False, True]


def test_a_reverted_implementation_undoes_what_it_called() -> None:
    found = normal_form(
        [frame(0, PROXY), frame(1, LOGIC, "delegatecall", ok=False), frame(2, TOKEN, input=OTHER)]
    )
    assert [one.ok for one in found] == [True, False]


@pytest.mark.parametrize("number", [1, 4, 9, 0x11, 0x100])
@pytest.mark.parametrize("kind", ["call", "staticcall", "delegatecall"])
def test_calls_to_precompiled_contracts_are_left_out(number: int, kind: FrameKind) -> None:
    precompiled = f"0x{number:040x}"
    assert shape([frame(0, PROXY), frame(1, precompiled, kind, input=OTHER)]) == [
        (0, "call", PROXY)
    ]


def test_a_precompiled_contract_stays_when_it_is_paid_or_is_what_the_transaction_calls() -> None:
    precompiled = f"0x{1:040x}"
    assert len(normal_form([frame(0, PROXY), frame(1, precompiled, value=1)])) == 2
    assert len(normal_form([frame(0, precompiled)])) == 1
    assert len(normal_form([frame(0, PROXY), frame(1, f"0x{0x12:040x}", input=OTHER)])) == 2


def test_delegatecalls_carry_no_value_of_their_own() -> None:
    frames = [frame(0, PROXY, value=5), frame(1, LIBRARY, "delegatecall", input=OTHER, value=5)]
    assert [one.value for one in normal_form(frames)] == [5, 0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [(SWAP, "0x022c0d9f"), ("0x022c0d9f", "0x022c0d9f"), ("0x022c0d", ""), ("0x", ""), ("", "")],
)
def test_a_selector_is_the_first_four_bytes_or_nothing(text: str, expected: str) -> None:
    (found,) = normal_form([frame(0, PROXY, input=text)])
    assert found.selector == expected


def test_creations_and_destructions_have_no_selector() -> None:
    kinds: tuple[FrameKind, ...] = ("create", "destroy")
    assert {normal_form([frame(0, TOKEN, kind)])[0].selector for kind in kinds} == {""}


def test_a_failed_creation_is_at_the_zero_address() -> None:
    (found,) = normal_form([frame(0, "", "create", ok=False)])
    assert (found.to, found.ok) == (ZERO, False)


def test_several_trees_of_one_transaction_stand_side_by_side() -> None:
    frames = [frame(0, PROXY), frame(1, TOKEN), frame(0, TOKEN), frame(1, TOKEN)]
    assert [depth for depth, _, _ in shape(frames)] == [0, 1, 0, 1]


def test_depths_that_leave_levels_out_are_closed_up() -> None:
    frames = [frame(3, PROXY), frame(7, TOKEN), frame(9, TOKEN), frame(4, TOKEN)]
    assert [depth for depth, _, _ in shape(frames)] == [0, 1, 2, 1]


def test_records_carry_the_frames_and_say_how_many_were_cut() -> None:
    one = Frame(0, "call", USER, TOKEN, "0x022c0d9f", 2**256 - 1, SWAP, "", ok=True, code=LOGIC)
    deep = Frame(2049, "call", USER, TOKEN, "", 0, "", "", ok=True)
    (kept,), cut = calls([one, deep])
    assert (kept.value, kept.code, kept.selector) == (str(2**256 - 1), LOGIC, "0x022c0d9f")
    assert cut == 1
    assert calls([one] * (MAX_CALLS + 7))[1] == 7
