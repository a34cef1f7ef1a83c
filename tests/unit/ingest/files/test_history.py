from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from ingest.files import Item, Unreadable, contracts
from ingest.raw import RawBlock, RawTransfer, RawWrite

Put = Callable[..., Path]
Blocks = Callable[..., list[RawBlock]]
Broken = Callable[..., list[Unreadable]]

ZERO = "0x" + "0" * 40


def address(number: int) -> str:
    return f"0x{number:040x}"


def digest(number: int) -> str:
    return f"0x{number:064x}"


def call(contract: int, start: int, end: int, kind: str = "call", storage: Any = None) -> list[Any]:
    held = {} if storage is None else storage
    return [address(contract), "0x11223344", "complete", start, end, kind, held]


def stores(contract: int, *accesses: list[Any]) -> dict[str, Any]:
    return {address(contract): list(accesses)}


def writes(blocks: list[RawBlock]) -> list[tuple[int, int, int]]:
    (block,) = blocks
    (transaction,) = block.transactions
    return [
        (int(write.contract, 16), write.slot, write.value) for write in transaction.writes or ()
    ]


def test_a_folder_is_a_case_in_the_order_of_its_blocks(
    put: Put, items: Callable[..., list[Item]]
) -> None:
    for number in (100, 9, 20):
        put(f"Alpha/{number}.json", {digest(number): [[], []]})
    found = items()
    assert {item.case for item in found} == {"Alpha"}
    bodies = [item.body for item in found if isinstance(item.body, RawBlock)]
    assert [body.number for body in bodies] == [9, 20, 100]


def test_a_zip_is_the_folder_it_holds(folder: Path, items: Callable[..., list[Item]]) -> None:
    with ZipFile(folder / "Alpha.zip", "w") as archive:
        archive.writestr("Alpha/", "")
        archive.writestr("Alpha/12.json", f'{{"{digest(1)}": [[], []]}}')
    inside, alone = items(), items(folder / "Alpha.zip")
    assert inside == alone
    assert inside[0].case == "Alpha"
    assert inside[0].file == "Alpha.zip/Alpha/12.json"


@pytest.mark.parametrize("told", [[], [[], []]])
def test_a_transaction_of_which_nothing_was_recorded_is_one(
    put: Put, blocks: Blocks, told: list[Any]
) -> None:
    put("12.json", {digest(1): told, digest(2): told})
    (found,) = blocks()
    assert [(tx.hash, tx.index) for tx in found.transactions] == [(digest(1), 0), (digest(2), 1)]
    first = found.transactions[0]
    assert (first.frames, first.writes, first.transfers) == ([], [], [])
    assert (first.sender, first.logs) == (None, None)


def test_calls_nest_by_their_intervals(put: Put, blocks: Blocks) -> None:
    calls = [
        call(3, 40, 50, "staticcall"),
        call(1, -1, 100, "firstcall"),
        call(2, 10, 30, "delegatecall"),
        call(4, 15, 20, "create2"),
        call(5, 60, 90),
    ]
    put("12.json", {digest(1): [calls, []]})
    (found,) = blocks()
    (told,) = found.transactions
    frames = told.frames or []
    assert [(frame.depth, frame.kind, int(frame.to, 16)) for frame in frames] == [
        (0, "call", 1),
        (1, "delegatecall", 2),
        (2, "create", 4),
        (1, "staticcall", 3),
        (1, "call", 5),
    ]
    assert [int(frame.sender, 16) for frame in frames] == [0, 1, 1, 1, 1]
    assert (told.to, told.input, told.ok) == (address(1), "0x11223344", True)


def test_calls_whose_callers_were_not_recorded_stand_side_by_side(put: Put, blocks: Blocks) -> None:
    put("12.json", {digest(1): [[call(1, 0, 5), call(2, 7, 9, "delegatecall")], []]})
    (found,) = blocks()
    (told,) = found.transactions
    assert [(frame.depth, frame.sender) for frame in told.frames or ()] == [(0, ZERO), (0, ZERO)]
    assert told.to is None


def test_names_instead_of_selectors_have_no_input(put: Put, blocks: Blocks) -> None:
    named = call(1, 0, 5)
    named[1] = "fallback"
    put("12.json", {digest(1): [[named], []]})
    (found,) = blocks()
    assert (found.transactions[0].frames or [])[0].input == "0x"


def test_transfers_are_told_and_ether_is_the_chains_own_coin(put: Put, blocks: Blocks) -> None:
    transfers = [["ether", address(1), address(2), 5], [address(3), address(1), address(2), 2**255]]
    put("12.json", {digest(1): [[], transfers]})
    (found,) = blocks()
    assert found.transactions[0].transfers == [
        RawTransfer("native", address(1), address(2), 5),
        RawTransfer(address(3), address(1), address(2), 2**255),
    ]


def test_a_write_that_the_calls_around_it_repeat_counts_once(put: Put, blocks: Blocks) -> None:
    inner = ["sstore", "0x1", "0x5", 77, 20]
    outer = ["sstore", "0x2", "0x6", 78, 5]
    read = ["sload", "0x9", "0x9", 1, 6]
    calls = [
        call(1, 0, 50, "firstcall", stores(1, outer, read) | stores(2, inner, inner)),
        call(2, 10, 30, "call", stores(2, inner)),
        call(2, 40, 45, "call", stores(2, inner)),
    ]
    put("12.json", {digest(1): [calls, []]})
    assert writes(blocks()) == [(1, 2, 6), (2, 1, 5)]


