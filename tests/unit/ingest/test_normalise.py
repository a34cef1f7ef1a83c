"""Records made of what a source read."""

from dataclasses import replace
from typing import Any

import pytest
from eth_hash.auto import keccak

from ingest import normalise
from ingest.decode import Decoder
from ingest.raw import RawBlock, RawFrame, RawLog, RawTransaction, RawTransfer, RawWrite
from ingest.watch import Watch
from schemas.chain import MAX_CALLS, MAX_EVENTS, MAX_FLOWS, MAX_WRITES, Transaction
from schemas.codec import decode, encode
from schemas.manifest import Contract, Manifest
from schemas.units import NATIVE

ALICE, POOL, TOKEN, CHILD, PROXY = (f"0x{digit * 40}" for digit in "abcde")
TX = "0x" + "77" * 32
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
EVERYTHING = Watch.everything("case")


def word(value: int | str) -> str:
    return value[2:].rjust(64, "0") if isinstance(value, str) else f"{value:064x}"


def block(*txs: RawTransaction, **fields: Any) -> RawBlock:
    given: dict[str, Any] = {"hash": "0x" + "b1" * 32, "parent": "0x" + "b0" * 32, "timestamp": 17}
    return RawBlock(chain="eip155:1", number=9, transactions=list(txs), **(given | fields))


def transfer(contract: str, amount: int, index: int = 0) -> RawLog:
    topics = (TRANSFER, "0x" + word(ALICE), "0x" + word(POOL))
    return RawLog(contract, topics, "0x" + word(amount), index)


def frame(to: str, depth: int = 0, **fields: Any) -> RawFrame:
    given: dict[str, Any] = {
        "kind": "call", "sender": ALICE, "value": 0, "input": "0x", "output": "", "ok": True,
    }  # fmt: skip
    return RawFrame(depth=depth, to=to, **(given | fields))


def manifest(protocol: str, *contracts: str) -> Manifest:
    found = tuple(Contract(address=address, role="pool") for address in contracts)
    return Manifest(protocol=protocol, chain="eip155:1", contracts=found)


def only(tx: RawTransaction, watch: Watch = EVERYTHING, **fields: Any) -> Transaction:
    (found,) = normalise.transactions(block(tx, **fields), tx, watch, Decoder())
    assert decode(encode(found), Transaction) == found
    return found


WHOLE = RawTransaction(
    hash=TX,
    index=3,
    sender=ALICE,
    to=PROXY,
    value=5,
    input="0x12345678" + word(1),
    ok=True,
    gas_used=21_000,
    logs=[transfer(TOKEN, 7, 11), RawLog(TOKEN, ("0x" + "12" * 32,), "0x01", 12)],
    frames=[
        frame(PROXY, value=5, input="0x12345678" + word(1)),
        frame(POOL, 1, kind="delegatecall", sender=PROXY, input="0x12345678" + word(1)),
        frame(CHILD, 2, kind="create", sender=PROXY, input="0x6000", output="0xc0de"),
    ],
    writes=[RawWrite(POOL, 2**256 - 1, 8)],
)


def test_a_transaction_becomes_one_record_with_all_that_the_source_saw() -> None:
    found = only(WHOLE)
    assert found.protocol == "case"
    assert found.seen == ("calls", "logs", "flows", "writes")
    assert (found.sender, found.to, found.value, found.selector) == (
        ALICE, PROXY, "5", "0x12345678",
    )  # fmt: skip
    assert (found.index, found.tx, found.ok, found.gas_used) == (3, TX, True, "21000")
    assert [(call.to, call.kind, call.code) for call in found.calls] == [
        (PROXY, "call", POOL),
        (CHILD, "create", None),
    ]
    assert [(log.log, log.name, log.topic) for log in found.logs] == [
        (11, "Transfer", TRANSFER),
        (12, "", "0x" + "12" * 32),
    ]
    assert found.logs[0].arguments == {"from": ALICE, "to": POOL, "value": "7"}
    assert [(flow.token, flow.amount) for flow in found.flows] == [(NATIVE, "5"), (TOKEN, "7")]
    assert (found.writes[0].slot, found.writes[0].value) == (str(2**256 - 1), "8")
    assert found.created == (CHILD,)
    assert found.cut == 0


def test_equal_input_gives_equal_records() -> None:
    assert only(WHOLE) == only(replace(WHOLE))
    first, second = (normalise.events(block(WHOLE), WHOLE, Decoder(), EVERYTHING) for _ in range(2))
    assert first == second


def test_ids_differ_by_block_protocol_and_transaction() -> None:
    watch = Watch([manifest("meadow", POOL), manifest("brook", TOKEN)])
    records = [
        *normalise.transactions(block(WHOLE), WHOLE, watch, Decoder()),
        only(WHOLE),
        only(WHOLE, hash="0x" + "b2" * 32),
        only(replace(WHOLE, hash="0x" + "78" * 32)),
    ]
    assert [record.protocol for record in records[:2]] == ["brook", "meadow"]
    assert len({record.id for record in records}) == len(records)


