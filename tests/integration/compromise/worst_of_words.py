"""What others say to us, and what is kept and told of us, in a stranger's hands."""

from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace

from console.trust import Trust
from responders.levers import within_reach
from responders.questions import Question
from responders.voices import Voices
from runtime.broker import Partition
from runtime.intake import Intake
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.neighbourhood import Neighbourhood
from runtime.signal_intake import SignalIntake
from schemas.consents import Consent
from schemas.errors import PoisonRecordError, UnsafeToContinueError
from schemas.services import RECORDED
from schemas.topics import CHANGES, CONSENTS, DEAD_LETTERS, RISK, SEALS, SIGNALS, TopicSpec
from tests.integration.compromise.topics import KEYS, STRANGER, Topics, signed
from tests.integration.compromise.worst_of_chain import example
from tests.unit.forensics.desk import at_work
from tests.unit.neighbours.examples import NOW, address, signal, unsigned
from tests.unit.responders.examples import START
from tests.unit.responders.fakes import FakeChain
from tests.unit.responders.quorum import SIGNERS, agreed, quorum, word
from tests.unit.responders.quorum import STRANGER as NO_OPERATOR
from tests.unit.responders.test_neighbours import HERE, found, listening
from tests.unit.underwriting.worlds import desk
from tests.waiting import until
from underwriting.service import remember
from underwriting.shelf import Shelf


def signals(topics: Topics, _: Path) -> None:
    """Unsigned words and findings are dead letters; a stolen issuer's is one of its own."""
    topics.create((DEAD_LETTERS,))
    neighbourhood, metrics = Neighbourhood([listening(2)]), Metrics()
    with closing(topics.producer()) as producer, closing(topics.consumer()) as consumer:
        consumer.assign({Partition(SIGNALS.name, n): 0 for n in range(SIGNALS.partitions)})
        intake = Intake(producer, metrics, "respond")
        hears = SignalIntake(neighbourhood, consumer, intake, KEYS, metrics)
        key = address(1).encode()
        topics.write(SIGNALS, unsigned(1, target=HERE), key=key)
        verdict = found(1, "confirmed")
        topics.write(SIGNALS, verdict, signed(verdict, STRANGER), key=key)
        topics.write(SIGNALS, b"{", key=key)

        def letters() -> int:
            hears.listen(NOW)
            producer.flush()
            return len(topics.letters())

        until(lambda: letters() == 3)
        assert neighbourhood.heard("meadow", NOW) is None
        topics.write(SIGNALS, signal(1, target=HERE), key=key)

        def warned() -> int:
            hears.listen(NOW)
            heard = neighbourhood.heard("meadow", NOW)
            return 0 if heard is None else len(heard.warnings)

        until(lambda: warned() == 1)


def consents(topics: Topics, _: Path) -> None:
    """What an operator did not sign is nobody's; a stolen operator's key is one word of k."""
    topics.create((DEAD_LETTERS,))
    voices = Voices(within_reach([agreed()], FakeChain(), 1))
    forged = replace(word(NO_OPERATOR), operator=SIGNERS[0].address)
    with closing(topics.producer()) as producer:
        intake = Intake(producer, Metrics(), "respond", fuse=None)
        said = [topics.write(CONSENTS, one) for one in (forged, word(NO_OPERATOR), word())]
        read = [one for _, one in intake.read_all([*said, topics.write(CONSENTS, b"{")])]
    assert len(topics.letters()) == 1
    first, second, stolen = (one for one in read if isinstance(one, Consent))
    for one in (first, second):
        with pytest.raises(PoisonRecordError):
            voices.take(one, START)
    assert voices.take(stolen, START)
    assert len(voices.words(Question.of(stolen), quorum())) == 1 < quorum().threshold


def story(topics: Topics, folder: Path, spec: TopicSpec) -> None:
    """A false line beside the true ones, and rubbish as it is: nobody acts on what is told."""
    topics.create((*RECORDED, SEALS))
    topics.write(spec, example(spec))
    topics.write(spec, b"\xff{")
    with at_work(cast("MemoryBroker", topics), folder) as keeping:
        keeping.read()
        keeping.keeper.checkpoint({})
        assert keeping.log.reader.size() == 2
        assert keeping.findings() == ()


def seals(topics: Topics, folder: Path) -> None:
    """Rubbish is no seal; one that the log's key did not sign keeps it from starting, named."""
    topics.create((*RECORDED, SEALS))
    for rubbish in (b"\xff", b"{}"):
        topics.write(SEALS, rubbish)
    topics.write(CHANGES, example(CHANGES))
    with at_work(cast("MemoryBroker", topics), folder) as keeping:
        assert keeping.caught == (0, 0, 0)
        keeping.read()
        keeping.keeper.checkpoint({})
        assert keeping.findings() == ()
    topics.write(SEALS, example(SEALS))
    with (
        pytest.raises(UnsafeToContinueError, match="not this log's"),
        at_work(cast("MemoryBroker", topics), folder, "again"),
    ):
        pass


def risk(topics: Topics, _: Path) -> None:
    """Figures under no trusted key are said to be that, and nobody goes on from them."""
    forged = topics.write(RISK, example(RISK))
    assert not Trust(insurers=KEYS).read(forged)[1]
    shelf = Shelf(frozenset({"meadow"}))
    remember(topics, desk(), shelf, KEYS)
    assert list(shelf.before("meadow", 2**60, 9)) == []
