"""Decoding logs: ours against web3.py's `process_log` and eth-abi, on the same logs in one run.

All three must read the same values: the digests over all decoded values are compared first. Every
decoder gets the logs block by block and just parsed, as a node's answer reaches ingest: of logs
that lie about in memory, the time spent waiting for them would be taken for ours.
"""

import hashlib
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from eth_abi.abi import decode as abi_decode
from eth_hash.auto import keccak
from web3 import Web3
from web3._utils.events import get_event_data

from bench.place import Place, recorded
from bench.report import BrokenResultError, Figure, Section
from ingest.decode import Decoded, Decoder
from ingest.files import read
from ingest.raw import RawBlock

TITLE = "Decoding logs"

TURNS, TURN = 20, 0.03
"""How often each decoder's turn comes in a run, and its seconds of processor time."""
BLOCK = 200
"""Logs that are parsed together. Their number does not matter much, from 50 to 500."""

LAYOUTS: dict[str, tuple[tuple[str, str, bool], ...]] = {
    "Transfer": (("from", "address", True), ("to", "address", True), ("value", "uint256", False)),
    "Approval": (
        ("owner", "address", True),
        ("spender", "address", True),
        ("value", "uint256", False),
    ),
    "Sync": (("reserve0", "uint112", False), ("reserve1", "uint112", False)),
    "Swap": (
        ("sender", "address", True),
        ("recipient", "address", True),
        ("amount0", "int256", False),
        ("amount1", "int256", False),
        ("sqrtPriceX96", "uint160", False),
        ("liquidity", "uint128", False),
        ("tick", "int24", False),
    ),
}
"""Events that the three decoders are told of: name, and of each parameter name, type, indexed."""


class Raw(NamedTuple):
    """A log as a node gives it."""

    contract: str
    topics: tuple[str, ...]
    data: str


class Layout(NamedTuple):
    """What the other two decoders need to know of an event."""

    abi: Any
    indexed: tuple[tuple[str, str], ...]
    plain: tuple[tuple[str, str], ...]


def _layout(name: str) -> tuple[tuple[str, int], Layout]:
    parameters = LAYOUTS[name]
    signature = f"{name}({','.join(kind for _, kind, _ in parameters)})"
    inputs = [{"name": n, "type": kind, "indexed": i} for n, kind, i in parameters]
    indexed = tuple((n, kind) for n, kind, i in parameters if i)
    key = "0x" + keccak(signature.encode()).hex(), len(indexed) + 1
    abi = {"type": "event", "name": name, "inputs": inputs, "anonymous": False}
    return key, Layout(abi, indexed, tuple((n, kind) for n, kind, i in parameters if not i))


KNOWN = dict(map(_layout, LAYOUTS))
WIDTH = {layout.abi["name"]: 2 + 64 * len(layout.plain) for layout in KNOWN.values()}


def comparable(logs: Iterable[Raw]) -> list[Raw]:
    """Keep the logs that fit one of the layouts exactly: all three decoders have to read all."""
    found = []
    for log in logs:
        layout = KNOWN.get((log.topics[0] if log.topics else "", len(log.topics)))
        if layout is not None and len(log.data) == WIDTH[layout.abi["name"]]:
            found.append(log)
    return found


def made(count: int) -> list[Raw]:
    """Return seeded logs: half transfers, half swaps."""
    chance = random.Random(7)  # noqa: S311 - made-up data, nothing secret
    (transfer, swap) = (
        next(key for key, layout in KNOWN.items() if layout.abi["name"] == name)[0]
        for name in ("Transfer", "Swap")
    )
    logs = []
    for number in range(count):
        ends = tuple(f"0x{chance.getrandbits(160):064x}" for _ in range(2))
        topic = swap if number % 2 else transfer
        words = [chance.getrandbits(bits) for bits in (255, 255, 160, 128, 23)]
        words = words if number % 2 else words[:1]
        data = "0x" + "".join(f"{word:064x}" for word in words)
        logs.append(Raw(f"0x{number % 97:040x}", (topic, *ends), data))
    return logs


def recorded_logs(folder: Path) -> Iterator[Raw]:
    """Yield every log of the recorded raw logs and of the recorded block with an exploit."""
    for part in ("raw_logs", "balancer_sta_block"):
        for item in read(folder / part):
            if isinstance(item.body, RawBlock):
                for tx in item.body.transactions:
                    for log in tx.logs or ():
                        yield Raw(log.contract, log.topics, log.data)


Read = Callable[[str, tuple[str, ...], str], Decoded | dict[str, Any] | None]
"""Reads a log of this contract, with these topics and data."""


