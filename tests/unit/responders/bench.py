"""A whole responder on the chain in memory, that can be stopped and started again."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from responders.book import Book
from responders.chain import Chain
from responders.delivery import Delivery, Patience
from responders.entries import Entry
from responders.executor import Executor
from responders.intake import AlertIntake
from responders.journal import Journal
from responders.ledger import Ledger
from responders.levers import within_reach
from responders.outlook import Account, Outlook
from responders.preparation import Preparation
from responders.recall import Recall
from responders.relay import Relay
from responders.responder import Ears, Responder
from responders.response import Response
from responders.submission import Notices, Submission
from responders.succession import Succession
from responders.witness import Witness
from runtime.actors import Actors
from runtime.broker import Broker, Message, Partition
from runtime.intake import Intake
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.neighbourhood import Neighbourhood
from runtime.signal_intake import SignalIntake
from runtime.signatures import Signer, Verifier
from schemas.actions import Action
from schemas.alerts import AlertRecord
from schemas.codec import decode, encode
from schemas.consents import Consent
from schemas.headers import Headers
from schemas.manifest import Manifest
from schemas.signals import Signal, Verdict
from schemas.topics import ACTIONS, ALERTS, CONSENTS, DEAD_LETTERS, SIGNALS
from tests.clock import ManualClock
from tests.unit.responders.examples import manifest
from tests.unit.responders.fakes import GWEI, SIGNER, FakeChain

FINAL = 5
GROUP = "respond"
WHOLE_WAY = [
    "proposed",
    "authorised",
    "nonce-reserved",
    "signed",
    "broadcast",
    "included",
    "final",
]


class Crash(BaseException):
    """The process ends here."""


class FragileJournal(Journal):
    """Crashes at its n-th write: before it is on disk, or after."""

    def __init__(self, path: Path, at: int, *, before: bool) -> None:
        super().__init__(path)
        self._left = at
        self._before = before

    def append(self, *entries: Entry) -> None:
        self._left -= 1
        if self._left == 0 and self._before:
            raise Crash
        super().append(*entries)
        if self._left == 0:
            raise Crash


@dataclass(frozen=True, slots=True)
class Beside:
    """What a responder may have beside its node and its keys."""

    verifier: Verifier | None = None
    people: Verifier | None = None
    """Whose findings on signals count."""
    warned: Callable[[], None] = lambda: None
    """What a neighbour's warning has done."""
    signals: Broker | None = None
    """Where neighbours speak; the responder's own topics, without another."""
    second: Chain | None = None
    relay: Relay | None = None
    notices: Notices | None = None
    signer: Signer | None = None
    """Of steps on their topic."""
    actors: Actors | None = None
    """Whose steps there are believed by who takes over."""


