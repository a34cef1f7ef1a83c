"""Code written by hand: operations by name, constants by number, places by label."""

from collections.abc import Iterable

OPERATIONS = {
    "STOP": 0x00, "ADD": 0x01, "MUL": 0x02, "SUB": 0x03, "DIV": 0x04, "LT": 0x10, "EQ": 0x14,
    "ISZERO": 0x15, "AND": 0x16, "OR": 0x17, "XOR": 0x18, "SHL": 0x1B, "SHR": 0x1C,
    "ORIGIN": 0x32, "CALLER": 0x33, "CALLDATALOAD": 0x35, "CALLDATASIZE": 0x36, "POP": 0x50,
    "MLOAD": 0x51, "MSTORE": 0x52, "SLOAD": 0x54, "SSTORE": 0x55, "JUMP": 0x56, "JUMPI": 0x57,
    "GAS": 0x5A, "DUP1": 0x80, "DUP2": 0x81, "SWAP1": 0x90, "CREATE2": 0xF5, "CALL": 0xF1,
    "RETURN": 0xF3, "DELEGATECALL": 0xF4, "STATICCALL": 0xFA, "REVERT": 0xFD, "INVALID": 0xFE,
    "SELFDESTRUCT": 0xFF,
}  # fmt: skip


def assembled(*pieces: str | int | bytes) -> bytes:
    """Return the code of these pieces: an operation; a number, which is pushed; `:name`, a jump's
    destination; `@name`, which pushes it; bytes, as they are."""
    sized = [_bytes(piece) for piece in _split(pieces)]
    places, at = {}, 0
    for piece, code in zip(_split(pieces), sized, strict=True):
        if isinstance(piece, str) and piece.startswith(":"):
            places[piece[1:]] = at
        at += len(code)
    found = b""
    for piece, code in zip(_split(pieces), sized, strict=True):
        if isinstance(piece, str) and piece.startswith("@"):
            found += b"\x61" + places[piece[1:]].to_bytes(2, "big")
        else:
            found += code
    return found


def _split(pieces: Iterable[str | int | bytes]) -> list[str | int | bytes]:
    found: list[str | int | bytes] = []
    for piece in pieces:
        found += piece.split() if isinstance(piece, str) else [piece]
    return found


def _bytes(piece: str | int | bytes) -> bytes:
    if isinstance(piece, bytes):
        return piece
    if isinstance(piece, int):
        width = max(1, (piece.bit_length() + 7) // 8)
        return bytes([0x5F + width]) + piece.to_bytes(width, "big")
    if piece.startswith(":"):
        return b"\x5b"
    return b"\x61\0\0" if piece.startswith("@") else bytes([OPERATIONS[piece]])


def dispatch(*functions: tuple[int, str]) -> tuple[str | int, ...]:
    """Return a dispatcher that leads each selector to its label, and everything else on."""
    found: tuple[str | int, ...] = (0, "CALLDATALOAD", 224, "SHR")
    for selector, label in functions:
        found += ("DUP1", selector, "EQ", f"@{label}", "JUMPI")
    return found
