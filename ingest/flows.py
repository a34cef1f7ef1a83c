"""What a transaction moved: amounts of tokens and of the chain's own coin.

Tokens are read from the logs; where a source has none, from the movements that it derived itself;
where it has none of these either, from the calls to tokens, which are believed at their word: a fee
that the token keeps is not seen. Coin is read from the frames that moved it; where none did, from
the derived movements that name it; where frames were not seen at all, from the transaction's own
value.

Movements of coin come first, then those of tokens, each in the order in which they happened, so
that it does not show where they were read. Minting comes from, burning goes to the zero address.
Movements of nothing are left out. An amount of an ERC-721 token is 1.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ingest.decode import Decoder
from ingest.frames import ZERO, Frame
from ingest.raw import RawLog, RawTransaction, RawTransfer
from schemas.chain import MAX_FLOWS, Flow
from schemas.units import NATIVE

_TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
_TRANSFER_SINGLE = "0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62"
_TRANSFER_BATCH = "0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb"
_DEPOSIT = "0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c"
_WITHDRAWAL = "0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65"
_MOVING = frozenset((_TRANSFER, _TRANSFER_SINGLE, _TRANSFER_BATCH, _DEPOSIT, _WITHDRAWAL))
_WRAPPING = frozenset((_DEPOSIT, _WITHDRAWAL))

_TRANSFER_CALLS = frozenset(
    ("0xa9059cbb", "0x23b872dd", "0x42842e0e", "0xb88d4fde", "0xf242432a", "0x2eb2c2d6")
)
"""transfer, transferFrom, safeTransferFrom of ERC-721 (twice) and ERC-1155, its batch."""
_DEPOSIT_CALL = "0xd0e30db0"
_WITHDRAW_CALL = "0x2e1a7d4d"
_FALSE = "0x" + "0" * 64


def flows(
    tx: RawTransaction, frames: Sequence[Frame] | None, decoder: Decoder
) -> tuple[tuple[Flow, ...], int]:
    """Return what a transaction moved, and how many movements were cut for exceeding the bound.

    `frames` are its frames in normal form, None where the source cannot see them.
    """
    found = [flow for flow in _all(tx, frames, decoder) if flow.amount != "0"]
    return tuple(found[:MAX_FLOWS]), max(0, len(found) - MAX_FLOWS)


def _all(tx: RawTransaction, frames: Sequence[Frame] | None, decoder: Decoder) -> Iterator[Flow]:
    derived = [_derived(transfer) for transfer in tx.transfers or ()]
    moved = [
        Flow(token=NATIVE, sender=frame.sender, to=frame.to, amount=str(frame.value))
        for frame in frames or ()
        if frame.ok and frame.value
    ]
    yield from moved or (flow for flow in derived if flow.token == NATIVE)
    if frames is None and tx.value and tx.ok is not False:
        yield Flow(
            token=NATIVE,
            sender=tx.sender or ZERO,
            to=tx.to or tx.created or ZERO,
            amount=str(tx.value),
        )
    if tx.logs is not None:
        yield from _logged(tx.logs, decoder)
    elif tx.transfers is not None:
        yield from (flow for flow in derived if flow.token != NATIVE)
    else:
        yield from _called(frames or (), decoder)


def _derived(transfer: RawTransfer) -> Flow:
    return Flow(
        token=transfer.token,
        sender=transfer.sender or ZERO,
        to=transfer.to or ZERO,
        amount=str(transfer.amount),
    )


def _logged(logs: Iterable[RawLog], decoder: Decoder) -> Iterator[Flow]:
    """Read movements from logs. A token that announces its wrapping by a transfer from or to the
    zero address as well is not counted twice."""
    found: list[tuple[bool, Flow]] = []
    for log in logs:
        topic = log.topics[0] if log.topics else ""
        if topic in _MOVING:
            # Without a contract the standard's names hold, whatever the contract's own ABI says.
            event = decoder.decode_log("", log.topics, log.data)
            if event is not None:
                wraps = topic in _WRAPPING
                found += [(wraps, flow) for flow in _of_event(log.contract, event.arguments)]
    transferred = {flow for wraps, flow in found if not wraps}
    return (flow for wraps, flow in found if not wraps or flow not in transferred)


def _of_event(token: str, arguments: dict[str, Any]) -> Iterator[Flow]:
    if "dst" in arguments:
        yield Flow(token=token, sender=ZERO, to=arguments["dst"], amount=arguments["wad"])
    elif "src" in arguments:
        yield Flow(token=token, sender=arguments["src"], to=ZERO, amount=arguments["wad"])
    else:
        yield from _transfer(token, arguments["from"], arguments)


def _called(frames: Sequence[Frame], decoder: Decoder) -> Iterator[Flow]:
    """Read movements from the calls that caused them.

    A call that repeats what its caller was called with is a proxy's to its implementation: the
    token is the proxy, and it moved once.
    """
    path: dict[int, str] = {}
    for position, frame in enumerate(frames):
        path[frame.depth] = frame.input
        if not frame.ok or frame.kind != "call" or frame.output == _FALSE:
            continue
        if frame.selector in _TRANSFER_CALLS and path.get(frame.depth - 1) != frame.input:
            call = decoder.decode_call("", frame.input)
            if call is not None:
                arguments: dict[str, Any] = call.arguments
                yield from _transfer(frame.to, arguments.get("from", frame.sender), arguments)
        elif frame.selector == _DEPOSIT_CALL:
            yield Flow(token=frame.to, sender=ZERO, to=frame.sender, amount=str(frame.value))
        elif frame.selector == _WITHDRAW_CALL:
            yield from _unwrapped(frame, frames[position + 1 : position + 2])


def _transfer(token: str, sender: str, arguments: dict[str, Any]) -> Iterator[Flow]:
    amounts = arguments.get("values", [arguments.get("value", "1")])
    for amount in amounts:
        yield Flow(token=token, sender=sender, to=arguments["to"], amount=amount)


def _unwrapped(frame: Frame, following: Sequence[Frame]) -> Iterator[Flow]:
    """A withdrawal burns wrapped coin if the first thing it does is to pay the caller that much;
    otherwise it is some other contract's function of the same name."""
    for payment in following:
        if (
            payment.depth == frame.depth + 1
            and payment.ok
            and (payment.sender, payment.to) == (frame.to, frame.sender)
            and frame.input[10:74] == f"{payment.value:064x}"
        ):
            yield Flow(token=frame.to, sender=frame.sender, to=ZERO, amount=str(payment.value))
