"""The types of the contract ABI, within limits that keep a stranger's signature harmless.

Every type knows how many 32-byte words it takes: `words` is None when that depends on the value.
A signature that nests deeper, or is wider, than the limits below is refused before anything is
decoded with it: the cost of decoding grows by a power of the depth.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

MAX_DEPTH = 4
"""Arrays and tuples within each other. dYdX's actions, the deepest built in, take 3."""
MAX_ARRAY_LEVELS = 2
MAX_WORDS = 1024
"""Of a static type, so that a fixed-size array cannot demand more."""
MAX_LEAVES = 256
"""Elementary types in one signature, those within tuples included."""

_ELEMENTARY = re.compile(r"(uint|int|bytes)([1-9][0-9]{0,2})")
_ARRAYS = re.compile(rf"(\[([1-9][0-9]{{0,3}})?\]){{0,{MAX_ARRAY_LEVELS}}}")
_LENGTH = re.compile(r"\[([0-9]*)\]")


class SignatureError(ValueError):
    """A signature is not well-formed, or lies beyond the limits."""


@dataclass(frozen=True)
class Word:
    """A type that takes exactly one word. `size` is in bits, that of bytes in bytes."""

    kind: Literal["uint", "int", "address", "bool", "bytes"]
    size: int
    name: str
    words: ClassVar[int] = 1


@dataclass(frozen=True)
class Blob:
    """Bytes or text of any length."""

    name: Literal["bytes", "string"]
    words: ClassVar[None] = None


@dataclass(frozen=True)
class Array:
    """Items of one type; `length` is None when the value says how many."""

    item: "Type"
    length: int | None

    @cached_property
    def words(self) -> int | None:
        """Words taken, None when that depends on the value."""
        if self.length is None or self.item.words is None:
            return None
        return self.length * self.item.words

    @cached_property
    def name(self) -> str:
        """The type as signatures spell it."""
        return f"{self.item.name}[{'' if self.length is None else self.length}]"


@dataclass(frozen=True)
class Tuple:
    """A struct: values of several types, each with a name."""

    components: tuple["Parameter", ...]

    @cached_property
    def words(self) -> int | None:
        """Words taken, None when that depends on the value."""
        return total_words(self.components)

    @cached_property
    def name(self) -> str:
        """The type as signatures spell it."""
        return f"({','.join(component.type.name for component in self.components)})"


Type = Word | Blob | Array | Tuple


@dataclass(frozen=True)
class Parameter:
    """A named value of an event, a function or a tuple."""

    name: str
    type: Type
    indexed: bool = False


def total_words(parameters: Iterable[Parameter]) -> int | None:
    """Return the words that these take together, None when that depends on their values."""
    total = 0
    for parameter in parameters:
        if parameter.type.words is None:
            return None
        total += parameter.type.words
    return total


def elementary(name: str) -> Word | Blob:
    """Return the elementary type of this name. Raises `SignatureError` for any other."""
    if name == "bytes":
        return Blob("bytes")
    if name == "string":
        return Blob("string")
    if name == "address":
        return Word("address", 160, name)
    if name == "bool":
        return Word("bool", 1, name)
    match = _ELEMENTARY.fullmatch(name)
    size = int(match[2]) if match else 0
    if match and match[1] == "bytes" and size <= 32:
        return Word("bytes", size, name)
    if match and match[1] != "bytes" and size <= 256 and size % 8 == 0:
        return Word("uint" if match[1] == "uint" else "int", size, name)
    raise SignatureError(f"unknown type {name[:40]!r}")


def arrays_of(item: Type, suffix: str) -> Type:
    """Wrap a type in the arrays that a suffix like `[2][]` names."""
    if not _ARRAYS.fullmatch(suffix):
        raise SignatureError(f"not {MAX_ARRAY_LEVELS} levels of arrays or less: {suffix[:40]!r}")
    for length in _LENGTH.findall(suffix):
        item = Array(item, int(length) if length else None)
    return item


def named(parameters: Iterable[Parameter]) -> tuple[Parameter, ...]:
    """Give every parameter a name of its own: its position where it has none or a taken one."""
    found: dict[str, Parameter] = {}
    for position, parameter in enumerate(parameters):
        unique = parameter.name if parameter.name and parameter.name not in found else str(position)
        found[unique] = Parameter(unique, parameter.type, parameter.indexed)
    return tuple(found.values())


def check_limits(parameters: tuple[Parameter, ...]) -> None:
    """Raise `SignatureError` when these parameters lie beyond the limits."""
    leaves = sum(1 for parameter in parameters for _ in _leaves(parameter.type, 0, 0))
    if leaves > MAX_LEAVES:
        raise SignatureError(f"more than {MAX_LEAVES} values")


def _leaves(kind: Type, depth: int, arrays: int) -> Iterator[Word | Blob]:
    if depth > MAX_DEPTH or arrays > MAX_ARRAY_LEVELS:
        raise SignatureError(
            f"nested deeper than {MAX_DEPTH} levels or {MAX_ARRAY_LEVELS} levels of arrays"
        )
    if isinstance(kind, Word | Blob):
        yield kind
    elif isinstance(kind, Array):
        yield from _leaves(kind.item, depth + 1, arrays + 1)
    elif not kind.components:
        raise SignatureError("an empty tuple")
    else:
        for component in kind.components:
            yield from _leaves(component.type, depth + 1, arrays)
    if kind.words is not None and kind.words > MAX_WORDS:
        raise SignatureError(f"a value of more than {MAX_WORDS} words")
