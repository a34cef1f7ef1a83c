"""What was asked in vain is asked again, ever later, and for ever."""

from itertools import pairwise

import pytest

from responders.chain import Call
from responders.fees import Fee
from responders.pace import LONGEST, Pace, PacedSigner
from responders.questions import Question
from responders.signer import SignerRefusalError
from responders.transactions import Signed


def test_each_time_twice_as_late_and_never_later_than_the_bound() -> None:
    pace, now, asked = Pace(), 100, []
    for now in range(100, 100 + 4 * LONGEST):
        if pace.due("a", now):
            asked.append(now)
            pace.in_vain("a", now)
    waits = [late - early for early, late in pairwise(asked)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert pace.due("b", now), "another one does not wait for it"


def test_what_came_to_something_begins_anew() -> None:
    pace = Pace()
    for _ in range(5):
        pace.in_vain("a", 100)
    assert not pace.due("a", 101)
    pace.done("a")
    assert pace.due("a", 101)
    pace.in_vain("a", 101)
    assert pace.due("a", 102)


def test_what_nobody_asks_any_more_is_forgotten() -> None:
    pace = Pace()
    for number in range(1000):
        pace.in_vain(str(number), number)
    assert len(pace._waits) <= LONGEST + 2


class Refusing:
    """Refuses every nonce below one, and says which."""

    address = "0x" + "aa" * 20

    def __init__(self, least: int) -> None:
        self.least = least

    def sign(self, call: Call, nonce: int, fee: Fee) -> Signed:
        if nonce < self.least:
            raise SignerRefusalError(f"not nonce {nonce}")
        return Signed(tx=call.to, raw=call.data)

    def attest(self, question: Question, expires: int) -> str:
        raise NotImplementedError


def test_the_next_brake_does_not_wait_for_what_was_refused_to_the_last_one() -> None:
    signer, pause, fee = (
        PacedSigner(Refusing(2), lambda: 100),
        Call("0xaa", "0x8456cb59"),
        Fee(1, 1),
    )
    for nonce in (0, 1, 0):
        with pytest.raises(SignerRefusalError, match=f"not nonce {nonce}"):
            signer.sign(pause, nonce, fee)
    assert signer.sign(pause, 2, fee).tx == pause.to
