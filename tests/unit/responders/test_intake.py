"""Only what a trusted key signed, in time, is acted on; the rest is kept and stops nothing."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from responders.journal import Journal
from runtime.broker import Message, Partition
from runtime.intake import FUSE
from runtime.signatures import Signer, Verifier
from schemas import headers
from schemas.alerts import AlertRecord
from schemas.codec import decode, encode
from schemas.operations import DeadLetter
from schemas.topics import ALERTS, DEAD_LETTERS, MAX_RECORD_BYTES
from tests.unit.responders.bench import Bench, Beside
from tests.unit.responders.examples import alert, withdrawal
from tests.unit.responders.fakes import FakeChain

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
NEW_KEY = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x01")
TRUSTED, STRANGER = Signer(KEY), Signer(NEW_KEY)
EXPIRES = 126


@pytest.fixture
def responder(tmp_path: Path) -> Bench:
    verifier = Verifier({TRUSTED.key_id: KEY.public_key()})
    return Bench(Journal(tmp_path / "journal.jsonl"), FakeChain(101), beside=Beside(verifier))


def signed(record: AlertRecord, by: Signer = TRUSTED, expires: int = EXPIRES) -> Message:
    value = encode(record)
    return Message(
        ALERTS.name, 0, 0, b"meadow", value, by.sign(value, sequence=101 << 20, expires=expires)
    )


def letters(responder: Bench) -> list[DeadLetter]:
    log = responder.broker.log(Partition(DEAD_LETTERS.name, 0))
    return [
        decode(message.value or b"", DeadLetter, max_bytes=DEAD_LETTERS.max_bytes)
        for message in log
    ]


def test_a_signed_alert_is_acted_on(responder: Bench) -> None:
    responder.responder.process([signed(alert())])
    assert responder.states()[-1] == "broadcast"
    assert letters(responder) == []


def tampered(**changes: bytes) -> Message:
    message = signed(alert())
    replaced = tuple((name, changes.get(name, value)) for name, value in message.headers)
    return replace(message, headers=replaced)


WRONG = {
    "by a stranger": signed(alert(), STRANGER),
    "without any signature": replace(signed(alert()), headers=()),
    "another value": replace(signed(alert()), value=encode(alert(2))),
    "another sequence": tampered(**{headers.SEQUENCE: b"9"}),
    "a longer life": tampered(**{headers.EXPIRES: b"999999"}),
    "a signature cut short": tampered(**{headers.SIGNATURE: b"short"}),
    "expired": signed(alert(), expires=100),
    "no value": replace(signed(alert()), value=None),
    "rubbish": replace(signed(alert()), value=b"{", headers=()),
    "signed rubbish": Message(
        ALERTS.name, 0, 0, None, b"[]", TRUSTED.sign(b"[]", sequence=1, expires=EXPIRES)
    ),
}


WRONG |= {
    "under another protocol's key": replace(signed(alert()), key=b"harbour"),
    "without a key": replace(signed(alert()), key=None),
    "another protocol's, renamed": replace(
        signed(alert(protocol="harbour")), value=encode(alert()), key=b"meadow"
    ),
    "an action, signed": Message(
        ALERTS.name,
        0,
        0,
        b"meadow",
        b'{"kind":"action"}',
        TRUSTED.sign(b'{"kind":"action"}', sequence=1, expires=EXPIRES),
    ),
    "oversized": replace(signed(alert()), value=b" " * (MAX_RECORD_BYTES + 1)),
}


@pytest.mark.parametrize("message", WRONG.values(), ids=WRONG.keys())
def test_anything_else_is_kept_and_nothing_is_done(responder: Bench, message: Message) -> None:
    responder.responder.process([message])
    (letter,) = letters(responder)
    assert letter.fault == "content"
    assert letter.value == message.value
    assert letter.reason
    assert responder.states() == []
    assert not responder.chain.sent


def test_no_amount_of_rubbish_stops_the_service(responder: Bench) -> None:
    responder.responder.process([WRONG["signed rubbish"], WRONG["rubbish"]] * FUSE)
    responder.responder.process([signed(alert())])
    assert len(letters(responder)) == 2 * FUSE
    assert responder.states()[-1] == "broadcast"


def test_an_alert_that_is_replayed_brakes_no_second_time(responder: Bench) -> None:
    for _ in range(3):
        responder.responder.process([signed(alert()), signed(alert())])
    assert len(responder.chain.sent) == 1
    assert letters(responder) == []


def test_an_alert_of_a_protocol_that_nobody_guards_does_nothing(responder: Bench) -> None:
    message = replace(signed(alert(protocol="harbour")), key=b"harbour")
    responder.responder.process([message])
    assert responder.states() == []
    assert letters(responder) == []


def test_another_chains_alerts_are_passed_over_whatever_their_blocks(responder: Bench) -> None:
    other = signed(alert(chain="eip155:10"), expires=5)
    other = replace(other, headers=((headers.CHAIN, b"eip155:10"), *other.headers))
    responder.responder.process([other])
    assert letters(responder) == [], "it has not expired: its blocks are not ours"
    assert responder.states() == []


def test_a_chain_header_that_lies_gains_nothing(responder: Bench) -> None:
    """It is not signed: it can only make a record be passed over, or be looked at in full."""
    lying = signed(alert(chain="eip155:10"))
    lying = replace(lying, headers=((headers.CHAIN, b"eip155:31337"), *lying.headers))
    responder.responder.process([lying])
    assert responder.states() == []


@pytest.fixture
def rotating(tmp_path: Path) -> Bench:
    """Trusts an old key until block 105, and its successor."""
    keys = {TRUSTED.key_id: KEY.public_key(), STRANGER.key_id: NEW_KEY.public_key()}
    verifier = Verifier(keys, {TRUSTED.key_id: {"eip155:31337": 105}})
    return Bench(Journal(tmp_path / "rotating.jsonl"), FakeChain(101), beside=Beside(verifier))


def test_while_two_keys_overlap_both_are_believed(rotating: Bench) -> None:
    rotating.responder.process([signed(alert(1))])
    assert rotating.states()[-1] == "broadcast"
    rotating.responder.process([signed(alert(2), STRANGER)])
    assert letters(rotating) == []


def test_a_retired_key_is_not_believed_whatever_block_it_names(rotating: Bench) -> None:
    late = signed(alert(6))
    late = replace(
        late, headers=TRUSTED.sign(late.value or b"", sequence=106 << 20, expires=EXPIRES)
    )
    rotating.responder.process([late])
    (letter,) = letters(rotating)
    assert "was retired after block 105 of eip155:31337" in letter.reason

    rotating.responder.process([signed(alert(7), STRANGER)])  # now block 107 is known
    before = rotating.states()
    rotating.responder.process([signed(alert(3))])
    assert "was retired" in letters(rotating)[-1].reason, "also a backdated one"
    assert rotating.states() == before


def test_a_forged_withdrawal_withdraws_nothing(responder: Bench) -> None:
    responder.responder.process([signed(alert()), signed(withdrawal(alert()), STRANGER)])
    assert responder.states()[-1] == "broadcast"


def test_an_alert_expires_by_the_newest_block_known_from_node_or_alert(responder: Bench) -> None:
    responder.responder.process([signed(alert(30), expires=200)])
    responder.responder.process([signed(alert(2), expires=EXPIRES)])
    (letter,) = letters(responder)
    assert letter.reason == "expired after block 126, the head is 130"


def test_an_alert_far_ahead_of_our_node_does_not_make_the_others_expire(responder: Bench) -> None:
    responder.responder.process([signed(alert(5000), expires=10**6)])
    responder.responder.process([signed(alert(2))])
    assert letters(responder) == []


def test_without_keys_a_dry_run_believes_what_it_can_read(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.jsonl") as journal:
        responder = Bench(journal, FakeChain(101), armed=False)
        responder.responder.process([WRONG["by a stranger"], WRONG["rubbish"]])
        assert responder.states() == ["proposed", "rehearsed"]
        assert len(letters(responder)) == 1
