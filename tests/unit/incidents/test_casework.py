"""From a record's bytes to what is kept and published."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from incidents.casework import Casework
from incidents.docket import (
    KEPT_CASES,
    KEPT_DECISIONS,
    KEPT_MEASURES,
    KEPT_SAID,
    KEPT_SIGHTINGS,
    KEPT_WAITING,
    Docket,
    Waiting,
)
from runtime.acknowledging import People
from runtime.actors import Actors
from runtime.broker import Message, Partition
from runtime.intake import FUSE
from runtime.keepers import Keepers
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.signatures import Signer, Verifier, generate, load_signer, load_verifier
from schemas.alerts import Alert, Withdrawal
from schemas.base import Record
from schemas.codec import decode, encode
from schemas.decisions import Decision, Proposal, Voice
from schemas.errors import UnsafeToContinueError
from schemas.headers import Headers, hop_headers
from schemas.incidents import (
    Acknowledged,
    Acknowledgement,
    Incident,
    Measure,
    Progress,
    Recovery,
    Sighting,
)
from schemas.operations import DeadLetter
from schemas.topics import ACTIONS, ALERTS, DEAD_LETTERS, INCIDENTS, TopicSpec
from tests.unit.incidents.builders import (
    PROTOCOL,
    START,
    action,
    alert,
    alert_id,
    incident,
    tx,
    withdrawal,
)


class Desk:
    """Casework on a broker in memory, with a table of one protocol."""

    def __init__(
        self,
        trusted: Path | None = None,
        people: People | None = None,
        signer: Signer | None = None,
        actors: Actors | None = None,
    ) -> None:
        self.broker = MemoryBroker()
        self.broker.create((INCIDENTS, DEAD_LETTERS))
        self.metrics = Metrics()
        verifier = None if trusted is None else load_verifier(trusted)
        self.casework = Casework(
            self.broker.producer(), self.metrics, verifier, people, signer, actors
        )
        self.kept: bytes | None = None

    def take(
        self,
        record: Record | bytes,
        *,
        topic: TopicSpec = ALERTS,
        key: bytes | None = PROTOCOL.encode(),
        headers: Headers = (),
    ) -> bytes | None:
        value = record if isinstance(record, bytes) else encode(record)
        message = Message(topic.name, 3, 7, key, value, headers)
        docket = self.casework.work(message, self.kept)
        self.kept = docket or self.kept
        return docket

    def _written(self, topic: TopicSpec) -> list[Message]:
        parts = (Partition(topic.name, number) for number in range(topic.partitions))
        return [message for part in parts for message in self.broker.log(part)]

    @property
    def published(self) -> list[tuple[bytes | None, Incident]]:
        return [
            (message.key, decode(message.value or b"", Incident))
            for message in self._written(INCIDENTS)
        ]

    @property
    def letters(self) -> list[DeadLetter]:
        limit = DEAD_LETTERS.max_bytes
        return [
            decode(message.value or b"", DeadLetter, max_bytes=limit)
            for message in self._written(DEAD_LETTERS)
        ]


def test_a_case_is_kept_and_published_whole_under_its_protocol_and_name() -> None:
    desk = Desk()
    kept = desk.take(alert(1))
    ((key, case),) = desk.published
    assert key == f"{PROTOCOL}/{incident(1)}".encode()
    assert kept is not None
    assert decode(kept, Docket).cases == (case,)


def test_a_record_that_comes_again_publishes_its_case_again() -> None:
    desk = Desk()
    first, second = desk.take(alert(1)), desk.take(alert(1))
    assert first == second
    (_, once), (_, twice) = desk.published
    assert once == twice


def test_alerts_withdrawals_and_actions_meet_in_one_case_with_their_hop_times() -> None:
    desk = Desk()
    now = 1_800_000_000_000_000_000
    scored = hop_headers({"received": now, "scored": now + 3000})
    desk.take(alert(1), headers=scored)
    desk.take(action(1, "final"), topic=ACTIONS, headers=hop_headers({"mined": now + 5999}))
    desk.take(withdrawal(1))
    _, case = desk.published[-1]
    assert (case.phase, len(case.measures)) == ("recover", 1)
    micros = now // 1000
    assert case.hops == {"received": micros, "scored": micros + 3, "mined": micros + 5}


def test_an_action_without_a_case_is_kept_and_nothing_is_published() -> None:
    desk = Desk()
    assert desk.take(action(1, "signed"), topic=ACTIONS) is not None
    assert desk.published == []


@pytest.mark.parametrize("value", [b"", b"{", b"\xff\xfe", b'{"kind":"block"}', b"null"])
def test_unreadable_bytes_become_a_dead_letter_and_change_no_case(value: bytes) -> None:
    desk = Desk()
    desk.take(alert(1))
    assert desk.take(value, headers=(("origin", b"x"),)) is None
    (letter,) = desk.letters
    assert (letter.service, letter.topic, letter.partition, letter.offset) == (
        "incidents",
        ALERTS.name,
        3,
        7,
    )
    assert (letter.value, letter.fault) == (value, "envelope")
    assert letter.headers == (("origin", b"x"),)
    assert len(desk.published) == 1


def test_a_record_under_another_key_than_its_protocol_is_not_worked_on() -> None:
    desk = Desk()
    assert desk.take(alert(1), key=b"another") is None
    assert desk.take(alert(1), key=None) is None
    assert [letter.fault for letter in desk.letters] == ["envelope", "envelope"]


def test_a_streak_that_a_trusted_key_signed_stops_the_service(trusted: Path) -> None:
    """Another version of ours wrote it: nothing is lost if this one waits for people."""
    desk = Desk(trusted)
    signed = load_signer(trusted / "detector.pem").sign(b"rubbish", sequence=1, expires=2)
    for _ in range(FUSE - 1):
        desk.take(b"rubbish", headers=signed)
    with pytest.raises(UnsafeToContinueError, match="same version"):
        desk.take(b"rubbish", headers=signed)


def test_kept_cases_that_cannot_be_read_stop_the_service() -> None:
    desk = Desk()
    desk.kept = b'{"kind":"docket","cases":7}'
    with pytest.raises(UnsafeToContinueError, match=r"meadow.*cannot be read"):
        desk.take(alert(1))


def test_an_alert_that_would_make_its_case_too_large_is_set_aside() -> None:
    desk = Desk()
    desk.take(alert(1))
    long = "0x" + "a" * 3_000_000
    for number in (2, 3, 4):
        raised = alert(number)
        fields = {name: getattr(raised, name) for name in raised.__struct_fields__}
        desk.take(Alert(**fields | {"tx": long}))
    (letter,) = desk.letters
    assert letter.fault == "envelope"
    assert "would not fit" in letter.reason
    assert desk.kept is not None
    (case,) = decode(desk.kept, Docket).cases
    assert [sighting.alert for sighting in case.sightings] == sorted(map(alert_id, (1, 2, 3)))


@pytest.fixture
def trusted(tmp_path: Path) -> Path:
    folder = tmp_path / "trusted"
    generate(folder, "detector")
    return folder


def signed(signer: Signer, record: Alert | Withdrawal) -> Headers:
    return signer.sign(encode(record), sequence=1, expires=2)


def test_only_alerts_signed_by_a_trusted_key_make_a_case(trusted: Path, tmp_path: Path) -> None:
    desk = Desk(trusted)
    known = load_signer(trusted / "detector.pem")
    stranger = load_signer(generate(tmp_path / "other", "stranger"))
    assert desk.take(alert(1)) is None
    assert desk.take(alert(1), headers=signed(stranger, alert(1))) is None
    assert desk.take(alert(1), headers=signed(known, alert(2))) is None
    assert desk.published == []
    assert [letter.fault for letter in desk.letters] == ["content"] * 3
    assert desk.take(alert(1), headers=signed(known, alert(1))) is not None


def test_a_forged_withdrawal_closes_no_case(trusted: Path) -> None:
    desk = Desk(trusted)
    known = load_signer(trusted / "detector.pem")
    desk.take(alert(1), headers=signed(known, alert(1)))
    assert desk.take(withdrawal(1)) is None
    _, case = desk.published[-1]
    assert case.phase == "detect"


def test_an_expired_alert_still_makes_a_case(trusted: Path) -> None:
    desk = Desk(trusted)
    headers = signed(load_signer(trusted / "detector.pem"), alert(1))
    assert alert(1).block > 2
    assert desk.take(alert(1), headers=headers) is not None


@pytest.mark.parametrize("keys", ["trusted", "none"])
def test_a_stranger_cannot_stop_the_service_with_rubbish(trusted: Path, keys: str) -> None:
    desk = Desk(trusted if keys == "trusted" else None)
    for _ in range(FUSE + 1):
        assert desk.take(b"rubbish") is None
        assert desk.take(alert(1), key=b"another") is None
    assert len(desk.letters) == 2 * (FUSE + 1)


def test_the_fullest_docket_fits_into_one_record() -> None:
    text, key = "\U0001f525" * 500, "k" * 128
    account = "abcdefgh:" + "r" * 32 + ":0x" + "f" * 40
    hops = dict.fromkeys(("received", "published", "scored", "decided", "sent", "mined"), 2**53 - 1)
    measure = Measure(
        action="a" * 64,
        step=2**53 - 1,
        state=key,
        adapter=key,
        target=account,
        reason=text,
        tx=tx(1),
        block=2**53 - 1,
    )
    sighting = Sighting(
        alert="a" * 64,
        set=key,
        tx=tx(1),
        block=2**53 - 1,
        score=-1.2345678901234567e-300,
        severity="critical",
        summary=text,
        withdrawn=True,
    )
    progress = Progress(
        number=2**53 - 1, phase="respond", released=10_000, cause=text, block=2**53 - 1
    )
    voice = Voice(
        person="\u20ac" * 128, account="\u20ac" * 300, time=2**53 - 1, signature="0x" + "a" * 130
    )
    decision = Decision(
        proposal="a" * 64,
        matter="false-alarm",
        words=text,
        proposer=voice,
        expires=2**53 - 1,
        state="approved",
        answerer=voice,
        answer=text,
    )
    case = Incident(
        id="a" * 64,
        chain="abcdefgh:" + "r" * 32,
        protocol=key,
        phase="respond",
        severity="critical",
        summary=text,
        opened=START,
        latest=2**53 - 1,
        sightings=(sighting,) * KEPT_SIGHTINGS,
        measures=(measure,) * KEPT_MEASURES,
        hops=hops,
        dropped=2**53 - 1,
        acknowledged=Acknowledged(by="n" * 128, severity="critical", words=text),
        progress=progress,
        decisions=(decision,) * KEPT_DECISIONS,
    )
    recovery = Recovery(
        id="a" * 64, chain=case.chain, protocol=key, incident="a" * 64, progress=progress
    )
    proposal = Proposal(
        id="a" * 64,
        chain=case.chain,
        protocol=key,
        incident="a" * 64,
        matter="false-alarm",
        words=text,
        expires=2**53 - 1,
        by=voice,
        staged="0x" + "a" * 64,
    )
    step = Waiting(incident="a" * 64, alert="a" * 64, measure=measure, hops=hops)
    word = Acknowledgement(
        id="a" * 64,
        chain="abcdefgh:" + "r" * 32,
        protocol=key,
        incident="a" * 64,
        by="n" * 128,
        severity="critical",
        words=text,
    )
    encode(
        Docket(
            cases=(case,) * KEPT_CASES,
            waiting=(step,) * KEPT_WAITING,
            recoveries=(recovery,) * KEPT_CASES,
            said=(proposal,) * KEPT_SAID,
            acknowledgements=(word,) * KEPT_CASES,
        )
    )


def test_each_case_is_signed_so_that_its_readers_believe_it() -> None:
    signer = Signer(Ed25519PrivateKey.generate())
    keepers = Keepers(Verifier({signer.key_id: signer.public_key}))
    desk = Desk(signer=signer)
    desk.take(alert(1))
    desk.take(withdrawal(1))
    published = [
        message
        for number in range(INCIDENTS.partitions)
        for message in desk.broker.log(Partition(INCIDENTS.name, number))
    ]
    assert [keepers.read(message).sightings[0].withdrawn for message in published] == [False, True]
