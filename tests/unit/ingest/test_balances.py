"""What a payer held is known where somebody else had asked for it, and nowhere else."""

from typing import Any

import pytest

from ingest.balances import MOST_HELD, with_held
from ingest.frames import normal_form
from ingest.raw import RawFrame
from schemas.chain import Flow

ALICE, BOB, TOKEN, POOL = (f"0x{digit * 40}" for digit in "abce")


def word(value: int | str) -> str:
    return value[2:].rjust(64, "0") if isinstance(value, str) else f"{value:064x}"


def frame(sender: str, to: str, data: str, **fields: Any) -> RawFrame:
    given: dict[str, Any] = {"depth": 1, "kind": "call", "value": 0, "output": "", "ok": True}
    return RawFrame(sender=sender, to=to, input=f"0x{data}", **(given | fields))


def asks(who: str, whom: str, answer: str, **fields: Any) -> RawFrame:
    data = "70a08231" + word(whom)
    return frame(who, TOKEN, data, **({"kind": "staticcall", "output": answer} | fields))


def pays(payer: str, payee: str, amount: int, **fields: Any) -> RawFrame:
    return frame(payer, TOKEN, "a9059cbb" + word(payee) + word(amount), **fields)


def pulls(payer: str, payee: str, amount: int) -> RawFrame:
    return frame(ALICE, TOKEN, "23b872dd" + word(payer) + word(payee) + word(amount))


def held(*frames: RawFrame, moved: tuple[Flow, ...] | None = None) -> list[str | None]:
    start = frame(ALICE, BOB, "11111111", depth=0)
    flows = moved or tuple(
        Flow(token=TOKEN, sender=POOL, to=ALICE, amount=str(int(f.input[-64:], 16)))
        for f in frames
        if not f.input.startswith("0x70a08231")
    )
    return [flow.held for flow in with_held(flows, normal_form([start, *frames]))]


def answer(balance: int) -> str:
    return "0x" + word(balance)


def test_what_others_asked_for_before_it_was_paid_is_known() -> None:
    assert held(asks(BOB, POOL, answer(70)), pays(POOL, ALICE, 70)) == ["70"]
    assert held(asks(BOB, POOL, answer(70)), pulls(POOL, ALICE, 69)) == ["70"]


def test_what_moves_meanwhile_is_counted_on() -> None:
    frames = (asks(BOB, POOL, answer(70)), pays(POOL, ALICE, 20), pays(POOL, ALICE, 50))
    assert held(*frames) == ["70", "50"]
    got = pulls(ALICE, POOL, 5)
    flows = (Flow(token=TOKEN, sender=POOL, to=ALICE, amount="75"),)
    assert held(asks(BOB, POOL, answer(70)), got, pays(POOL, ALICE, 75), moved=flows) == ["75"]


@pytest.mark.parametrize(
    "question",
    [
        asks(POOL, POOL, answer(70)),
        asks(BOB, ALICE, answer(70)),
        asks(BOB, POOL, "0x"),
        asks(BOB, POOL, "0x" + "zz" * 32),
        asks(BOB, POOL, answer(70), ok=False),
    ],
    ids=["of itself", "of somebody else", "no answer", "no number", "reverted"],
)
def test_nothing_is_known_otherwise(question: RawFrame) -> None:
    assert held(question, pays(POOL, ALICE, 70)) == [None]


def test_a_question_after_the_payment_tells_nothing() -> None:
    assert held(pays(POOL, ALICE, 70), asks(BOB, POOL, answer(0))) == [None]


def test_a_stranger_cannot_make_a_record_large_with_it() -> None:
    payments = [pays(POOL, ALICE, 1)] * (MOST_HELD + 5)
    found = held(asks(BOB, POOL, answer(10**9)), *payments)
    assert sum(known is not None for known in found) == MOST_HELD
