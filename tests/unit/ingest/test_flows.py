"""What a transaction moved, read from whatever a source could see."""

from typing import Any

import pytest

from ingest.decode import Decoder
from ingest.decode.signatures import parse
from ingest.flows import flows
from ingest.frames import ZERO, normal_form
from ingest.raw import FrameKind, RawFrame, RawLog, RawTransaction, RawTransfer
from schemas.chain import MAX_FLOWS, Flow
from schemas.units import NATIVE

ALICE, BOB, TOKEN, WETH, POOL = (f"0x{digit * 40}" for digit in "abcde")

EVENTS = {
    event.name + str(event.indexed): event.hash
    for event in parse("""
        event Transfer(address indexed from, address indexed to, uint256 value);
        event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);
        event TransferSingle(address indexed operator, address indexed from, address indexed to,
            uint256 id, uint256 value);
        event TransferBatch(address indexed operator, address indexed from, address indexed to,
            uint256[] ids, uint256[] values);
        event Deposit(address indexed dst, uint256 wad);
        event Withdrawal(address indexed src, uint256 wad);
    """).events
}


def word(value: int | str) -> str:
    return value[2:].rjust(64, "0") if isinstance(value, str) else f"{value:064x}"


def log(contract: str, event: str, *topics: str | int, data: str = "") -> RawLog:
    return RawLog(
        contract, (EVENTS[event], *("0x" + word(topic) for topic in topics)), "0x" + data, 0
    )


def call(sender: str, to: str, selector: str = "", data: str = "", **fields: Any) -> RawFrame:
    given: dict[str, Any] = {"depth": 0, "kind": "call", "value": 0, "output": "", "ok": True}
    return RawFrame(sender=sender, to=to, input=f"0x{selector}{data}", **(given | fields))


def moved(**fields: Any) -> list[tuple[str, str, str, str]]:
    tx = RawTransaction("0x" + "77" * 32, 0, **fields)
    frames = None if tx.frames is None else normal_form(tx.frames)
    found, cut = flows(tx, frames, Decoder())
    assert cut == 0
    return [(flow.token, flow.sender, flow.to, flow.amount) for flow in found]


def test_coin_moves_with_calls_creations_and_destructions() -> None:
    kinds: tuple[FrameKind, ...] = ("call", "create", "destroy")
    frames = [call(ALICE, BOB, kind=kind, value=number) for number, kind in enumerate(kinds, 1)]
    assert moved(frames=frames, value=1) == [
        (NATIVE, ALICE, BOB, "1"),
        (NATIVE, ALICE, BOB, "2"),
        (NATIVE, ALICE, BOB, "3"),
    ]


def test_coin_does_not_move_in_what_was_reverted_or_only_borrowed_code() -> None:
    frames = [
        call(ALICE, POOL, value=1),
        call(POOL, BOB, value=2, ok=False, depth=1),
        call(BOB, ALICE, value=2, depth=2),
        call(POOL, BOB, "deadbeef", value=3, kind="delegatecall", depth=1),
        call(POOL, BOB, "deadbeef", value=4, kind="callcode", depth=1),
        call(POOL, BOB, "deadbeef", kind="staticcall", depth=1),
    ]
    assert moved(frames=frames) == [(NATIVE, ALICE, POOL, "1")]


def test_without_frames_the_transaction_s_own_value_is_what_moved() -> None:
    own = {"sender": ALICE, "value": 5, "logs": []}
    assert moved(to=BOB, **own) == [(NATIVE, ALICE, BOB, "5")]
    assert moved(created=POOL, **own) == [(NATIVE, ALICE, POOL, "5")]
    assert moved(to=BOB, ok=False, **own) == []
    assert moved(sender=ALICE, to=BOB, value=0, logs=[]) == []


def test_tokens_move_as_logs_say() -> None:
    logs = [
        log(TOKEN, "Transfer2", ALICE, BOB, data=word(7)),
        log(TOKEN, "Transfer3", ALICE, BOB, 12),
        log(TOKEN, "TransferSingle3", POOL, ALICE, BOB, data=word(1) + word(8)),
        log(
            TOKEN, "TransferBatch3", POOL, ALICE, BOB,
            data=word(64) + word(160) + word(2) + word(1) + word(2) + word(2) + word(3) + word(4),
        ),
    ]  # fmt: skip
    assert moved(logs=logs) == [(TOKEN, ALICE, BOB, amount) for amount in ("7", "1", "8", "3", "4")]


def test_logs_outweigh_calls_and_coin_comes_first() -> None:
    frames = [
        call(ALICE, TOKEN, "a9059cbb", word(BOB) + word(100)),
        call(TOKEN, BOB, value=1, depth=1),
    ]
    logs = [log(TOKEN, "Transfer2", ALICE, BOB, data=word(99))]
    assert moved(frames=frames, logs=logs) == [
        (NATIVE, TOKEN, BOB, "1"),
        (TOKEN, ALICE, BOB, "99"),
    ]


def test_wrapped_coin_is_minted_and_burnt() -> None:
    logs = [log(WETH, "Deposit1", ALICE, data=word(5)), log(WETH, "Withdrawal1", BOB, data=word(6))]
    assert moved(logs=logs) == [(WETH, ZERO, ALICE, "5"), (WETH, BOB, ZERO, "6")]


