"""From a record's bytes to what is kept and what is published. Decides everything; waits for
nothing, so it runs the same under Faust and under a test.

An alert counts only when a trusted key signed it, if keys are configured, and so does a step of a
brake; whose acknowledgements
and recoveries do is `runtime.acknowledging`'s to say. An alert's expiry bounds when it may brake,
not whether it is remembered, so an old one still makes a case. What a person says with a wallet
counts only with that wallet's signature; what else changes no case is `incidents.objections`' to
say. Each case is signed, where there is a key to sign with.
"""

from incidents import cases
from incidents.docket import Docket
from incidents.objections import objection
from runtime import attested
from runtime.acknowledging import People
from runtime.actors import Actors
from runtime.broker import Message, Producer
from runtime.intake import Intake
from runtime.keepers import key_of
from runtime.metrics import Metrics
from runtime.signatures import Signer, Verifier, signed
from schemas import headers
from schemas.actions import Action
from schemas.alerts import Alert, Withdrawal
from schemas.assurance import Finding
from schemas.base import Record
from schemas.codec import UnencodableRecordError, decode, encode
from schemas.decisions import Answer, Proposal
from schemas.errors import PoisonRecordError, UnsafeToContinueError
from schemas.incidents import Acknowledgement, Incident, Recovery
from schemas.services import SERVICES
from schemas.topics import ALERTS, INCIDENTS

SERVICE = "incidents"
READS = tuple(spec.name for spec in SERVICES[SERVICE].reads)


class Casework:
    """Keeps the cases of every protocol, one record at a time.

    A case is published for every record that belongs to it, also for one that changes nothing: a
    record that comes again may mean that we died between the writes it led to.
    """

    def __init__(
        self,
        producer: Producer,
        metrics: Metrics,
        verifier: Verifier | None,
        people: People | None = None,
        signer: Signer | None = None,
        actors: Actors | None = None,
    ) -> None:
        """`verifier` knows whose alerts are believed, `people` who may say that a case
        is in hand or led back, `actors` whose steps of brakes are; without one, whatever can be
        read is believed. `signer` signs cases."""
        self._signer = signer
        self._actors = actors or Actors()
        self._people = people or People()
        self._producer = producer
        self._metrics = metrics
        self._verifier = verifier
        self._intake = Intake(producer, metrics, SERVICE, fuse=None)
        """For what anybody could have written who may write there: no streak of it stops this, or
        that would be the first thing to do to it."""
        self._signed = Intake(producer, metrics, SERVICE)
        """For what a trusted key signed: a streak of that means that versions differ."""

    def work(self, message: Message, kept: bytes | None) -> bytes | None:
        """Return the protocol's docket after this record; None when it must not change.

        `kept` is the docket so far, None for a protocol that has none. Sends the case to the
        producer, or the dead letter of a record that cannot be used.

        Raises:
            UnsafeToContinueError: the docket cannot be read, or nothing that trusted keys sign.
        """
        record = self._admitted(message)
        if record is None:
            return None
        docket = _docket(message, kept)
        if why := objection(docket, record, self._people):
            self._intake.reject(message, why, fault="content")
            return None
        docket, case = _changed(docket, record, message)
        try:
            after = encode(docket)
            published = None if case is None else encode(case)
        except UnencodableRecordError as error:
            self._intake.reject(message, f"its case would not fit: {error}", fault="envelope")
            return None
        if case is not None and published is not None:
            self._publish(case, published)
        return after

    def _admitted(self, message: Message) -> Record | None:
        """Return the record if it may be believed; dead-letter it otherwise."""
        intake = self._intake
        if message.topic == ALERTS.name and self._verifier is not None:
            intake = self._signed
            try:
                self._verifier.check(message, head=None)
            except PoisonRecordError as error:
                self._intake.reject(message, str(error), fault="content")
                return None
        record = intake.read(message)
        try:
            self._require(message, record)
        except PoisonRecordError as error:
            self._intake.reject(message, str(error), fault="content")
            return None
        if isinstance(
            record,
            Alert | Withdrawal | Action | Recovery | Finding | Proposal | Answer | Acknowledgement,
        ) and (message.key != record.protocol.encode()):
            self._intake.reject(
                message, f"its key is not its protocol, {record.protocol}", fault="envelope"
            )
            return None
        return record

    def _require(self, message: Message, record: Record | None) -> None:
        """Raise `PoisonRecordError` for a record that those did not say whose word it has to be."""
        match record:
            case Alert() | Withdrawal() if self._verifier is not None:
                self._verifier.require_in_term(message, record.chain, record.block)
            case Action():
                self._actors.require(message, record)
            case Proposal() | Answer():
                attested.require(record)
            case Acknowledgement():
                self._people.require(message, record)
            case Recovery():
                self._people.require_key(message)

    def _publish(self, case: Incident, value: bytes) -> None:
        proof = () if self._signer is None else signed(value, self._signer)
        self._producer.send(INCIDENTS.name, value, key=key_of(case), headers=proof)
        self._metrics.published.labels(INCIDENTS.name).inc()


def _docket(message: Message, kept: bytes | None) -> Docket:
    try:
        return Docket() if kept is None else decode(kept, Docket)
    except PoisonRecordError as error:
        raise UnsafeToContinueError(
            f"the kept cases of {message.key!r} cannot be read: {error}. Another version wrote "
            "them: run that one, or delete the changelog topic, reset this service's group to the "
            "beginning and let it read all alerts again."
        ) from error


def _changed(docket: Docket, record: Record, message: Message) -> cases.Change:
    match record:
        case Alert():
            return cases.add_alert(docket, record, headers.hops(message.headers))
        case Withdrawal():
            return cases.withdraw(docket, record)
        case Action():
            return cases.add_action(docket, record, headers.hops(message.headers))
        case Finding():
            return cases.add_finding(docket, record)
        case _:
            return _told(docket, record)


def _told(docket: Docket, record: Record) -> cases.Change:
    """Change a case by what people say of it."""
    match record:
        case Recovery():
            return cases.add_recovery(docket, record)
        case Proposal() | Answer():
            return cases.add_statement(docket, record)
        case Acknowledgement():
            return cases.acknowledge(docket, record)
        case _:
            raise TypeError(f"no case is made of {type(record).__name__}")
