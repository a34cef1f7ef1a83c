"""Real logs, decoded by us and by web3.py."""

import ast
import csv
import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from eth_abi.exceptions import DecodingError
from eth_typing import ABIEvent, BlockNumber
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import Web3Exception
from web3.types import LogReceipt

from ingest.decode import Decoder
from ingest.decode.builtin import interface
from ingest.decode.signatures import Signature
from ingest.decode.types import Array, Parameter, Tuple, Type
from ingest.raw import RawLog

ZERO = "0x" + "0" * 40


def lines(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        yield from file


def balancer_logs(data: Path) -> list[RawLog]:
    path = data / "balancer_sta_block" / "block_10355807_with_receipts.json.gz"
    block = json.loads("".join(lines(path)))
    return [
        RawLog(log["address"], tuple(log["topics"]), log["data"], int(log["logIndex"], 16))
        for transaction in block["transactions"]
        for log in transaction["receipt"]["logs"]
    ]


def csv_logs(path: Path) -> list[RawLog]:
    return [
        RawLog(ZERO, tuple(ast.literal_eval(row["topics"])), row["data"], int(row["log_index"]))
        for row in csv.DictReader(lines(path))
        if "topics" in row
    ]


def etl_logs(path: Path) -> list[RawLog]:
    rows = [json.loads(line) for line in lines(path) if line.strip()]
    return [
        RawLog(row["address"], tuple(row["topics"]), row["data"], row["log_index"]) for row in rows
    ]


class Oracle:
    """web3.py, given the same signatures as ABI entries."""

    def __init__(self) -> None:
        web3 = Web3()
        self._events: dict[str, list[Any]] = {}
        for signature in interface().events:
            entry = json_abi(signature)
            key = "" if signature.anonymous else signature.hash
            event = web3.eth.contract(abi=[entry]).events[signature.name]()
            self._events.setdefault(key, []).append(event)

    def decode(self, log: RawLog) -> tuple[str, Any] | None:
        first = log.topics[0] if log.topics else ""
        for event in self._events.get(first, []) + self._events[""]:
            try:
                found = event.process_log(receipt(log))
            except (DecodingError, Web3Exception):
                continue
            return found["event"], plain(found["args"])
        return None


def receipt(log: RawLog) -> LogReceipt:
    return LogReceipt(
        address=Web3.to_checksum_address(log.contract),
        topics=[HexBytes(topic) for topic in log.topics],
        data=HexBytes(log.data),
        logIndex=log.log,
        transactionIndex=0,
        transactionHash=HexBytes(bytes(32)),
        blockHash=HexBytes(bytes(32)),
        blockNumber=BlockNumber(0),
        removed=False,
    )


def json_abi(signature: Signature) -> ABIEvent:
    return {
        "type": "event",
        "name": signature.name,
        "anonymous": signature.anonymous,
        "inputs": [entry(parameter) for parameter in signature.parameters],
    }


def entry(parameter: Parameter) -> Any:
    inner, suffix = unwrapped(parameter.type)
    found: dict[str, Any] = {"name": parameter.name, "indexed": parameter.indexed}
    if isinstance(inner, Tuple):
        components = [entry(component) for component in inner.components]
        return found | {"type": f"tuple{suffix}", "components": components}
    return found | {"type": inner.name + suffix}


def unwrapped(kind: Type) -> tuple[Type, str]:
    if not isinstance(kind, Array):
        return kind, ""
    inner, suffix = unwrapped(kind.item)
    return inner, f"{suffix}[{'' if kind.length is None else kind.length}]"


def plain(value: Any) -> Any:
    """Bring what web3.py returns into the form of our records."""
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, str):
        return value.lower() if value[:2] == "0x" and len(value) == 42 else value
    return value if isinstance(value, bool) else str(value)


def decoded_alike(logs: list[RawLog]) -> int:
    """Assert that both decode every log alike; return how many of them both know."""
    decoder, oracle, known = Decoder(), Oracle(), 0
    for log in logs:
        ours = decoder.decode_log(log.contract, log.topics, log.data)
        theirs = oracle.decode(log)
        assert (None if ours is None else (ours.name, ours.arguments)) == theirs, log
        known += ours is not None
    return known


def test_every_log_of_a_real_attack_s_block_decodes_as_web3_decodes_it(data: Path) -> None:
    logs = balancer_logs(data)
    assert len(logs) == 613
    assert decoded_alike(logs) == 608


@pytest.mark.parametrize(
    ("stem", "count"),
    [
        pytest.param(
            "ethereum-0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640-2024-01-05",
            6234,
            marks=pytest.mark.slow,
        ),
        ("ethereum-uniswap-proxy-lp-2024-01-05", 3853),
        ("polygon-aave_v3-0x2791bca1f2de4661ed88a30c99a7a9449aa84174-2024-01-06", 2111),
    ],
)
def test_every_log_of_a_protocol_s_day_is_known_and_decodes_alike(
    data: Path, stem: str, count: int
) -> None:
    logs = csv_logs(data / "raw_logs" / f"{stem}.raw.csv.gz")
    assert len(logs) == count
    assert decoded_alike(logs) == count


def test_the_logs_of_whole_blocks_decode_alike_whether_known_or_not(data: Path) -> None:
    folder = data / "ethereum_etl" / "test_stream" / "blocks_17173049_17173050"
    logs = etl_logs(folder / "expected_logs.json.gz")
    assert len(logs) == 681
    assert decoded_alike(logs) == 598