def test_a_block_without_a_hash_is_named_by_its_recording_and_number() -> None:
    bare = only(WHOLE, hash="")
    assert bare.block_hash == ""
    assert bare.id != only(WHOLE, Watch.everything("other"), hash="").id
    assert bare.id == only(WHOLE, hash="").id


@pytest.mark.parametrize(
    "tx",
    [
        RawTransaction(TX, 0, to=POOL),
        RawTransaction(TX, 0, created=POOL),
        RawTransaction(TX, 0, frames=[frame(ALICE), frame(POOL, 1, ok=False)]),
        RawTransaction(TX, 0, frames=[frame(ALICE), frame(TOKEN, 1, sender=POOL)]),
        RawTransaction(TX, 0, frames=[frame(PROXY), frame(POOL, 1, kind="delegatecall")]),
        RawTransaction(TX, 0, logs=[RawLog(POOL, (), "0x", 0)]),
        RawTransaction(TX, 0, logs=[transfer(TOKEN, 1)]),
        RawTransaction(TX, 0, transfers=[RawTransfer(TOKEN, POOL, ALICE, 1)]),
        RawTransaction(TX, 0, writes=[RawWrite(POOL, 1, 1)]),
    ],
)
def test_a_transaction_touches_a_protocol_wherever_its_contract_shows(tx: RawTransaction) -> None:
    assert only(tx, Watch([manifest("meadow", POOL)])).protocol == "meadow"


def test_a_transaction_that_touches_nothing_watched_gives_no_record() -> None:
    watch = Watch([manifest("meadow", "0x" + "f" * 40)])
    assert normalise.transactions(block(WHOLE), WHOLE, watch, Decoder()) == []
    assert normalise.events(block(WHOLE), WHOLE, Decoder(), watch) == []


@pytest.mark.parametrize(
    ("fields", "seen"),
    [
        ({}, ()),
        ({"value": 5, "to": POOL}, ()),
        ({"logs": []}, ("logs", "flows")),
        ({"frames": []}, ("calls", "flows")),
        ({"transfers": []}, ("flows",)),
        ({"writes": []}, ("writes",)),
    ],
)
def test_a_record_says_which_lists_the_source_could_see(
    fields: dict[str, Any], seen: tuple[str, ...]
) -> None:
    assert only(RawTransaction(TX, 0, **fields)).seen == seen


def test_what_is_not_known_stays_absent() -> None:
    found = only(RawTransaction(TX, 0))
    unknown = (found.sender, found.to, found.value, found.selector, found.ok, found.gas_used)
    assert unknown == (None,) * 6


def test_a_creation_has_no_selector() -> None:
    assert only(RawTransaction(TX, 0, created=CHILD, input="0x6080604052")).selector == ""


def test_an_anonymous_log_has_no_topic() -> None:
    topics = ("0x8201aa3f" + "00" * 28, "0x" + word(ALICE))
    log = RawLog(POOL, topics, "0x" + word(32) + word(0), 0)
    (found,) = only(RawTransaction(TX, 0, logs=[log])).logs
    assert (found.name, found.topic) == ("LOG_CALL", "")


def test_lists_are_cut_at_their_bounds_and_the_rest_is_counted() -> None:
    tx = RawTransaction(
        TX,
        0,
        frames=[frame(POOL)] * (MAX_CALLS + 1),
        logs=[transfer(TOKEN, 1)] * (MAX_FLOWS + 2),
        writes=[RawWrite(POOL, 1, 1)] * (MAX_WRITES + 3),
    )
    found = only(tx)
    assert len(found.calls) == MAX_CALLS
    assert len(found.writes) == MAX_WRITES
    assert len(found.flows) == MAX_FLOWS
    assert len(found.logs) <= MAX_EVENTS
    assert found.cut == 1 + 3 + 2 + len(tx.logs or ()) - len(found.logs)


def test_a_transaction_with_more_in_its_logs_than_a_record_holds_can_still_be_encoded() -> None:
    topics = ("0x6bb7ff708619ba0610cba295a58592e0451dee2622938c8755667688daf3529b", "0x" + word(1))
    text = "\x01" * 32_000
    data = "0x" + word(32) + word(32_000) + text.encode().hex()
    found = only(RawTransaction(TX, 0, logs=[RawLog(TOKEN, topics, data, 0)] * 100))
    assert 0 < len(found.logs) < 100
    assert found.logs[0].arguments == {"value": text, "id": "1"}
    assert found.cut == 100 - len(found.logs)


