"""What is kept of an incident though nobody who is believed said it: it counts for nothing."""

import dataclasses

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from forensics.cases import gathering, records
from forensics.cases.dossier import Dossier, open_dossier
from forensics.cases.gathering import gather
from forensics.cases.trust import MOST_DOUBTED, Trust
from runtime.acknowledging import People
from runtime.actors import Actors
from runtime.keepers import Keepers, key_of
from runtime.memory import MemoryBroker
from runtime.signatures import Signer, Verifier, signed
from schemas.base import Record
from schemas.chain import Event
from schemas.codec import encode
from schemas.errors import UnsafeToContinueError
from schemas.incidents import Incident, Progress, Recovery, Sighting
from schemas.topics import ACTIONS, ALERTS, AUTHORITY, INCIDENTS, RECOVERIES, TOPICS
from tests.unit.console.scene import on_chain
from tests.unit.incidents.builders import CHAIN, PROTOCOL, action, alert
from tests.unit.paging.stand import case

OURS, STRANGER = (
    Signer(Ed25519PrivateKey.from_private_bytes(bytes([place]) * 32)) for place in (1, 2)
)
KEYS = Verifier({OURS.key_id: OURS.public_key})
TRUST = Trust(KEYS, People(KEYS), Keepers(KEYS), Actors(KEYS))

ALERT = alert(1)
CASE = replace(
    case(),
    sightings=(
        Sighting(
            alert=ALERT.id,
            set="core",
            tx=ALERT.tx,
            block=ALERT.block,
            score=1.0,
            severity="high",
            summary="x",
        ),
    ),
)
RECOVERY = Recovery(
    id="b" * 64,
    chain=CHAIN,
    protocol=PROTOCOL,
    incident=CASE.id,
    progress=Progress(number=1, phase="recover", released=0, block=5),
)


BRAKE = action(1, "broadcast", step=2)


class Topics:
    """What our topics say, each record signed by whom one likes."""

    def __init__(self) -> None:
        self.broker = MemoryBroker()
        self.broker.create(TOPICS.values())

    def case(self, one: Incident, signer: Signer) -> None:
        value = encode(one)
        proof = signed(value, signer)
        self.broker.producer().send(INCIDENTS.name, value, key=key_of(one), headers=proof)

    def say(self, topic: str, record: Record, signer: Signer | None) -> None:
        value = encode(record)
        proof = () if signer is None else signer.sign(value, sequence=0, expires=0)
        self.broker.producer().send(topic, value, key=PROTOCOL.encode(), headers=proof)

    def collected(self, trust: Trust = TRUST) -> Dossier:
        """Gather it, keep it as evidence, and open that again."""
        files: dict[str, bytes] = {}
        records.keep(gather(self.broker, CASE.id, trust), files.__setitem__)
        return open_dossier(records.kept(files.__getitem__))


@pytest.fixture
def topics() -> Topics:
    topics = Topics()
    topics.case(CASE, OURS)
    topics.say(ALERTS.name, ALERT, OURS)
    topics.say(ACTIONS.name, BRAKE, OURS)
    topics.say(RECOVERIES.name, RECOVERY, OURS)
    return topics


def test_what_was_said_by_those_who_are_believed_is_the_incident(topics: Topics) -> None:
    dossier = topics.collected()
    assert (dossier.incident, dossier.alerts) == (CASE, (ALERT,))
    assert (dossier.actions, dossier.recoveries) == ((BRAKE,), (RECOVERY,))
    assert dossier.doubted == ()


def test_whose_key_told_a_turn_and_what_the_chain_shows_are_kept_with_it(topics: Topics) -> None:
    def shows(signature: str, time: int, protocol: str = PROTOCOL) -> Event:
        event = on_chain(signature, 10 + time - CASE.opened, time)
        return replace(event, chain=CASE.chain, protocol=protocol)

    paused, unpaused = shows("Paused(address)", CASE.opened), shows("Unpaused()", CASE.opened + 9)
    strange = (
        shows("Unpaused()", CASE.opened - 1), shows("Unpaused()", CASE.opened, "another"),
        shows("Killed()", CASE.opened),
    )  # fmt: skip
    for event in (*strange, paused, unpaused):
        topics.broker.producer().send(AUTHORITY.name, encode(event), key=b"assure")
    dossier = topics.collected()
    assert dossier.shown == (paused, unpaused)
    assert dossier.keys == {RECOVERY.id: OURS.key_id}
    assert dossier.doubted == ()


