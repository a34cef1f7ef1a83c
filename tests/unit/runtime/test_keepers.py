"""Whose cases are believed, by everybody who reads them."""

from collections.abc import Mapping

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from runtime.broker import Message, Partition
from runtime.intake import FUSE
from runtime.keepers import CaseIntake, Keepers, key_of
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.naming_cases import named_case
from runtime.signatures import Signer, Verifier, signed
from schemas.codec import encode
from schemas.errors import ConfigurationError, PoisonRecordError, UnsafeToContinueError
from schemas.incidents import Incident, Sighting
from schemas.topics import DEAD_LETTERS, INCIDENTS
from tests.unit.paging.stand import case

KEEPER, STRANGER = (
    Signer(Ed25519PrivateKey.from_private_bytes(bytes([place]) * 32)) for place in (1, 2)
)
KEYS = {KEEPER.key_id: KEEPER.public_key}
KEEPERS = Keepers(Verifier(KEYS))
TRUE = case()


def message(
    one: Incident = TRUE, signer: Signer | None = KEEPER, key: bytes | None = None
) -> Message:
    value = encode(one)
    proof = () if signer is None else signed(value, signer)
    return Message(INCIDENTS.name, 0, 0, key_of(one) if key is None else key, value, proof)


@pytest.mark.parametrize(
    "forged",
    [
        message(signer=None),
        message(signer=STRANGER),
        replace(message(), value=encode(case(phase="closed"))),
        message(key=key_of(case("0x2"))),
        replace(message(), value=None),
    ],
    ids=["unsigned", "by another key", "changed", "in another's place", "taken away"],
)
def test_what_its_keeper_did_not_sign_counts_nowhere(forged: Message) -> None:
    with pytest.raises(PoisonRecordError):
        KEEPERS.read(forged)
    broker = MemoryBroker()
    broker.create([DEAD_LETTERS])
    intake = CaseIntake(broker.producer(), Metrics(), "risk", KEEPERS)
    flood = [forged] * (FUSE + 5)
    believed = [record for _, record in intake.read_all([*flood, message()])]
    assert believed == [TRUE], "and no number of them stops whoever reads"
    assert len(broker.log(Partition(DEAD_LETTERS.name, 0))) == len(flood)


def test_what_its_keeper_signed_does_and_never_expires() -> None:
    assert KEEPERS.read(message()) == TRUE


def test_whatever_numbers_it_is_made_of_it_can_be_read() -> None:
    """A forged action or recovery may name any block: that must not make a true case unreadable."""
    absurd = seen(block=2**53 - 1)
    assert KEEPERS.read(message(absurd)) == absurd


def test_without_keys_whatever_can_be_read_does() -> None:
    assert Keepers().read(message(signer=None)) == TRUE


def test_beyond_its_term_a_key_keeps_no_case() -> None:
    def retired(last: int) -> Keepers:
        terms: Mapping[str, Mapping[str, int]] = {KEEPER.key_id: {TRUE.chain: last}}
        return Keepers(Verifier(KEYS, terms))

    assert retired(0).read(message()) == TRUE
    late = seen(block=9)
    assert retired(9).read(message(late)) == late
    with pytest.raises(PoisonRecordError, match="retired"):
        retired(8).read(message(late))


def seen(block: int) -> Incident:
    sighting = Sighting(
        alert="a" * 64, set="core", tx="0x1", block=block, score=1.0, severity="high", summary="x"
    )
    return replace(TRUE, sightings=(sighting,))


def test_a_streak_that_its_keeper_signed_stops_whoever_stops_at_streaks() -> None:
    broker = MemoryBroker()
    broker.create([DEAD_LETTERS])
    rubbish = replace(message(), value=b"{", headers=KEEPER.sign(b"{", sequence=0, expires=0))
    with pytest.raises(UnsafeToContinueError):
        list(CaseIntake(broker.producer(), Metrics(), "risk", KEEPERS).read_all([rubbish] * FUSE))


def test_people_name_a_case_as_its_keeper_last_told_it() -> None:
    broker = MemoryBroker()
    broker.create([INCIDENTS])
    for one in (message(), message(case(phase="closed"), signer=None)):
        broker.producer().send(
            INCIDENTS.name,
            one.value,
            key=one.key,
            headers=one.headers,  # type: ignore[arg-type]
        )
    assert named_case(broker, TRUE.id, KEEPERS)[1] == TRUE
    with pytest.raises(ConfigurationError, match="none"):
        named_case(broker, TRUE.id, Keepers(Verifier({})))