def test_the_fullest_lists_fit_into_a_record() -> None:
    most = 2**256 - 1
    tx = RawTransaction(
        TX,
        0,
        frames=[
            frame(POOL, kind="create", value=most, sender=f"0x{number:040x}", output="0x")
            for number in range(MAX_CALLS)
        ],
        writes=[RawWrite(POOL, most, most)] * MAX_WRITES,
        logs=[transfer(TOKEN, most)] * MAX_EVENTS,
    )
    found = only(tx)
    assert len(found.calls) == MAX_CALLS


def test_each_log_becomes_an_event_of_the_protocol_that_owns_its_contract() -> None:
    watch = Watch([manifest("meadow", TOKEN), manifest("brook", TOKEN)])
    found = normalise.events(block(WHOLE), WHOLE, Decoder(), watch)
    assert [(event.log, event.protocol, event.name) for event in found] == [
        (11, "brook", "Transfer"),
        (11, "meadow", "Transfer"),
        (12, "brook", ""),
        (12, "meadow", ""),
    ]
    assert len({event.id for event in found}) == 4
    assert found[0].topics == (WHOLE.logs or [])[0].topics
    assert found[2].data == "0x01"
    for event in found:
        encode(event)


def test_an_event_with_more_data_than_fits_carries_its_beginning() -> None:
    log = RawLog(TOKEN, (TRANSFER,), "0x" + "ab" * normalise.MAX_DATA, 0)
    tx = RawTransaction(TX, 0, logs=[log])
    (event,) = normalise.events(block(tx), tx, Decoder(), EVERYTHING)
    encode(event)
    assert log.data.startswith(event.data)


def test_a_block_and_its_retraction_are_told_by_its_hash() -> None:
    joined = normalise.block_record(block(WHOLE))
    left = normalise.retraction(block(WHOLE))
    assert joined is not None
    assert joined.transactions == 1
    assert (joined.hash, joined.parent) == (left.hash, left.parent)
    assert joined.id != left.id
    encode(joined)
    encode(left)


def test_a_recorded_block_without_hashes_has_no_record() -> None:
    assert normalise.block_record(block(hash="")) is None
    assert normalise.block_record(block(parent="")) is None


def test_each_contract_created_is_a_deployment_with_its_code() -> None:
    (found,) = normalise.deployments(block(WHOLE), WHOLE)
    assert (found.address, found.creator, found.factory) == (CHILD, ALICE, PROXY)
    assert found.code == "0xc0de"
    assert found.code_hash == "0x" + keccak(bytes.fromhex("c0de")).hex()
    encode(found)


def test_what_was_reverted_was_not_created() -> None:
    frames = [
        frame(PROXY, ok=False),
        frame(CHILD, 1, kind="create", output="0xc0de"),
        frame("", 1, kind="create", ok=False),
    ]
    tx = RawTransaction(TX, 0, sender=ALICE, frames=frames)
    assert normalise.deployments(block(tx), tx) == []
    assert only(tx).created == ()


def test_a_creation_that_only_the_receipt_shows_has_a_code_that_is_not_known() -> None:
    tx = RawTransaction(TX, 0, sender=ALICE, created=CHILD)
    (found,) = normalise.deployments(block(tx), tx)
    assert (found.address, found.factory, found.code) == (CHILD, ALICE, "0x")
    assert found.code_hash == "0x" + "0" * 64
    assert only(tx).created == (CHILD,)


def test_code_beyond_all_bounds_is_told_by_its_hash_alone() -> None:
    code = "0x" + "00" * 600_000
    tx = RawTransaction(TX, 0, frames=[frame(CHILD, kind="create", output=code)])
    (found,) = normalise.deployments(block(tx), tx)
    assert found.code == "0x"
    assert found.code_hash == "0x" + keccak(bytes(600_000)).hex()


def test_a_creation_that_receipt_and_frames_show_counts_once() -> None:
    frames = [frame(CHILD, kind="create", output="0x")]
    tx = RawTransaction(TX, 0, sender=ALICE, created=CHILD, frames=frames)
    (found,) = normalise.deployments(block(tx), tx)
    assert found.code_hash == "0x" + keccak(b"").hex()
    assert only(tx).created == (CHILD,)


def test_a_contract_created_twice_in_one_transaction_is_two_deployments() -> None:
    frames = [
        frame(PROXY),
        frame(CHILD, 1, kind="create", output="0x01"),
        frame(ALICE, 1, kind="destroy", sender=CHILD),
        frame(CHILD, 1, kind="create", output="0x02"),
    ]
    tx = RawTransaction(TX, 0, frames=frames)
    found = normalise.deployments(block(tx), tx)
    assert [one.code for one in found] == ["0x01", "0x02"]
    assert found[0].id != found[1].id
    assert found[0].creator == ALICE
    assert only(tx).created == (CHILD,)
