"""One contract that is looked at: its code, what that can do, and what is known about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from assurance.chain import Chain, address
from assurance.proxies import Proxied, resolved
from assurance.values import Term, Word
from assurance.walk import Act, Walk, only, walk
from schemas.layouts import Layout

STRANGER = "0x00000000000000000000000000000057a46e5000"
"""Somebody whom no contract knows."""

MAX_VISITS = 256
"""Functions of other contracts that are followed into, for one contract."""

MAX_HOPS = 3
"""How far a call is followed into others."""


@dataclass(frozen=True, slots=True)
class Known:
    """What source or artefacts say of a code."""

    signatures: Mapping[int, str] = field(default_factory=dict)
    layout: Layout | None = None
    namespaces: Mapping[str, Layout | None] | None = None
    """What it keeps at slots of its own (ERC-7201), by name, with no layout where that cannot be
    told; None: nobody knows."""

    @property
    def told(self) -> int:
        """How much is said of its storage, to compare."""
        return (self.namespaces is not None) + (self.layout is not None)


@dataclass(frozen=True, slots=True)
class Reached:
    """An act, and where the contract it is looked at for is led to in doing it."""

    act: Act
    path: tuple[str, ...]
    """The other contracts on the way, outermost first."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A contract of a protocol."""

    chain: Chain
    address: str
    role: str
    proxied: Proxied
    code: bytes
    """What runs at its address."""
    known: Known
    led: frozenset[int] | None = None
    """Of a diamond's facet: the functions that lead to it; None: its code decides."""

    @property
    def walk(self) -> Walk:
        """All that its code can do, as far as it is led to."""
        return walk(self.code) if self.led is None else only(self.code, self.led)

    @property
    def functions(self) -> Mapping[int, str]:
        """The functions that it offers, by selector, each with its name as far as that is known."""
        offered = self.walk.functions
        if not self.walk.complete and self.led is None:
            offered = offered | self.known.signatures.keys()
        return {one: self.known.signatures.get(one, f"0x{one:08x}") for one in sorted(offered)}

    def signature(self, function: int) -> str | None:
        """Return a function's signature, None where it is not known."""
        return self.known.signatures.get(function)

    def name(self, function: int | None) -> str:
        """Return what to call a function."""
        return (
            "its default" if function is None else self.functions.get(function, f"0x{function:08x}")
        )

    def reached(self, function: int | None, *, delegated_only: bool = False) -> list[Reached]:
        """Return what a function leads to, here and in the contracts that it calls at addresses
        that are fixed or kept in a slot; `delegated_only`: only where the code of others runs here.
        """
        return _Following(self.chain, delegated_only=delegated_only).from_here(self, function)


class _Following:
    def __init__(self, chain: Chain, *, delegated_only: bool) -> None:
        self._chain = chain
        self._delegated_only = delegated_only
        self._seen: set[tuple[str, bytes, int | None]] = set()
        self._proxied: dict[str, Proxied] = {}

    def from_here(self, subject: Subject, function: int | None) -> list[Reached]:
        return self._into(subject.address, subject.code, function, ())

    def _into(
        self, home: str, code: bytes, function: int | None, path: tuple[str, ...]
    ) -> list[Reached]:
        """`home` is whose storage the code works on."""
        if (home, code, function) in self._seen or len(self._seen) >= MAX_VISITS:
            return []
        self._seen.add((home, code, function))
        found = []
        for act in walk(code).acts:
            if act.function != function:
                continue
            found.append(Reached(act, path))
            if act.called and len(path) < MAX_HOPS:
                found += self._beyond(home, act, path)
        return found

    def _beyond(self, home: str, act: Act, path: tuple[str, ...]) -> list[Reached]:
        if self._delegated_only and act.kind != "delegate call":
            return []
        there = self._address(home, act.target)
        if there is None or act.kind not in ("call", "static call", "delegate call"):
            return []
        runs = there
        if act.kind != "delegate call":
            if there not in self._proxied:
                self._proxied[there] = resolved(self._chain, there)
            home, runs = there, self._proxied[there].runs(there, act.called)
        code = self._chain.code(runs)
        return self._into(home, code, act.called, (*path, there)) if code else []

    def _address(self, home: str, target: Word) -> str | None:
        if isinstance(target, int):
            return address(target)
        if isinstance(target, Term) and target.kind == "storage" and target.detail is not None:
            return address(self._chain.word(home, target.detail) % 2**160)
        return None
