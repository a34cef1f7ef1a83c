"""What a registry of signals must tell and refuse, on a real node."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

import contracts
from ingest.decode import Decoder
from neighbours.registry import publishing, signal_of
from runtime.statement import digest, signed_by
from sandbox.abi import Interface
from sandbox.evm import ETHER, Call
from sandbox.node import LocalNode
from schemas.chain import Event
from schemas.errors import PoisonRecordError
from schemas.ids import content_id
from schemas.signals import MAX_LIFETIME
from tests.integration.contracts.signalling import Signalling, fields
from tests.unit.neighbours.examples import TARGET, address, key

pytestmark = pytest.mark.node

ERC165, NOTHING = bytes.fromhex("01ffc9a7"), bytes.fromhex("ffffffff")
OTHER = "eip155:10:0x" + "cc" * 20
MOST_GAS = 150_000


@pytest.fixture
def village(node: LocalNode) -> Signalling:
    return Signalling(node)


def interface_id(village: Signalling) -> bytes:
    """The exclusive or of the functions of `ISecuritySignal` (ERC-165)."""
    names = ("publish", "hashOf", "seqOf", "warningOf")
    found = 0
    for name in names:
        found ^= int.from_bytes(village.registry.interface._functions[name][0])
    return found.to_bytes(4)


def test_whoever_brings_it_a_signal_is_told_to_everyone(village: Signalling) -> None:
    told = village.signal(seq=5)
    assert village.publishes(told, by=village.funded("a stranger"))
    assert village.seq() == 5
    assert village.warning(TARGET) == (5, told.expiry, 4, 9_000, bytes.fromhex(told.id))
    assert int(village.receipt["gasUsed"], 16) < MOST_GAS


def test_its_event_is_all_that_ingest_and_a_reader_need(village: Signalling) -> None:
    told = village.signal()
    assert village.publishes(told)
    (log,) = village.receipt["logs"]
    decoded = Decoder().decode_log(log["address"], log["topics"], log["data"])
    assert decoded is not None
    event = Event(
        id=content_id("event", 1),
        chain="eip155:31337",
        block=1,
        block_hash="0x" + "00" * 32,
        timestamp=1,
        tx="0x" + "00" * 32,
        index=0,
        log=0,
        contract=log["address"],
        protocol="meadow",
        name=decoded.name,
        arguments=decoded.arguments,
    )
    assert signal_of(event) == msgspec.structs.replace(told, tlp="clear")


def test_our_calldata_publishes_what_everyone_may_read(village: Signalling) -> None:
    told = village.signal(tlp="clear")
    data = bytes.fromhex(publishing(told)[2:])
    assert data == village.publishing(told).data
    assert village.does(village.owner, Call(to=village.registry.address, data=data))
    with pytest.raises(PoisonRecordError, match="TLP:GREEN"):
        publishing(village.signal(tlp="green"))


@pytest.mark.parametrize("severity", ["low", "medium", "high", "critical"])
def test_it_hashes_as_we_do(village: Signalling, severity: str) -> None:
    told = village.signal(severity=severity, technique="ADT3015")
    answer = village.chain.read(village.registry, "hashOf", tuple(fields(told).values()))
    assert answer[0] == digest(told)


def test_it_says_what_it_is(village: Signalling) -> None:
    for asked, answer in ((interface_id(village), True), (ERC165, True), (NOTHING, False)):
        assert village.chain.read(village.registry, "supportsInterface", asked)[0] is answer


def test_a_signal_is_taken_once_and_only_onwards(village: Signalling) -> None:
    told = village.signal(seq=7)
    assert village.publishes(told)
    assert village.refuses(told) == "OldSequence"
    assert village.refuses(village.signal(seq=6)) == "OldSequence"
    assert village.refuses(village.signal(seq=8)) == ""
    assert village.refuses(village.signal(2, seq=1)) == "", "every issuer counts for itself"


@pytest.mark.parametrize(
    "change",
    [
        {"id": bytes(32)},
        {"seq": 9},
        {"target": OTHER},
        {"technique": "ADT3012"},
        {"severity": 3},
        {"confidence": 10_000},
        {"evidence_root": bytes(32)},
        {"issuer": address(2)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_is_bent_is_not_the_issuers_word(
    village: Signalling, change: dict[str, Any]
) -> None:
    assert village.refuses(village.signal(), **change) == "NotTheIssuer"


def test_nobody_signs_for_another_nor_in_two_ways(village: Signalling) -> None:
    told = village.signal()
    raw = bytes.fromhex(told.signature[2:])
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high = order - int.from_bytes(raw[32:64], "big")
    twin = raw[:32] + high.to_bytes(32, "big") + bytes([55 - raw[64]])
    for signature in (
        signed_by(key(2), told),
        "0x" + twin.hex(),
        "0x" + "00" * 65,
        told.signature[:-2],
        told.signature + "00",
        "0x",
    ):
        assert village.refuses(told, signature=signature) == "NotTheIssuer"
    nobody = "0x" + "00" * 20
    assert village.refuses(told, issuer=nobody, signature="0x" + "00" * 65) == "NotTheIssuer"


@pytest.mark.parametrize("beyond", [0, -1, MAX_LIFETIME + 60])
def test_what_has_expired_or_asks_for_too_much_is_refused(village: Signalling, beyond: int) -> None:
    told = village.signal(expiry=village.chain.timestamp() + beyond)
    assert village.refuses(told) == "OutOfTime"


@pytest.mark.parametrize(
    "change",
    [
        {"severity": 0},
        {"severity": 5},
        {"confidence": 10_001},
        {"target": ""},
        {"target": "x" * 47},
        {"target": "x" * 85},
        {"technique": "ADT301"},
        {"technique": "ADT3012.0045"},
    ],
    ids=str,
)
def test_a_field_out_of_range_is_refused_before_its_signature(
    village: Signalling, change: dict[str, Any]
) -> None:
    assert village.refuses(village.signal(), **change, signature="0x") == "OutOfRange"


def test_a_large_text_costs_who_sends_it_and_is_not_kept(village: Signalling) -> None:
    call = village.publishing(village.signal(), target="x" * 30_000)
    assert not village.does(village.owner, replace(call, gas=3_000_000))
    assert village.seq() == 0


def test_of_one_target_the_newest_word_counts_and_it_ends(village: Signalling) -> None:
    assert village.publishes(village.signal(seq=1))
    assert village.publishes(village.signal(seq=2, severity="high"))
    assert village.warning(TARGET)[2] == 3
    assert village.warning(OTHER) == (0, 0, 0, 0, bytes(32))
    assert village.publishes(village.signal(seq=3, confidence=0))
    assert village.warning(TARGET) == (0, 0, 0, 0, bytes(32))
    assert village.publishes(village.signal(seq=4))
    village.chain.mine(3600)
    assert village.warning(TARGET) == (0, 0, 0, 0, bytes(32))


# ---------------------------------------------------------------------- a protocol that listens


def test_a_protocol_that_listens_tightens_and_never_stops(village: Signalling) -> None:
    issuers = [address(number) for number in (1, 2, 3)]
    vault = village.create("WarnedVault", village.registry.address, TARGET, issuers, 2)
    saver = village.funded("saver")
    assert village.does(saver, vault.call("deposit", value=100 * ETHER))

    def limit() -> int:
        found: int = village.chain.read(vault, "limit")[0]
        return found

    assert limit() == 10 * ETHER
    assert village.publishes(village.signal(1, severity="critical"))
    assert village.publishes(village.signal(4, severity="critical")), "nobody listens to it"
    assert village.publishes(village.signal(2, severity="medium"))
    assert limit() == 10 * ETHER, "one that it listens to is not enough, nor one that is not grave"
    assert village.publishes(village.signal(3, severity="high"))
    assert limit() == 1 * ETHER
    assert village.refused(vault, saver, vault.call("withdraw", 2 * ETHER)) == "OverLimit"
    assert village.does(saver, vault.call("withdraw", 1 * ETHER))
    village.chain.mine(3600)
    assert limit() == 10 * ETHER
    assert village.does(saver, vault.call("withdraw", 10 * ETHER))


def test_it_listens_to_no_contract_that_does_not_say_what_it_is(village: Signalling) -> None:
    artefact, issuers = contracts.load("WarnedVault"), list[str]()
    for place in (TARGET[-42:], village.owner.address):
        data = Interface(artefact.abi).creation(artefact.bytecode, place, TARGET, issuers, 0)
        assert not village.does(village.owner, Call(to=None, data=data, gas=3_000_000))
