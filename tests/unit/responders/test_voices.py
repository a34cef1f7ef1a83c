"""What is remembered of what operators say, and what is not."""

import msgspec
import pytest

from responders.levers import within_reach
from responders.questions import Question
from responders.voices import MOST_ROUNDS, Voices
from schemas.consents import Consent
from schemas.errors import PoisonRecordError
from tests.unit.responders.examples import START
from tests.unit.responders.fakes import FakeChain
from tests.unit.responders.quorum import SIGNERS, STRANGER, agreed, quorum, word


@pytest.fixture
def voices() -> Voices:
    return Voices(within_reach([agreed()], FakeChain(), 1))


def heard(voices: Voices, like: Consent) -> list[Consent]:
    return voices.words(Question.of(like), quorum())


def test_an_operator_s_word_is_kept_once_and_the_later_one_counts(voices: Voices) -> None:
    first, later = word(), word(now=START + 60)
    assert voices.take(first, START)
    assert not voices.take(first, START)
    assert voices.take(later, START)
    assert not voices.take(first, START)
    assert heard(voices, first) == [later]


def test_words_on_other_rounds_and_calls_are_told_apart(voices: Voices) -> None:
    for told in (word(), word(SIGNERS[1], round=1), word(SIGNERS[2], calldata="0x12345678")):
        voices.take(told, START)
    assert heard(voices, word()) == [word()]


def test_what_an_operator_did_not_sign_is_refused(voices: Voices) -> None:
    forged = msgspec.structs.replace(word(STRANGER), operator=SIGNERS[0].address)
    with pytest.raises(PoisonRecordError, match="did not sign"):
        voices.take(forged, START)
    with pytest.raises(PoisonRecordError, match="no operator"):
        voices.take(word(STRANGER), START)
    assert heard(voices, word()) == []


@pytest.mark.parametrize("now", [START - 7200, START + 601])
def test_what_is_stale_or_of_the_future_says_nothing(voices: Voices, now: int) -> None:
    assert not voices.take(word(), now)


def test_a_brake_of_somebody_else_s_is_passed_over(voices: Voices) -> None:
    assert not voices.take(word(target="0x" + "ee" * 20), START)
    assert not voices.take(word(chain_id=1), START)


def test_an_operator_that_says_much_fills_its_own_room_only(voices: Voices) -> None:
    voices.take(word(SIGNERS[1]), START)
    voices.take(word(), START)
    for number in range(1, MOST_ROUNDS + 1):
        assert voices.take(word(round=number), START)
    assert heard(voices, word()) == [word(SIGNERS[1])]
