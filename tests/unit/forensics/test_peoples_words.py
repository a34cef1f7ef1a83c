"""What people decide and take in hand, and what auditing finds, is in the log, provably."""

from pathlib import Path

import pytest

from forensics.record.leaf import message_in, record_in
from forensics.record.proof import check_proof, parse_proof
from forensics.record.proving import prove
from runtime import attested
from runtime.attested import Statement
from runtime.memory import MemoryBroker
from runtime.signatures import Signer, Verifier
from schemas.assurance import Finding
from schemas.base import Record
from schemas.codec import encode
from schemas.errors import PoisonRecordError
from schemas.topics import ACKNOWLEDGEMENTS, ACTIONS, DECISIONS, FINDINGS, TopicSpec
from tests.forensic_log import SIGNER, action, private
from tests.people import acknowledgement, answer, by_provider, by_wallet, proposal, signature
from tests.unit.console.scene import case
from tests.unit.console.test_around import finding
from tests.unit.forensics.desk import Desk, at_work

CASE = case()


def by(statement: Statement, name: str) -> Statement:
    return attested.signed(statement, signature(statement, name))


ASKED = by(proposal(CASE, by_wallet("rea"), "attack"), "rea")
APPROVED = by(answer(ASKED, by_wallet("ana")), "ana")  # type: ignore[arg-type]  # it is a proposal
TOO_LATE = answer(ASKED, by_provider("ben"), "veto")  # type: ignore[arg-type]
IN_HAND = by(acknowledgement(CASE, by_wallet("rea")), "rea")
OPEN, RESOLVED = finding(), finding(state="resolved", block=1001)

WORDS: tuple[tuple[TopicSpec, Record], ...] = (
    (DECISIONS, ASKED),
    (DECISIONS, APPROVED),
    (DECISIONS, TOO_LATE),
    (ACKNOWLEDGEMENTS, IN_HAND),
    (FINDINGS, OPEN),
    (FINDINGS, RESOLVED),
)


def write(
    broker: MemoryBroker, *words: tuple[TopicSpec, Record], signer: Signer | None = None
) -> None:
    producer = broker.producer()
    for spec, record in words:
        value = encode(record)
        signed = () if signer is None else signer.sign(value, sequence=0, expires=0)
        producer.send(spec.name, value, key=b"meadow", headers=signed)
    producer.flush()


def kept(desk: Desk, record_id: str) -> list[Record | None]:
    """The records of every leaf that holds this id, in the log's order."""
    reader = desk.log.reader
    leaves = [reader.leaf(place) for place in sorted(reader.named(bytes.fromhex(record_id)))]
    return [record_in(leaf.entry or b"", reader.apart) for leaf in leaves]


def test_each_word_is_a_leaf_and_its_proof_checks_without_us(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    write(broker, *WORDS)
    with at_work(broker, tmp_path) as desk:
        desk.read()
        desk.keeper.checkpoint({})
        assert desk.log.reader.size() == len(WORDS)
        for _, record in WORDS:
            places = desk.log.reader.named(bytes.fromhex(record.id))  # type: ignore[attr-defined]
            assert places
            entries = [
                check_proof(
                    parse_proof(str(prove(desk.log.reader, at)).encode()), SIGNER.key, [], 0
                )
                for at in places
            ]
            found = [record_in(one.entry, desk.log.reader.apart) for one in entries]
            assert record in found
        assert desk.findings() == ()


def test_who_said_it_can_be_checked_from_the_log_alone(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    write(broker, *WORDS)
    with at_work(broker, tmp_path) as desk:
        desk.read()
        for said in (ASKED, APPROVED, IN_HAND):
            words = [one for one in kept(desk, said.id) if one == said]
            assert words
            attested.require(said)


def test_a_proposal_stands_before_its_answers_and_each_of_these_is_kept(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    write(broker, *WORDS)
    with at_work(broker, tmp_path) as desk:
        desk.read(limit=1)
        desk.read(limit=1)
        desk.read()
        assert kept(desk, ASKED.id) == [ASKED, APPROVED, TOO_LATE]


def test_a_finding_is_kept_as_it_opens_and_as_it_is_resolved(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    write(broker, *WORDS)
    with at_work(broker, tmp_path) as desk:
        desk.read()
        states = [one.state for one in kept(desk, OPEN.id) if isinstance(one, Finding)]
        assert states == ["open", "resolved"]


def test_a_word_signed_with_a_key_keeps_that_signature(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    alice = Signer(private("alice"))
    word = acknowledgement(CASE, by_provider("alice"))
    write(broker, (ACKNOWLEDGEMENTS, word), signer=alice)
    with at_work(broker, tmp_path) as desk:
        desk.read()
        (place,) = desk.log.reader.named(bytes.fromhex(word.id))
        message = message_in(desk.log.reader.leaf(place).entry or b"")
        Verifier({alice.key_id: alice.public_key}).check(message, head=None)


def test_a_forged_word_is_kept_as_evidence_and_believed_by_nobody(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    forged = acknowledgement(CASE, by_wallet("ana"))  # nobody's signature
    write(broker, (ACKNOWLEDGEMENTS, forged))
    with at_work(broker, tmp_path) as desk:
        desk.read()
        assert kept(desk, forged.id) == [forged]
        with pytest.raises(PoisonRecordError):
            attested.require(forged)


def test_people_talk_while_a_brake_is_pulled_and_intent_still_stands_before_action(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    with at_work(broker, tmp_path) as desk:
        for step, word in enumerate((*WORDS, WORDS[0])):
            write(broker, word, (ACTIONS, action(step)))
            desk.read()
        desk.keeper.checkpoint({})
        assert sum(one.kind == "action" for one in desk.log.reader.leaves(0, 99)) == 7
        assert desk.verified().disorder == ()
