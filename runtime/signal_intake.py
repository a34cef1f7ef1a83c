"""What neighbours say, from the topic's bytes to what is remembered of it.

Anyone who may write to the topic can write rubbish, so what fails here stops nothing. Bytes that
are wrong in themselves go to the dead letters; what is late, known already or nobody's concern is
counted and passed over.
"""

from collections.abc import Callable
from typing import get_args

from runtime.admission import KEPT, Admission, Refusal, RefusedSignalError, read
from runtime.broker import Consumer, Message
from runtime.intake import Intake
from runtime.logs import logger
from runtime.metrics import Metrics
from runtime.neighbourhood import Neighbourhood, warned
from runtime.signatures import Verifier
from schemas.errors import PoisonRecordError
from schemas.signals import Signal, Verdict
from schemas.units import Seconds

_log = logger(__name__)


MOST_AT_A_TURN = 200
"""Records that are read between two batches of alerts: some 20 ms, if every signature is looked at.
However many come, alerts wait no longer."""


class SignalIntake:
    """Reads signals and verdicts, over a consumer of its own: what neighbours send never stands in
    the way of an alert."""

    def __init__(
        self,
        neighbourhood: Neighbourhood,
        consumer: Consumer,
        intake: Intake,
        verifier: Verifier | None,
        metrics: Metrics,
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        """`consumer` reads every partition of the topic from its beginning, since what was said
        then may hold still, and reputations are made of all of it. `verifier` knows the keys of
        people who may find a signal right or wrong; without one, as in a dry-run, every finding
        counts. `prepare` has the brakes rehearsed, and returns at once."""
        self._neighbourhood = neighbourhood
        self._consumer = consumer
        self._intake = intake
        self._verifier = verifier
        self._metrics = metrics
        self._prepare = prepare
        self._admission = Admission(neighbourhood.issuers)
        for outcome in ("taken", *get_args(Refusal)):
            metrics.signals.labels(outcome)

    def listen(self, now: Seconds) -> None:
        """Take what there is, up to `MOST_AT_A_TURN`, at `now`: the time of the newest block."""
        messages = self._consumer.fetch(MOST_AT_A_TURN, 0.0)
        warned_now = [self._hear(message, now) for message in messages]
        for message in messages:
            self._neighbourhood.passed(message.partition, message.offset + 1)
        if any(warned_now):
            self._prepare()
        if messages:
            self.show(now)

    def _hear(self, message: Message, now: Seconds) -> bool:
        """Take one record; say whether it warns a protocol of ours."""
        try:
            record = decoded(message)
            if isinstance(record, Verdict):
                self._learn(message, record)
                return False
            self._admission.admit(record, now)
        except RefusedSignalError as error:
            self._metrics.signals.labels(error.why).inc()
            if error.why in KEPT:
                self._intake.reject(message, str(error), fault="content")
            return False
        self._metrics.signals.labels("taken").inc()
        found = self._neighbourhood.take(record)
        for protocol in sorted(found):
            _log.warning(
                "warned",
                protocol=protocol,
                issuer=record.issuer,
                target=record.target,
                technique=record.technique,
                severity=record.severity,
            )
        return bool(found)

    def show(self, now: Seconds) -> None:
        """Show how many neighbours warn each protocol, and what it does to its odds."""
        for protocol in self._neighbourhood.protocols:
            heard = self._neighbourhood.heard(protocol, now)
            warnings = 0 if heard is None else len(heard.warnings)
            self._metrics.warnings.labels(protocol).set(warnings)
            self._metrics.warned_odds.labels(protocol).set(warned(heard))

    def _learn(self, message: Message, verdict: Verdict) -> None:
        if self._verifier is not None:
            try:
                self._verifier.check(message, head=None)
            except PoisonRecordError as error:
                raise RefusedSignalError("signature", str(error)) from error
        self._neighbourhood.learn(verdict)


def decoded(message: Message) -> Signal | Verdict:
    """Return what a message is, under the key of its issuer; nothing is believed yet.

    Raises `RefusedSignalError` for anything else.
    """
    record = read(message.value or b"")
    if message.key != record.issuer.encode():
        raise RefusedSignalError("form", "its key is not its issuer")
    return record
