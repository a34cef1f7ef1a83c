"""What other operators say by HTTP: checked as a word, then written to our own topic.

Who sends is nobody's business: a word carries its own proof. What nobody of the quorum signed is
refused before it is written; what was heard before is written once.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable

from responders.questions import Question, author
from runtime.broker import Producer
from runtime.clock import Clock
from runtime.metrics import Metrics
from schemas import headers
from schemas.codec import decode, encode
from schemas.consents import MAX_CONSENT_BYTES, Consent
from schemas.errors import PoisonRecordError
from schemas.manifest import Manifest
from schemas.topics import CONSENTS

VIA = "via"
"""The header of a word that came by HTTP: it is not sent on."""

MOST_KNOWN = 4096
"""Words remembered as written; each operator may say `PER_MINUTE`, so this is hours."""

PER_MINUTE = 30
"""Words of one operator that are written within a minute. It needs two for a brake, and its own key
is what it takes to use up its own room."""


class TooManyError(PoisonRecordError):
    """This operator said enough for now; it may say it again in a minute."""


class Inbox:
    """Takes words; safe to be called from several threads."""

    def __init__(
        self, manifests: Iterable[Manifest], producer: Producer, clock: Clock, metrics: Metrics
    ) -> None:
        self._quorums = {
            (manifest.protocol, manifest.chain, manifest.quorum.contract): manifest.quorum
            for manifest in manifests
            if manifest.quorum is not None
        }
        self._producer = producer
        self._clock = clock
        self._metrics = metrics
        self._known: OrderedDict[Consent, None] = OrderedDict()
        self._said: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def take(self, body: bytes) -> None:
        """Write a word to our topic, unless it is there; returns once the topic has it.

        Raises `PoisonRecordError` for what is no word of an operator, `TooManyError` where one says
        more than there is room for, `UnsafeToContinueError` if the topic does not take it.
        """
        word = self._checked(body)
        with self._lock:
            if word in self._known:
                return
            self._require_room(word.operator)
            self._producer.send(
                CONSENTS.name,
                encode(word),
                key=word.protocol.encode(),
                headers=((headers.RECORD_ID, word.id.encode()), (VIA, b"http")),
            )
            self._producer.flush()
            self._known[word] = None
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        self._metrics.consents.labels("heard").inc()

    def _checked(self, body: bytes) -> Consent:
        word = decode(body, Consent, max_bytes=MAX_CONSENT_BYTES)
        quorum = self._quorums.get((word.protocol, word.chain, word.quorum))
        if quorum is None:
            raise PoisonRecordError(f"no manifest has quorum {word.quorum} for {word.protocol}")
        if word.operator not in quorum.operators:
            raise PoisonRecordError(f"{word.operator} is no operator of {word.protocol}")
        if author(Question.of(word), word) != word.operator:
            raise PoisonRecordError(f"{word.operator} did not sign this")
        return word

    def _require_room(self, operator: str) -> None:
        said, now = (
            self._said.setdefault(operator, deque(maxlen=PER_MINUTE)),
            self._clock.monotonic(),
        )
        if len(said) == said.maxlen and now - said[0] < 60.0:
            raise TooManyError(f"{operator} may say {PER_MINUTE} words a minute")
        said.append(now)
