"""A broad brake between this operator's decision and the others': its own word, then k of theirs.

Nobody is asked to believe anybody. Each operator decides on its own alerts; the decision's word is
on disk before it is told (`consented`), and whoever has heard enough of them sends. A word cannot
be taken back, so a brake that gave one stays open, and in the budget, until it has run out.
"""

import msgspec

from responders.adapters.base import NotNowError
from responders.chain import Call
from responders.consents import MARGIN, braking, consent, enough
from responders.entries import Step
from responders.ledger import Course
from responders.levers import Lever
from responders.outlook import Outlook
from responders.questions import Question
from responders.voices import Voices
from runtime.logs import logger
from schemas.consents import Consent

_log = logger(__name__)


class Agreement:
    """Gives this operator's word, and makes a brake of those of enough."""

    def __init__(self, outlook: Outlook, voices: Voices) -> None:
        self._outlook = outlook
        self._hearing = voices

    def hear(self, word: Consent) -> bool:
        """Hear an operator's word; say whether it may count. Raises as `Voices.take` does."""
        return self._hearing.take(word, self._outlook.time)

    def word(self, course: Course, lever: Lever, question: Question) -> Step | None:
        """Return the step by which this operator says yes; None without a key to say it with.

        Raises `TransientError` when the signer does not.
        """
        signer = self._outlook.account.signer
        if signer is None or lever.quorum is None:
            return None
        if signer.address not in lever.quorum.operators:
            return course.then("refused", f"{signer.address} is none of the quorum's operators")
        given = consent(question, course.action.protocol, signer, self._outlook.time)
        reason = f"said yes to round {question.round}, until {given.expires}; waits for others"
        step = course.then("consented", reason)
        return msgspec.structs.replace(step, consent=given)

    def again(self, course: Course, question: Question) -> bool:
        """Say whether the word that was given is not about this question, or about to run out."""
        given = course.step.consent
        if given is None or Question.of(given) != question:
            return True
        return given.expires < self._outlook.time + 2 * MARGIN

    def ran_out(self, course: Course) -> bool:
        """Say whether nothing can come of the word that was given any more."""
        given = course.step.consent
        return given is None or given.expires <= self._outlook.time

    def reached(self, course: Course, lever: Lever, question: Question) -> Call | None:
        """Return the call that brakes on the words of enough operators, None while there are fewer.

        It was tried on the newest block: words that the contract does not take cost no nonce.
        """
        quorum, now = lever.quorum, self._outlook.time
        if quorum is None:
            return None
        heard = self._hearing.words(question, quorum)
        own = course.step.consent
        if own is not None and Question.of(own) == question:
            heard.append(own)  # the journal has it, also after a restart
        words = enough(question, heard, frozenset(quorum.operators), quorum.threshold, now)
        if not words:
            return None
        call = braking(question, words)
        sender = self._outlook.account.address
        answer = self._outlook.chain.call(call, sender=sender, block=self._outlook.head)
        if not answer.ok:
            _log.warning("words_not_taken", quorum=question.quorum, round=question.round)
            return None
        return call


def question_of(lever: Lever, block: int) -> Question | None:
    """Return what operators are asked before a brake is pulled, None where nobody is.

    Raises `NotNowError` where it cannot be asked as things are.
    """
    if lever.quorum is None:
        return None
    asked = lever.adapter.question(block)
    if asked is None:
        raise NotNowError(f"brake {lever.brake.name} does not go through its quorum")
    return asked