def test_without_steps_a_write_counts_as_often_as_a_call_and_those_in_it_have_it(
    put: Put, blocks: Blocks
) -> None:
    loop = ["sstore", "0x1", "0x5", 77]
    calls = [
        call(1, 0, 50, "call", stores(2, loop, loop, loop)),
        call(2, 10, 20, "call", stores(2, loop)),
        call(2, 30, 40, "call", stores(2, loop, loop)),
        call(3, 60, 70, "call", stores(3, loop)),
    ]
    put("12.json", {digest(1): [calls, []]})
    assert writes(blocks()) == [(2, 1, 5)] * 3 + [(3, 1, 5)]


def test_writes_of_a_failed_call_did_not_last(put: Put, blocks: Blocks) -> None:
    kept, lost = ["sstore", "0x1", "0x5", 7, 3], ["sstore", "0x2", "0x6", 8, 15]
    failed = call(2, 10, 20, "call", stores(2, lost))
    failed[2] = "reverted"
    put(
        "12.json",
        {digest(1): [[call(1, 0, 50, "call", stores(1, kept) | stores(2, lost)), failed], []]},
    )
    assert writes(blocks()) == [(1, 1, 5)]


def test_a_flat_list_belongs_to_the_contract_whose_storage_it_is(put: Put, blocks: Blocks) -> None:
    flat = [["sstore", "0x1", "0x5", 7, 12]]
    calls = [call(1, 0, 50), call(2, 10, 20, "delegatecall", flat)]
    put("12.json", {digest(1): [calls, []]})
    (found,) = blocks()
    assert found.transactions[0].writes == [RawWrite(address(1), 1, 5)]


WRONG_CALLS = [
    ("list of seven", call(1, 0, 5)[:6]),
    ("list of seven", "call"),
    ("contract", ["0x1", "0x", "complete", 0, 5, "call", {}]),
    ("interval", call(1, 9, 5)),
    ("interval", call(1, -2, 5)),
    ("interval", [address(1), "0x", "complete", "0", 5, "call", {}]),
    ("type", call(1, 0, 5, "jump")),
    ("type", [address(1), "0x", "complete", 0, 5, [], {}]),
    ("storage", call(1, 0, 5, storage={"0x1": []})),
    ("storage", call(1, 0, 5, storage=stores(1) | {address(2): 5})),
    ("four or five", call(1, 0, 5, storage=stores(1, ["sstore", "0x1", "0x2"]))),
    ("sload or sstore", call(1, 0, 5, storage=stores(1, ["selfdestruct", "0x1", "0x2", 3]))),
    ("slot", call(1, 0, 5, storage=stores(1, ["sstore", "0x" + "f" * 65, "0x2", 3]))),
    ("value", call(1, 0, 5, storage=stores(1, ["sstore", "0x1", -2, 3]))),
]


@pytest.mark.parametrize(("reason", "wrong"), WRONG_CALLS)
def test_a_bad_call_condemns_its_transaction_alone(
    put: Put, items: Callable[..., list[Item]], reason: str, wrong: Any
) -> None:
    put("12.json", {digest(1): [[wrong], []], digest(2): [[call(1, 0, 5)], []]})
    bad, good = items()
    assert isinstance(bad.body, Unreadable)
    assert bad.body.where == "transaction 0"
    assert reason in bad.body.reason
    assert digest(1).encode() in bad.body.raw
    assert isinstance(good.body, RawBlock)
    assert [tx.hash for tx in good.body.transactions] == [digest(2)]


@pytest.mark.parametrize(
    "transfer",
    [
        ["ether", address(1), address(2)],
        ["wei", address(1), address(2), 5],
        ["ether", address(1), address(2), -5],
        ["ether", address(1), address(2), 2**256],
        ["ether", None, address(2), 5],
    ],
)
def test_a_bad_transfer_condemns_its_transaction(
    put: Put, broken: Broken, transfer: list[Any]
) -> None:
    put("12.json", {digest(1): [[], [transfer]]})
    assert len(broken()) == 1


def test_intervals_that_cross_are_refused(put: Put, broken: Broken) -> None:
    put("12.json", {digest(1): [[call(1, 0, 20), call(2, 10, 30)], []]})
    (bad,) = broken()
    assert "leaves the one around it" in bad.reason


def test_a_file_not_named_after_a_block_is_unreadable(put: Put, broken: Broken) -> None:
    put("latest.json", {digest(1): [[], []]})
    (bad,) = broken()
    assert "the file's name" in bad.reason


def test_protected_contracts_are_read_and_nothing_beside_them(put: Put, folder: Path) -> None:
    put("Alpha/12.json", {digest(1): [[], []]})
    listed = {"interface": address(1), "implementation": address(2), "exploitTx": digest(9)}
    other = {"interface": address(3), "implementation": address(3), "testingSet": [digest(8)]}
    put("benchmarks.json", {"Alpha": {"Alpha1": listed, "Alpha2": other}, "Beta": {}})
    assert contracts(folder) == {"Alpha": frozenset(map(address, (1, 2, 3)))}


@pytest.mark.parametrize(
    "listed",
    [
        {"Alpha": {"Alpha1": {"interface": "0x1", "implementation": address(2)}}},
        {"Alpha": {"Alpha1": {"interface": 5, "implementation": address(2)}}},
        {"Alpha": [{"interface": address(1), "implementation": address(2)}]},
        '{"Alpha": {"Alpha1": {"interface": "implementation": "',
    ],
)
def test_a_list_of_contracts_that_is_wrong_names_none(put: Put, folder: Path, listed: Any) -> None:
    put("benchmarks.json", listed)
    assert contracts(folder) == {}


def test_a_broken_entry_costs_no_other_its_contracts(put: Put, folder: Path) -> None:
    alone = {"interface": address(1), "implementation": None}
    listed = {"Alpha": {"A": alone}, "Beta": {"B": {"interface": 5}}, "Gamma": None}
    put("benchmarks.json", listed)
    assert contracts(folder) == {"Alpha": frozenset((address(1),))}
