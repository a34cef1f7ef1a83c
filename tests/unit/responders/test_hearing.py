"""What is remembered of what operators say, and what is not."""

import msgspec
import pytest

from responders.hearing import MOST_ROUNDS, Hearing
from responders.levers import within_reach
from responders.questions import Question
from schemas.consents import Consent
from schemas.errors import PoisonRecordError
from tests.unit.responders.examples import START
from tests.unit.responders.fakes import FakeChain
from tests.unit.responders.quorum import SIGNERS, STRANGER, agreed, quorum, word


@pytest.fixture
def hearing() -> Hearing:
    return Hearing(within_reach([agreed()], FakeChain(), 1))


def heard(hearing: Hearing, like: Consent) -> list[Consent]:
    return hearing.words(Question.of(like), quorum())


def test_an_operator_s_word_is_kept_once_and_the_later_one_counts(hearing: Hearing) -> None:
    first, later = word(), word(now=START + 60)
    assert hearing.take(first, START)
    assert not hearing.take(first, START)
    assert hearing.take(later, START)
    assert not hearing.take(first, START)
    assert heard(hearing, first) == [later]


def test_words_on_other_rounds_and_calls_are_told_apart(hearing: Hearing) -> None:
    for told in (word(), word(SIGNERS[1], round=1), word(SIGNERS[2], calldata="0x12345678")):
        hearing.take(told, START)
    assert heard(hearing, word()) == [word()]


def test_what_an_operator_did_not_sign_is_refused(hearing: Hearing) -> None:
    forged = msgspec.structs.replace(word(STRANGER), operator=SIGNERS[0].address)
    with pytest.raises(PoisonRecordError, match="did not sign"):
        hearing.take(forged, START)
    with pytest.raises(PoisonRecordError, match="no operator"):
        hearing.take(word(STRANGER), START)
    assert heard(hearing, word()) == []


@pytest.mark.parametrize("now", [START - 7200, START + 601])
def test_what_is_stale_or_of_the_future_says_nothing(hearing: Hearing, now: int) -> None:
    assert not hearing.take(word(), now)


def test_a_brake_of_somebody_else_s_is_passed_over(hearing: Hearing) -> None:
    assert not hearing.take(word(target="0x" + "ee" * 20), START)
    assert not hearing.take(word(chain_id=1), START)


def test_an_operator_that_says_much_fills_its_own_room_only(hearing: Hearing) -> None:
    hearing.take(word(SIGNERS[1]), START)
    hearing.take(word(), START)
    for number in range(1, MOST_ROUNDS + 1):
        assert hearing.take(word(round=number), START)
    assert heard(hearing, word()) == [word(SIGNERS[1])]
