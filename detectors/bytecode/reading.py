"""What a contract offers, calls and names, read from its instructions. Pure.

A four-byte constant is a function that the contract offers when it is compared and jumped upon; it
is a function that the contract calls when the next thing that happens is a call. One that is put
into a revert is a custom error and neither.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from detectors.bytecode.signatures import is_function
from runtime.bytecode import Instruction, instructions, is_compared

_ARGUMENT, _STORE_WORD = 0x35, 0x52
_CALLS = {0xF1: "call", 0xFA: "call", 0xF2: "delegate", 0xF4: "delegate"}
"""A static call is a call: whether a compiler knew of static calls tells its age alone."""
_DUP1, _REVERT = 0x80, 0xFD
_ENDS = (0x00, 0xF3, _REVERT, 0xFE)

ACTS = {
    0x20: "hash",
    0x31: "balance",
    0x32: "origin",
    0x33: "caller",
    0x3A: "gasprice",
    0x3F: "codehash",
    0x40: "blockhash",
    0x41: "coinbase",
    0x42: "time",
    0x43: "number",
    0x46: "chain",
    0x47: "balance",
    0x54: "load",
    0x55: "store",
    0xA0: "log",
    0xA1: "log",
    0xA2: "log",
    0xA3: "log",
    0xA4: "log",
    0xF0: "create",
    0xF5: "create",
    0xFF: "destroy",
}
"""Operations that act on the world or ask about it. Stack, memory, arithmetic and jumps are how a
compiler goes about it, and would tell which one it was."""

_LARGEST_ADDRESS = 2**160 - 1
_SMALLEST_ADDRESS = 2**140
_SMALLEST_AMOUNT, _LARGEST_AMOUNT = 10**9, 2**128


@dataclass(slots=True)
class Reading:
    """What stands in a contract's code."""

    size: int
    offered: Counter[int] = field(default_factory=Counter)
    """Selectors compared and jumped upon."""
    called: Counter[int] = field(default_factory=Counter)
    """Selectors put into a call."""
    addresses: Counter[str] = field(default_factory=Counter)
    """Addresses written into the code."""
    amounts: int = 0
    """Round amounts of a token written into the code."""
    arguments: int = 0
    """How often arguments of the call are read."""
    acts: Counter[str] = field(default_factory=Counter)
    """What acts on the world or asks about it."""


def read(code: bytes) -> Reading:
    """Read a contract's code."""
    sweep = list(instructions(code))
    found = Reading(len(code))
    pending: list[int] = []
    for at, instruction in enumerate(sweep):
        operation, value = instruction.operation, instruction.value
        if value is not None:
            selector = _selector(instruction)
            if selector and is_compared(sweep, at):
                found.offered[selector] += 1
            elif selector:
                pending.append(selector)
            _constant(found, instruction)
        elif operation in _CALLS:
            found.called.update(pending)
            found.acts[_CALLS[operation]] += 1
            pending = []
        elif operation in _ENDS and not _is_bare_revert(sweep, at):
            pending = []
        elif operation == _ARGUMENT:
            found.arguments += 1
        elif operation in ACTS:
            found.acts[ACTS[operation]] += 1
    return found


def _selector(instruction: Instruction) -> int:
    """Return the selector that a constant may be; 0 if it cannot be one."""
    value, width = instruction.value or 0, instruction.width
    if 3 <= width <= 4:
        return value if is_function(value) else 0
    if width in (0, 32) and value & (2**224 - 1) == 0:
        return value >> 224 if is_function(value >> 224) else 0
    return 0


def _is_bare_revert(sweep: Sequence[Instruction], at: int) -> bool:
    """Say whether this is a revert without data: older compilers put one between a selector and
    its call, where the called contract turns out not to exist."""
    if sweep[at].operation != _REVERT or at < 2:
        return False
    first, second = sweep[at - 2], sweep[at - 1]
    return first.value == 0 and (second.operation == _DUP1 or second.value == 0)


def _constant(found: Reading, instruction: Instruction) -> None:
    value = instruction.value or 0
    if 18 <= instruction.width <= 20 and _SMALLEST_ADDRESS < value < _LARGEST_ADDRESS:
        text = f"{value:040x}"
        if len(set(text)) > 6:
            found.addresses["0x" + text] += 1
    elif _SMALLEST_AMOUNT <= value < _LARGEST_AMOUNT and value % 10**6 == 0 and instruction.width:
        found.amounts += 1
