"""What a transaction moved, read from a node's own JSON: coin from the call tree, tokens from logs.

Hostile content is possible everywhere: whatever cannot be read as what it claims to be moves
nothing, and lists are bounded. ERC-20 tokens and the chain's coin are read; tokens that are no
quantities (ERC-721, ERC-1155) are not.

A token that is minted comes from its own contract and one that is burned goes there, so that
wrapping coin is an exchange with the wrapper like any other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from schemas.units import NATIVE, UINT256_MAX

ZERO = "0x" + "0" * 40

MAX_FRAMES = 100_000
MAX_MOVEMENTS = 20_000

_TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
_DEPOSIT = "0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c"
_WITHDRAWAL = "0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65"
_MOVING = frozenset({"call", "create", "create2", "selfdestruct"})
_CREATING = frozenset({"create", "create2"})
_HEX = frozenset("0123456789abcdef")


class Movement(NamedTuple):
    """An amount of one token that went from one address to another."""

    token: str
    sender: str
    to: str
    amount: int


class Frame(NamedTuple):
    """A frame of a call tree that was not reverted, in the order of execution."""

    depth: int
    kind: str
    sender: str
    to: str
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One mined transaction, as far as the evidence shows it."""

    hash: str
    block: int
    index: int
    timestamp: int
    sender: str
    to: str
    """'' for a creation."""
    ok: bool
    fee: int
    """What the sender paid for it, in wei."""
    movements: tuple[Movement, ...]
    created: tuple[tuple[str, str], ...] = ()
    """(contract, who created it) of each contract that is there afterwards."""
    touched: frozenset[str] = frozenset()
    """Addresses that its envelope and its logs name."""
    cut: int = 0
    """Movements beyond the bound, which are left out."""
    traced: bool = False
    """Whether coin was read from its call tree; if not, only what the sender sent is known."""
    frames: tuple[Frame, ...] = field(default=(), repr=False)


def address(value: Any) -> str:
    """Return a lower-case address, '' for anything else."""
    if not isinstance(value, str) or len(value) != 42:
        return ""
    text = value.lower()
    return text if text.startswith("0x") and _HEX.issuperset(text[2:]) else ""


def quantity(value: Any) -> int:
    """Return a hexadecimal quantity; 0 for anything that is none or beyond a uint256."""
    if not isinstance(value, str) or not 3 <= len(value) <= 66:
        return 0
    text = value.lower()
    if not text.startswith("0x") or not _HEX.issuperset(text[2:]):
        return 0
    return min(int(text, 16), UINT256_MAX)


def read_transaction(
    envelope: Mapping[str, Any], receipt: Mapping[str, Any], timestamp: int, trace: Any = None
) -> Transaction:
    """Read one transaction from its envelope, its receipt and its call tree, where there is one."""
    ok = receipt.get("status") == "0x1"
    sender, to = address(envelope.get("from")), address(envelope.get("to"))
    made = address(receipt.get("contractAddress"))
    logs = [log for log in _listed(receipt.get("logs")) if isinstance(log, Mapping)] if ok else []
    frames = tuple(read_frames(trace)) if trace is not None else ()
    value = quantity(envelope.get("value"))
    coin = [
        Movement(NATIVE, frame.sender, frame.to, frame.value)
        for frame in frames
        if frame.kind in _MOVING and frame.value and frame.sender != frame.to
    ]
    if trace is None and value and ok:
        coin = [Movement(NATIVE, sender, to or made, value)]
    movements = (*coin, *_logged(logs))
    created = [(frame.to, frame.sender) for frame in frames if frame.kind in _CREATING and frame.to]
    if made and ok and made not in dict(created):
        created.append((made, sender))
    price = quantity(receipt.get("effectiveGasPrice") or envelope.get("gasPrice"))
    return Transaction(
        hash=str(receipt.get("transactionHash"))[:66].lower(),
        block=quantity(receipt.get("blockNumber")),
        index=quantity(receipt.get("transactionIndex")),
        timestamp=timestamp,
        sender=sender,
        to=to,
        ok=ok,
        fee=quantity(receipt.get("gasUsed")) * price,
        movements=movements[:MAX_MOVEMENTS] if ok else (),
        cut=max(0, len(movements) - MAX_MOVEMENTS, len(frames) + 1 - MAX_FRAMES),
        created=tuple(created) if ok else (),
        touched=frozenset(_touched(sender, to, made, logs)),
        traced=trace is not None,
        frames=frames,
    )


def read_frames(tree: Any) -> Iterator[Frame]:
    """Flatten the tree of geth's `callTracer`; what was reverted is left out with all below it."""
    waiting: list[tuple[int, Any]] = [(0, tree)]
    count = 0
    while waiting and count < MAX_FRAMES:
        depth, node = waiting.pop()
        if not isinstance(node, Mapping) or node.get("error"):
            continue
        count += 1
        yield Frame(
            depth,
            str(node.get("type", "")).lower()[:16],
            address(node.get("from")),
            address(node.get("to")),
            quantity(node.get("value")),
        )
        waiting.extend((depth + 1, child) for child in reversed(_listed(node.get("calls"))))


def _touched(sender: str, to: str, made: str, logs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from filter(None, (sender, to, made))
    for log in logs:
        yield address(log.get("address"))
        yield from filter(None, map(_indexed, _listed(log.get("topics"))[1:4]))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _indexed(topic: Any) -> str:
    """Return the address in an indexed field, '' when it holds something longer."""
    if isinstance(topic, str) and len(topic) == 66 and topic.startswith("0x" + "0" * 24):
        return address("0x" + topic[26:])
    return ""


def _logged(logs: Sequence[Mapping[str, Any]]) -> list[Movement]:
    """Read tokens. A wrapper that announces one movement by two kinds of event moved it once."""
    transferred: list[Movement] = []
    wrapped: list[tuple[int, Movement]] = []
    for log in logs:
        token, topics = address(log.get("address")), _listed(log.get("topics"))
        data = log.get("data")
        if not token or not isinstance(data, str) or len(data) != 66 or not topics:
            continue
        amount, parties = quantity(data), [_indexed(topic) for topic in topics[1:]]
        if topics[0] == _TRANSFER and len(parties) == 2 and all(parties):
            sender, to = (token if party == ZERO else party for party in parties)
            transferred.append(Movement(token, sender, to, amount))
        elif topics[0] == _DEPOSIT and len(parties) == 1 and parties[0]:
            wrapped.append((len(transferred), Movement(token, token, parties[0], amount)))
        elif topics[0] == _WITHDRAWAL and len(parties) == 1 and parties[0]:
            wrapped.append((len(transferred), Movement(token, parties[0], token, amount)))
    known = set(transferred)
    found = list(transferred)
    for place, movement in reversed(wrapped):
        if movement not in known:
            found.insert(place, movement)
    return [move for move in found if move.amount and move.sender != move.to]