def test_wrapping_that_a_token_announces_as_a_transfer_too_counts_once() -> None:
    logs = [
        log(WETH, "Deposit1", ALICE, data=word(5)),
        log(WETH, "Transfer2", ZERO, ALICE, data=word(5)),
        log(TOKEN, "Deposit1", ALICE, data=word(5)),
    ]
    assert moved(logs=logs) == [(WETH, ZERO, ALICE, "5"), (TOKEN, ZERO, ALICE, "5")]


def test_movements_of_nothing_are_left_out() -> None:
    assert moved(logs=[log(TOKEN, "Transfer2", ALICE, BOB, data=word(0))]) == []


def test_logs_that_only_look_like_movements_are_passed_over() -> None:
    other = RawLog(TOKEN, (EVENTS["Transfer2"],), "0x" + word(ALICE) + word(BOB) + word(1), 0)
    assert moved(logs=[other, RawLog(TOKEN, (), "0x", 1)]) == []


TRANSFER = word(BOB) + word(9)
FROM = word(ALICE) + word(BOB) + word(9)


@pytest.mark.parametrize(
    ("selector", "data", "sender", "amount"),
    [
        ("a9059cbb", TRANSFER, POOL, "9"),
        ("23b872dd", FROM, ALICE, "9"),
        ("42842e0e", FROM, ALICE, "1"),
        ("b88d4fde", FROM + word(128) + word(0), ALICE, "1"),
        ("f242432a", FROM + word(3) + word(160) + word(0), ALICE, "3"),
        (
            "2eb2c2d6",
            word(ALICE) + word(BOB) + word(160) + word(224) + word(288)
            + word(1) + word(9) + word(1) + word(6) + word(0),
            ALICE,
            "6",
        ),
    ],
)  # fmt: skip
def test_without_logs_tokens_move_as_calls_say(
    selector: str, data: str, sender: str, amount: str
) -> None:
    frames = [call(POOL, TOKEN, selector, data)]
    assert moved(frames=frames) == [(TOKEN, sender, BOB, amount)]


@pytest.mark.parametrize(
    "fields", [{"ok": False}, {"kind": "staticcall"}, {"output": "0x" + "0" * 64}]
)
def test_calls_that_failed_or_could_not_move_anything_do_not_count(fields: dict[str, Any]) -> None:
    assert moved(frames=[call(POOL, TOKEN, "a9059cbb", TRANSFER, **fields)]) == []


@pytest.mark.parametrize("kind", ["delegatecall", "call"])
def test_a_call_through_a_proxy_moves_the_proxy_s_token_once(kind: FrameKind) -> None:
    frames = [
        call(POOL, TOKEN, "a9059cbb", TRANSFER),
        call(TOKEN, WETH, "a9059cbb", TRANSFER, kind=kind, depth=1),
    ]
    assert moved(frames=frames) == [(TOKEN, POOL, BOB, "9")]


def test_without_logs_wrapping_shows_in_calls() -> None:
    frames = [
        call(ALICE, WETH, "d0e30db0", value=4),
        call(ALICE, WETH, "2e1a7d4d", word(3)),
        call(WETH, ALICE, value=3, depth=1),
    ]
    assert moved(frames=frames) == [
        (NATIVE, ALICE, WETH, "4"),
        (NATIVE, WETH, ALICE, "3"),
        (WETH, ZERO, ALICE, "4"),
        (WETH, ALICE, ZERO, "3"),
    ]


def test_a_withdrawal_that_pays_no_coin_to_its_caller_burns_nothing() -> None:
    withdraw = call(ALICE, POOL, "2e1a7d4d", word(3))
    assert moved(frames=[withdraw]) == []
    payment = call(POOL, BOB, value=3, depth=1)
    assert moved(frames=[withdraw, payment]) == [(NATIVE, POOL, BOB, "3")]


def test_what_a_source_derived_outweighs_calls() -> None:
    transfers = [RawTransfer(NATIVE, ALICE, BOB, 1), RawTransfer(TOKEN, ALICE, BOB, 2)]
    frames = [call(POOL, TOKEN, "a9059cbb", TRANSFER)]
    expected = [(NATIVE, ALICE, BOB, "1"), (TOKEN, ALICE, BOB, "2")]
    assert moved(frames=frames, transfers=transfers) == expected
    assert moved(transfers=transfers) == expected


def test_coin_that_frames_show_is_not_taken_from_what_was_derived_as_well() -> None:
    transfers = [RawTransfer(NATIVE, ALICE, BOB, 1)]
    frames = [call(ALICE, BOB, value=1)]
    assert moved(frames=frames, transfers=transfers) == [(NATIVE, ALICE, BOB, "1")]


def test_movements_beyond_the_bound_are_counted() -> None:
    logs = [log(TOKEN, "Transfer2", ALICE, BOB, data=word(7))] * (MAX_FLOWS + 3)
    found, cut = flows(RawTransaction("0x", 0, logs=logs), None, Decoder())
    assert found == (Flow(token=TOKEN, sender=ALICE, to=BOB, amount="7"),) * MAX_FLOWS
    assert cut == 3


def test_a_contract_s_own_abi_does_not_change_what_it_moved() -> None:
    own = parse("event Transfer(address indexed to, address indexed from, uint256 ignored);")
    tx = RawTransaction("0x", 0, logs=[log(TOKEN, "Transfer2", ALICE, BOB, data=word(7))])
    found, _ = flows(tx, None, Decoder({TOKEN: own}))
    assert found == (Flow(token=TOKEN, sender=ALICE, to=BOB, amount="7"),)