def test_a_forged_case_alert_step_and_recovery_are_kept_and_told_and_change_nothing(
    topics: Topics,
) -> None:
    true = topics.collected()
    topics.case(replace(CASE, phase="closed", sightings=()), STRANGER)
    topics.say(ALERTS.name, replace(ALERT, score=9.0), STRANGER)
    topics.say(ACTIONS.name, replace(BRAKE, state="final", step=9), STRANGER)
    topics.say(RECOVERIES.name, replace(RECOVERY, id="c" * 64), None)
    dossier = topics.collected()
    assert dataclasses.replace(dossier, doubted=()) == true
    assert [one.partition("[")[0] for one in dossier.doubted] == [
        "incidents-v1",
        "alerts-v1",
        "actions-v1",
        "recoveries-v1",
    ]
    assert all("unknown key" in one for one in dossier.doubted)


def test_where_nobody_is_named_everybody_is_believed(topics: Topics) -> None:
    topics.say(RECOVERIES.name, replace(RECOVERY, id="c" * 64), None)
    dossier = topics.collected(Trust())
    assert len(dossier.recoveries) == 2
    assert dossier.doubted == ()
    assert dossier.keys == {}, "a header that nobody checked names no key"


def test_a_flood_of_forgeries_keeps_nobody_from_collecting(
    topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "MAX_RECORDS", 2 * MOST_DOUBTED)
    for number in range(3 * MOST_DOUBTED):
        topics.case(replace(CASE, phase="closed", summary=str(number)), STRANGER)
        topics.say(RECOVERIES.name, replace(RECOVERY, id=f"{number:064x}"), None)
        topics.say(ACTIONS.name, replace(BRAKE, step=number), STRANGER)
    assert len(gather(topics.broker, CASE.id, TRUST)) == 4 + 3 * MOST_DOUBTED
    dossier = topics.collected()
    assert (dossier.incident, dossier.recoveries) == (CASE, (RECOVERY,))
    assert dossier.actions == (BRAKE,)
    assert dossier.doubted[-1].startswith(f"{8 * MOST_DOUBTED} more"), "each was counted"
    assert len(dossier.doubted) == MOST_DOUBTED + 1


def test_what_is_believed_and_said_again_and_again_counts_once(
    topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of a signed record is as well signed, and its headers of time are anybody's."""
    monkeypatch.setattr(gathering, "MAX_RECORDS", MOST_DOUBTED)
    true = topics.collected()
    for _ in range(2 * MOST_DOUBTED):
        topics.say(ACTIONS.name, BRAKE, OURS)
    dossier = topics.collected()
    assert dataclasses.replace(dossier, doubted=()) == true
    assert dossier.doubted[0].endswith("was left out: the same bytes stood there before")
    assert dossier.doubted[-1].startswith(f"{MOST_DOUBTED} more")


def test_fifty_thousand_forged_steps_stop_nobody() -> None:
    """As many as there is room for in all, of those who are believed."""
    topics = Topics()
    topics.case(CASE, OURS)
    for number in range(gathering.MAX_RECORDS + 1):
        topics.say(ACTIONS.name, replace(BRAKE, step=number), None)
    topics.say(ACTIONS.name, BRAKE, OURS)
    dossier = topics.collected()
    assert dossier.actions == (BRAKE,)
    left = gathering.MAX_RECORDS + 1 - MOST_DOUBTED
    assert dossier.doubted[-1].startswith(f"{left:,} more")
    with pytest.raises(UnsafeToContinueError, match="name whose are believed"):
        topics.collected(Trust())


def test_a_flood_of_what_the_chain_shows_is_cut_short_and_stops_nobody(
    topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody signs what the chain shows, so no key could be named against who floods it."""
    monkeypatch.setattr(gathering, "MOST_SHOWN", 5)
    for number in range(200):
        event = on_chain("Paused(address)", 10 + number, CASE.opened + number)
        told = replace(event, chain=CASE.chain, protocol=PROTOCOL)
        topics.broker.producer().send(AUTHORITY.name, encode(told), key=b"assure")
    dossier = topics.collected()
    assert len(dossier.shown) == 5
    assert "more of them than a case has room for" in dossier.doubted[0]
    assert dossier.doubted[-1].startswith("95 more")


def test_more_than_a_case_has_of_those_who_are_believed_is_refused(
    topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "MAX_RECORDS", 1)
    topics.say(RECOVERIES.name, replace(RECOVERY, id="c" * 64), OURS)
    with pytest.raises(UnsafeToContinueError, match="recoveries-v1: more than 1 records"):
        topics.collected()
