from collections.abc import Callable
from pathlib import Path
from typing import Any

from ingest.files import Item, Unreadable
from ingest.raw import RawBlock

Put = Callable[..., Path]
Blocks = Callable[..., list[RawBlock]]
Broken = Callable[..., list[Unreadable]]

TX = "0x" + "AB" * 32


def address(number: int) -> str:
    return f"0x{number:040x}"


def call(*calls: Any, **more: Any) -> dict[str, Any]:
    return {
        "type": "CALL",
        "from": address(1),
        "to": address(2),
        "value": "0x7",
        "input": "0x11223344",
        "output": None,
        "calls": list(calls),
        **more,
    }


def test_a_file_is_the_transaction_it_is_named_after(
    put: Put, items: Callable[..., list[Item]]
) -> None:
    put(f"{TX}.json.gz", call(call(type="STATICCALL", output="None", value=None)))
    (found,) = items()
    assert found.case == TX
    assert isinstance(found.body, RawBlock)
    assert (found.body.number, found.body.hash, found.body.timestamp) == (0, "", 0)
    (told,) = found.body.transactions
    assert told.hash == TX.lower()
    assert (told.sender, told.to, told.value, told.input) == (
        address(1),
        address(2),
        7,
        "0x11223344",
    )
    assert told.ok is True
    assert told.logs is None
    assert [(frame.depth, frame.kind, frame.output) for frame in told.frames or ()] == [
        (0, "call", ""),
        (1, "staticcall", ""),
    ]


def test_an_envelope_makes_no_difference(put: Put, blocks: Blocks) -> None:
    put("bare/a.json", call(call()))
    put("wrapped/a.json", {"id": 1, "jsonrpc": "2.0", "result": call(call())})
    bare, wrapped = blocks()
    assert bare == wrapped


def test_a_delegatecall_field_adds_no_frame(put: Put, blocks: Blocks) -> None:
    inner = call(type="DELEGATECALL", to=address(9))
    put("a.json", call(inner))
    put("b.json", call(inner, delegatecall=address(9)))
    plain, marked = blocks()
    assert plain.transactions[0].frames == marked.transactions[0].frames


def test_errors_and_creations_are_told(put: Put, blocks: Blocks) -> None:
    failed = call(type="CREATE2", error="execution reverted", to=None, output=None)
    put("a.json", call(failed, type="CREATE", to=address(5), output="0x60"))
    (found,) = blocks()
    (told,) = found.transactions
    made, unmade = told.frames or []
    assert told.created == address(5)
    assert told.to is None
    assert (made.ok, made.to, made.output) == (True, address(5), "0x60")
    assert (unmade.ok, unmade.to) == (False, "")


def test_a_destruction_may_not_say_whose(put: Put, blocks: Blocks) -> None:
    put("a.json", call({"type": "SELFDESTRUCT"}))
    (found,) = blocks()
    destroyed = (found.transactions[0].frames or [])[1]
    assert (destroyed.kind, destroyed.sender, destroyed.to) == ("destroy", address(2), address(0))


def test_trees_of_a_block_are_its_transactions_in_order(put: Put, blocks: Blocks) -> None:
    trees = [{"result": call(input="0x")}, {"txHash": TX, "result": call()}]
    put("debug_traceBlockByNumber_0x1f_tracer.json", {"jsonrpc": "2.0", "result": trees})
    (found,) = blocks()
    assert found.number == 31
    assert [(tx.hash, tx.index) for tx in found.transactions] == [("31-0", 0), (TX.lower(), 1)]


def test_trees_of_a_block_join_what_knows_their_hashes(put: Put, blocks: Blocks) -> None:
    put("a_geth_traces.json", {"block_number": 31, "transaction_traces": [call(), call()]})
    put(
        "transactions.json",
        {
            "hash": TX,
            "block_number": 31,
            "transaction_index": 1,
            "from_address": address(3),
            "to_address": address(4),
            "value": 0,
            "input": "0x",
        },
    )
    (found,) = blocks()
    assert [tx.hash for tx in found.transactions] == ["31-0", TX.lower()]
    assert found.transactions[1].frames


def test_a_bad_tree_among_others_is_unreadable_alone(
    put: Put, items: Callable[..., list[Item]]
) -> None:
    put("a.json", {"block_number": 31, "transaction_traces": [call(), call(to="0x"), call()]})
    bad, good = items()
    assert isinstance(bad.body, Unreadable)
    assert bad.body.where == "transaction 1"
    assert "to" in bad.body.reason
    assert isinstance(good.body, RawBlock)
    assert [tx.index for tx in good.body.transactions] == [0, 2]


def test_bad_frames_name_their_field(put: Put, broken: Broken) -> None:
    put("a.json", call(call(value="0xg")))
    put("b.json", call(call(type="JUMP")))
    put("c.json", call(calls={}))
    put("d.json", call(calls=[1]))
    put("e.json", call(input=["0x"]))
    reasons = [bad.reason for bad in broken()]
    assert len(reasons) == 4
    assert "value" in reasons[0]
    assert "type of call" in reasons[1]
    assert "frame is not an object" in reasons[2]
    assert "input" in reasons[3]


def test_a_tree_deeper_than_python_is_unreadable(put: Put, broken: Broken) -> None:
    deep = '{"type":"CALL","from":"' + address(1) + '","to":"' + address(2) + '","calls":['
    put("a.json", deep * 6000 + "]}" * 6000)
    (bad,) = broken()
    assert "nested too deeply" in bad.reason


def test_a_tree_told_twice_differently_is_refused(put: Put, broken: Broken) -> None:
    put("traces/one.json", [call(call())])
    put("traces/other.json", [call()])
    (bad,) = broken()
    assert bad.reason == "the call tree of transaction 0 is told twice, differently"
