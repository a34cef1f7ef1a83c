"""Why a call reverted, in words that fit a record: bounded, printable, never trusted."""

from collections.abc import Iterable, Mapping
from typing import Any

from runtime.calldata import selector

__all__ = ["ERROR", "PANIC", "errors_of", "explain", "key_of", "selector", "text_of"]

ERROR = "0x08c379a0"
"""`Error(string)`: a reason given as text."""

PANIC = "0x4e487b71"
"""`Panic(uint256)`: a failed assertion, an overflow."""

_LONGEST = 160
_WORD = 64


def errors_of(abi: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the names of an ABI's custom errors by their selectors.

    Errors with tuple arguments are left out: their names are not worth a type parser.
    """
    found = {}
    for entry in abi:
        if entry.get("type") == "error":
            types = ",".join(argument["type"] for argument in entry.get("inputs", ()))
            found[selector(f"{entry['name']}({types})")] = str(entry["name"])
    return found


def text_of(data: str) -> str:
    """Return the text of an `Error(string)`, '' for anything else."""
    if not data.startswith(ERROR):
        return ""
    body = data[len(ERROR) :]
    length = int(body[_WORD : 2 * _WORD] or "0", 16)
    raw = bytes.fromhex(body[2 * _WORD :][: 2 * min(length, _LONGEST)])
    text = raw.decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def key_of(data: str) -> str:
    """Return what names an error: its text, or the selector of one that has none."""
    return text_of(data) if data.startswith(ERROR) else data[:10]


def explain(data: str, names: Mapping[str, str]) -> str:
    """Return the reason: what `names` says of it by its key, its text, or its selector."""
    key = key_of(data)
    if key in names:
        return names[key]
    if data.startswith(ERROR):
        return key
    if key == PANIC:
        return f"Panic(0x{data[-2:]})"
    return f"error {key}" if len(key) == 10 else "no reason given"
