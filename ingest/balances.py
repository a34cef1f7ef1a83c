"""What payers held just before they paid, as far as a transaction itself asked: pure, over frames.

A contract that somebody robs is often asked first what it has. The answer (`balanceOf`) stands in
the call tree; what moves afterwards is counted on. What an account asks of itself says nothing:
whoever pays out everything it has does so.
"""

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from ingest.frames import Frame
from schemas.chain import Flow

_BALANCE_OF, _TRANSFER, _TRANSFER_FROM = "0x70a08231", "0xa9059cbb", "0x23b872dd"
_MOVES = {_TRANSFER: 0, _TRANSFER_FROM: 1}
"""Calls that move a token, and the place of their argument `to`."""

_WORD, _ARGUMENTS = 64, len("0x12345678")

MOST, MOST_HELD = 256, 1_000
"""Balances that are kept in mind, and movements that say what was held. A stranger decides how many
there are."""

Holder = tuple[str, str]
"""A token, and who holds it."""


def with_held(flows: tuple[Flow, ...], frames: Sequence[Frame]) -> tuple[Flow, ...]:
    """Return the same movements, each with what its sender is known to have held just before."""
    if not any(frame.selector == _BALANCE_OF for frame in frames):
        return flows
    known = _held(frames)
    if not known:
        return flows
    found, room = list(flows), MOST_HELD
    for place, flow in enumerate(flows):
        waiting = known.get((flow.token, flow.sender, flow.amount))
        if waiting and room:
            found[place] = msgspec.structs.replace(flow, held=str(waiting.pop(0)))
            room -= 1
    return tuple(found)


def _held(frames: Sequence[Frame]) -> dict[tuple[str, str, str], list[int]]:
    """Return by token, payer and amount what the payer held, in the order of the payments."""
    told: dict[Holder, int] = {}
    found: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for frame in frames:
        if not frame.ok:
            continue
        if frame.selector == _BALANCE_OF:
            holder, balance = _address(frame.input, 0), _number(frame.output, len("0x"))
            if holder and balance is not None and holder != frame.sender and len(told) < MOST:
                told[frame.to, holder] = balance
        elif frame.kind == "call" and told and frame.selector in _MOVES:
            place = _MOVES[frame.selector]
            payer = _address(frame.input, 0) if place else frame.sender
            payee = _address(frame.input, place)
            amount = _number(frame.input, _ARGUMENTS + (place + 1) * _WORD)
            if amount is None:
                continue
            held = told.get((frame.to, payer))
            if held is not None:
                found[frame.to, payer, str(amount)].append(held)
                told[frame.to, payer] = max(0, held - amount)
            if (frame.to, payee) in told:
                told[frame.to, payee] += amount
    return found


def _number(text: str, start: int) -> int | None:
    """Return the word that starts there; None where it is not whole."""
    word = text[start : start + _WORD]
    try:
        return int(word, 16) if len(word) == _WORD else None
    except ValueError:
        return None


def _address(text: str, place: int) -> str:
    """Return an argument as an address; '' where there is none."""
    start = _ARGUMENTS + place * _WORD
    word = text[start : start + _WORD]
    return f"0x{word[-40:].lower()}" if len(word) == _WORD else ""
