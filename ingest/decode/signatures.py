"""Events and functions by their signatures, in Solidity's own notation.

`event Transfer(address indexed from, address indexed to, uint256 value);`,
`function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes data);`. Types are spelt in
full, and a struct by what it holds: `(bytes32 id, uint256 amount) order`.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from eth_hash.auto import keccak

from ingest.decode.types import (
    Parameter,
    SignatureError,
    Tuple,
    Type,
    arrays_of,
    check_limits,
    elementary,
    named,
)

_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,63}")
_HEAD = re.compile(r"(event|function) ([A-Za-z_$][A-Za-z0-9_$]*)\((.*\))( anonymous)?")
_TOKEN = re.compile(r"[(),]|[^\s(),]+")


@dataclass(frozen=True)
class Signature:
    """An event or a function: its name and parameters, checked against the limits."""

    name: str
    parameters: tuple[Parameter, ...]
    anonymous: bool = False
    """True for an event that does not log the hash of its signature."""

    def __post_init__(self) -> None:
        """Refuse what is not an identifier and what lies beyond the limits of `types`."""
        if not _NAME.fullmatch(self.name):
            raise SignatureError(f"not a name: {self.name[:40]!r}")
        check_limits(self.parameters)

    @cached_property
    def hash(self) -> str:
        """The Keccak-256 hash of the signature: the first topic of an event that is not anonymous;
        its first four bytes are the selector of a function."""
        types = ",".join(parameter.type.name for parameter in self.parameters)
        return "0x" + keccak(f"{self.name}({types})".encode()).hex()

    @property
    def selector(self) -> str:
        """The first four bytes of a function's input."""
        return self.hash[:10]

    @property
    def indexed(self) -> int:
        """How many parameters travel as topics."""
        return sum(parameter.indexed for parameter in self.parameters)


@dataclass(frozen=True)
class Interface:
    """What is known of a contract's events and functions."""

    events: tuple[Signature, ...]
    functions: tuple[Signature, ...]


def parameter_name(text: str) -> str:
    """Return a parameter's name as it may be used: '' for what is no identifier."""
    return text if _NAME.fullmatch(text) else ""


def parse(text: str) -> Interface:
    """Read signatures, each ended by a semicolon; what follows `//` in a line is left out."""
    plain = " ".join(line.partition("//")[0] for line in text.splitlines())
    found: dict[str, list[Signature]] = {"event": [], "function": []}
    for declaration in plain.split(";")[:-1]:
        head = _HEAD.fullmatch(declaration.strip())
        if head is None:
            raise SignatureError(f"not a signature: {declaration.strip()[:80]!r}")
        tokens = _TOKEN.findall(head[3])
        tokens.reverse()
        try:
            parameters = _parameters(tokens)
        except IndexError:
            raise SignatureError(f"its brackets do not match: {head[3][:80]!r}") from None
        signature = Signature(head[2], parameters, anonymous=head[4] is not None)
        found[head[1]].append(signature)
    return Interface(tuple(found["event"]), tuple(found["function"]))


def _parameters(tokens: list[str]) -> tuple[Parameter, ...]:
    """Read up to the closing parenthesis; the next one is the last of the list."""
    found: list[Parameter] = []
    while (word := tokens.pop()) != ")":
        if word == ",":
            continue
        kind = _tuple(tokens) if word == "(" else _word(word)
        indexed = tokens[-1] == "indexed"
        if indexed:
            tokens.pop()
        name = "" if tokens[-1] in {",", ")"} else tokens.pop()
        found.append(Parameter(name, kind, indexed))
    return named(found)


def _tuple(tokens: list[str]) -> Type:
    components = Tuple(_parameters(tokens))
    return arrays_of(components, tokens.pop() if tokens[-1].startswith("[") else "")


def _word(text: str) -> Type:
    name, bracket, rest = text.partition("[")
    return arrays_of(elementary(name), bracket + rest)