class Assembly:
    """A responder on any chain, with topics in memory and a clock that is moved by hand."""

    def __init__(
        self,
        journal: Journal,
        chain: Chain,
        account: Account,
        given: Manifest,
        *,
        broker: MemoryBroker | None = None,
        beside: Beside | None = None,
    ) -> None:
        beside = beside or Beside()
        self.clock = ManualClock()
        self.metrics = Metrics()
        self.broker = broker or MemoryBroker()
        self.broker.create((ALERTS, ACTIONS, CONSENTS, SIGNALS, DEAD_LETTERS))
        producer = self.broker.producer()
        levers = within_reach([given], chain, 1)
        neighbours = Neighbourhood([given])
        self.outlook = Outlook(chain, account, 500 * GWEI, [given], neighbours=neighbours)
        self.book = Book(journal, producer, self.metrics, beside.signer)
        seconds = within_reach([given], beside.second, 1) if beside.second else {}
        witness = Witness(seconds, self.metrics) if beside.second else None
        submission = Submission(self.outlook, levers, self.metrics, beside.notices)
        self.executor = Executor(
            self.book,
            self.outlook,
            Preparation(self.outlook, self.book.ledger, levers, submission, witness),
            Delivery(
                self.outlook,
                levers,
                Patience(replace=3, final=FINAL),
                self.clock,
                self.metrics,
                beside.relay,
            ),
            submission,
        )
        self.executor.resume()
        response = Response(
            levers, self.book, self.executor, self.outlook, self.clock, self.metrics
        )
        intake = Intake(producer, self.metrics, "respond")
        self.signals = beside.signals or self.broker
        hearing = None
        if neighbours.issuers:
            consumer = self.signals.consumer()
            consumer.assign({Partition(SIGNALS.name, n): 0 for n in range(SIGNALS.partitions)})
            people, prepare = beside.people, beside.warned
            hearing = SignalIntake(neighbours, consumer, intake, people, self.metrics, prepare)
        self.succession = Succession(self.broker, GROUP, chain.name, self.clock, beside.actors)
        self.responder = Responder(
            Ears(
                AlertIntake(intake, beside.verifier, chain.name, self.metrics),
                hearing,
                Recall(self.broker, GROUP, self.clock, self.metrics),
                self.succession,
            ),
            response,
            self.executor,
            self.book,
            self.clock,
            0.2,
        )
        self.look()

    @property
    def ledger(self) -> Ledger:
        return self.book.ledger

    def look(self) -> None:
        """Let the time pass after which it looks at the chain again."""
        self.clock.seconds += 1
        self.responder.tick()

    def receive(self, *records: AlertRecord, headers: Headers = ()) -> None:
        """Hand over one batch of records."""
        self.responder.process(
            [
                Message(ALERTS.name, 0, offset, record.protocol.encode(), encode(record), headers)
                for offset, record in enumerate(records)
            ]
        )

    def hear(self, *words: Consent) -> None:
        """Hand over one batch of operators' words."""
        self.responder.process(
            [
                Message(CONSENTS.name, 0, offset, word.protocol.encode(), encode(word), ())
                for offset, word in enumerate(words)
            ]
        )

    def said(self) -> list[Consent]:
        """Return this operator's words, as the topic tells them."""
        self.book.publish()
        return [
            decode(message.value or b"", Consent)
            for number in range(CONSENTS.partitions)
            for message in self.broker.log(Partition(CONSENTS.name, number))
        ]

    def warn(self, *records: Signal | Verdict, headers: Headers = ()) -> None:
        """Let neighbours and people say something, and the responder take its turn."""
        producer = self.signals.producer()
        for one in records:
            producer.send(SIGNALS.name, encode(one), key=one.issuer.encode(), headers=headers)
        self.responder.tick()

    def states(self, action: str | None = None) -> list[str]:
        """Return the states that actions went through, as the topic tells them."""
        self.book.publish()
        return [step.state for step in self.published() if action in (None, step.action)]

    def published(self) -> Sequence[Action]:
        """Return every step on the topic."""
        return [
            decode(message.value or b"", Action)
            for number in range(ACTIONS.partitions)
            for message in self.broker.log(Partition(ACTIONS.name, number))
        ]


class Bench(Assembly):
    """A responder on the chain in memory."""

    def __init__(
        self,
        journal: Journal,
        chain: FakeChain,
        *,
        broker: MemoryBroker | None = None,
        armed: bool = True,
        given: Manifest | None = None,
        beside: Beside | None = None,
    ) -> None:
        self.chain = chain
        account = Account(SIGNER.address, SIGNER if armed else None)
        super().__init__(journal, chain, account, given or manifest(), broker=broker, beside=beside)

    def mine(self, count: int = 1, *, include: bool = True) -> None:
        """Add blocks, each seen by the responder."""
        for _ in range(count):
            self.chain.mine(include=include)
            self.look()


@contextmanager
def bench(
    path: Path,
    chain: FakeChain,
    *,
    broker: MemoryBroker | None = None,
    armed: bool = True,
    given: Manifest | None = None,
) -> Iterator[Bench]:
    """Run a responder on this journal."""
    with Journal(path) as journal:
        yield Bench(journal, chain, broker=broker, armed=armed, given=given)