def own() -> Read:
    """Return our decoder."""
    return Decoder().decode_log


def eth_abi() -> Read:
    """Return what one writes with eth-abi alone."""

    def take(_contract: str, topics: tuple[str, ...], data: str) -> dict[str, Any]:
        layout = KNOWN[topics[0], len(topics)]
        found = {
            name: abi_decode([kind], bytes.fromhex(topic[2:]))[0]
            for (name, kind), topic in zip(layout.indexed, topics[1:], strict=True)
        }
        values = abi_decode([kind for _, kind in layout.plain], bytes.fromhex(data[2:]))
        return found | dict(zip([name for name, _ in layout.plain], values, strict=True))

    return take


def web3_py() -> Read:
    """Return what `contract.events.X().process_log` does."""
    codec = Web3().codec

    def take(contract: str, topics: tuple[str, ...], data: str) -> dict[str, Any]:
        layout = KNOWN[topics[0], len(topics)]
        entry: Any = {
            "address": contract,
            "topics": [bytes.fromhex(topic[2:]) for topic in topics],
            "data": bytes.fromhex(data[2:]),
            "blockHash": b"",
            "blockNumber": 1,
            "logIndex": 0,
            "transactionHash": b"",
            "transactionIndex": 0,
        }
        return dict(get_event_data(codec, layout.abi, entry)["args"])

    return take


def digest(read_log: Read, logs: Iterable[Raw]) -> str:
    """Return the hash of all values, whichever decoder read them."""
    total = hashlib.sha256()
    for log in logs:
        found = read_log(*log)
        if found is None:
            raise BrokenResultError(f"our decoder does not know {log}")
        values = found.arguments if isinstance(found, Decoded) else found
        total.update(repr([(name, str(values[name]).lower()) for name in sorted(values)]).encode())
    return total.hexdigest()


def blocks(logs: Sequence[Raw]) -> list[bytes]:
    """Return the logs as JSON, `BLOCK` in each."""
    return [msgspec.json.encode(logs[n : n + BLOCK]) for n in range(0, len(logs), BLOCK)]


def rates(readers: Mapping[str, Read], texts: Sequence[bytes]) -> dict[str, float]:
    """Return logs per second of processor time, of readers that take short turns: what else the
    machine does meanwhile slows them all alike. Parsing does not count."""
    parse = msgspec.json.Decoder(list[Raw]).decode
    rest = {name: cycle(texts) for name in readers}
    done, spent = dict.fromkeys(readers, 0), dict.fromkeys(readers, 0.0)
    for turn in range(1, TURNS + 1):
        for name, read_log in readers.items():
            while spent[name] < turn * TURN:
                logs = parse(next(rest[name]))
                began = time.process_time()
                for contract, topics, data in logs:
                    read_log(contract, topics, data)
                spent[name] += time.process_time() - began
                done[name] += len(logs)
    return {name: done[name] / spent[name] for name in readers}


def measure(place: Place) -> Section:
    """Compare the three on made-up logs and, where they are, on recorded ones."""
    figures: list[Figure] = []
    skipped: list[str] = []
    sources = {"made-up": made(place.size(20_000))}
    folder = recorded()
    if folder is None:
        skipped.append("recorded logs: there are none here (FIREBREAK_DATA names their folder)")
    else:
        sources["recorded"] = comparable(recorded_logs(folder))
    for name, logs in sources.items():
        figures += _compare(place, name, logs)
    return Section(TITLE, tuple(figures), tuple(skipped))


def _compare(place: Place, source: str, logs: Sequence[Raw]) -> Iterator[Figure]:
    ours, rivals = own(), {"eth-abi": eth_abi(), "web3.py": web3_py()}
    if len({digest(reader, logs) for reader in (ours, *rivals.values())}) != 1:
        raise BrokenResultError(f"{source} logs are read differently")
    texts = blocks(logs)
    found: dict[str, list[float]] = {name: [] for name in ("ours", *rivals)}
    for _ in range(place.runs):
        for name, figure in rates({"ours": ours, **rivals}, texts).items():
            found[name].append(figure)
    for name, runs in found.items():
        note = f"{len(logs):,} logs, digests equal" if name == "ours" else ""
        yield Figure(f"{source} logs, {name}", tuple(runs), "logs/s per core", note=note)
    for name in rivals:
        ratios = tuple(a / b for a, b in zip(found["ours"], found[name], strict=True))
        aim = "at least 100" if name == "web3.py" else ""
        yield Figure(f"{source} logs, ours over {name}", ratios, "times", aim)
