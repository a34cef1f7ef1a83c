"""From a contract's bytes to its instructions, without what only its compiler put there. Pure.

- The metadata that compilers append (a CBOR map with its length behind it) is taken off, wherever
  it stands at the end of the code.
- Creation code is told apart from the code that it deploys, so that a contract of which only one
  of the two is known can be read.
- A shifted constant (`PUSH 0x317afabb PUSH1 0xe2 SHL`) is folded: which way a compiler writes a
  number is its own affair.

Disassembly is a linear sweep: data behind the code is read as if it were code. That is wanted for
contracts that carry other contracts, and harmless noise otherwise.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

MAX_BYTES = 131_072
"""Bytes looked at, from the beginning. Chains allow 24,576 of code and 49,152 of creation code;
some allow more, and nobody is made to read without end."""

PUSH0, PUSH1, PUSH32 = 0x5F, 0x60, 0x7F
SHL, MUL = 0x1B, 0x02
_PUSH20 = 0x73
_COMPARES, _JUMPI = frozenset({0x14, 0x03, 0x18}), 0x57
"""EQ, SUB, XOR: by any of them compilers tell whether a selector is the one."""
_OTHERWISE = frozenset({0x10, 0x11, 0xF1, 0xF2, 0xF4, 0xFA, 0x00, 0xF3, 0xFD, 0xFE, 0x52})
"""LT and GT of a search tree, calls, ends, and MSTORE, with which a selector is called."""
_WINDOW = 6
"""Instructions within which a dispatcher compares the selector that it has pushed."""

_WORD = 2**256 - 1
_MAP_OF_ONE, _MAP_OF_FIVE = 0xA1, 0xA5
_MARKS = (b"bzzr", b"ipfs", b"solc", b"experimental")
_SPLITS = (b"\xf3\xfe", b"\xf3\x00")
"""What stands between creation code and the code that it returns: RETURN INVALID, RETURN STOP."""
_STARTS = (b"\x60\x80\x60\x40", b"\x60\x60\x60\x40", b"\x60\x80\x80\x60\x40", b"\x36\x3d\x3d\x37")
_VYPER_START = b"\x60\x00\x35\x60\xe0\x1c"


class Instruction(NamedTuple):
    """One operation; `value` is what it pushes, None if it pushes no constant."""

    operation: int
    value: int | None
    width: int
    """Bytes of the constant as written; 0 for one that was folded."""


def code_of(text: str) -> bytes:
    """Return the bytes of hexadecimal text that begins with 0x, at most `MAX_BYTES` of them."""
    return bytes.fromhex(text[2 : 2 + 2 * MAX_BYTES])


def without_metadata(code: bytes) -> bytes:
    """Return the code without the metadata that a compiler appended."""
    while len(code) > 4:
        length = int.from_bytes(code[-2:], "big")
        begin = len(code) - 2 - length
        if length < 8 or begin < 0:
            return code
        tail = code[begin:-2]
        if not _MAP_OF_ONE <= tail[0] <= _MAP_OF_FIVE or not any(m in tail for m in _MARKS):
            return code
        code = code[:begin]
    return code


def split_creation(code: bytes) -> tuple[bytes, bytes]:
    """Return what a creation executes and what it deploys; the latter is empty if no code that
    looks deployed follows."""
    for split in _SPLITS:
        at = code.find(split)
        while at >= 0:
            rest = code[at + 2 :]
            if rest.startswith((*_STARTS, _VYPER_START)):
                return code[: at + 2], rest
            at = code.find(split, at + 1)
    return code, b""


def instructions(code: bytes) -> Iterator[Instruction]:
    """Yield the instructions in the order in which they stand, constants folded."""
    held: list[Instruction] = []  # constants that the next operation may fold
    position, size = 0, len(code)
    while position < size:
        operation = code[position]
        position += 1
        if PUSH0 <= operation <= PUSH32:
            width = operation - PUSH0
            value = int.from_bytes(code[position : position + width].ljust(width, b"\0"), "big")
            position += width
            held.append(Instruction(operation, value, width))
            if len(held) > 2:
                yield held.pop(0)
            continue
        folded = _folded(operation, held)
        if folded is not None:
            held = [folded]
            continue
        yield from held
        held = []
        yield Instruction(operation, None, 0)
    yield from held


def _folded(operation: int, held: list[Instruction]) -> Instruction | None:
    if len(held) != 2:
        return None
    below, top = held[0].value or 0, held[1].value or 0
    if operation == SHL and top < 256:
        return Instruction(PUSH32, (below << top) & _WORD, 0)
    if operation == MUL and top.bit_count() == 1 and top > 1:
        return Instruction(PUSH32, (below * top) & _WORD, 0)
    return None


def is_compared(sweep: Sequence[Instruction], at: int) -> bool:
    """Say whether the constant at a place is compared and then jumped upon: a selector that the
    contract offers."""
    compared = False
    for instruction in sweep[at + 1 : at + 1 + _WINDOW]:
        if instruction.operation in _COMPARES:
            compared = True
        elif instruction.operation == _JUMPI:
            return compared
        elif instruction.operation in _OTHERWISE:
            return False
    return False


def offered(code: bytes) -> frozenset[int]:
    """Return the selectors that a deployed code's dispatcher tells apart."""
    sweep = list(instructions(without_metadata(code)))
    return frozenset(
        one.value
        for at, one in enumerate(sweep)
        if one.value is not None and 3 <= one.width <= 4 and is_compared(sweep, at)
    )


def same(built: bytes, deployed: bytes) -> bool:
    """Say whether a deployed code is a compiled one with its open places filled in: the words that
    a constructor fills (immutables) and libraries' addresses, zero as compiled."""
    if len(built) != len(deployed):
        return False
    at = 0
    while at < len(built):
        operation = built[at]
        if operation != deployed[at]:
            return False
        width = operation - PUSH0 if PUSH0 < operation <= PUSH32 else 0
        constant = built[at + 1 : at + 1 + width]
        is_open = operation in (PUSH32, _PUSH20) and not any(constant)
        if not is_open and constant != deployed[at + 1 : at + 1 + width]:
            return False
        at += 1 + width
    return True
