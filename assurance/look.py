"""One contract looked at: every check, once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from eth_utils.crypto import keccak

from assurance.chain import Chain
from assurance.checks import authority, brakes, gaps, storage
from assurance.checks.brakes import NOTHING, Asking, Pull
from assurance.checks.storage import Code, Compared
from assurance.opinions import NOTHING as NOTHING_HEARD
from assurance.opinions import Heard
from assurance.parts import Part, parts, source
from assurance.proxies import Proxied, resolved
from assurance.scenes import playing
from assurance.sources import Sources
from assurance.weakness import Weakness
from schemas.assurance import Covered, Examined, Source
from schemas.manifest import Contract

MOST_FUNCTIONS = 512
MOST_UNSEEN = 64

DECIDING = ("gate", "governor", "oracle", "safe", "timelock")
"""Roles of contracts that decide or tell: nobody plans a brake for what they move."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a protocol's contracts are looked at with."""

    sources: Sources
    pulls: Sequence[Pull] = ()
    """Its brakes, as their targets are called."""
    asking: Asking = NOTHING
    """What calls of its functions are made up with."""
    opinions: Heard = NOTHING_HEARD
    """What was found in its source."""
    named: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    """Functions by the contract whose ABI its manifest names, for code without artefacts."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How a contract stands, and what is wrong with it."""

    examined: Examined
    weaknesses: tuple[Weakness, ...] = ()
    kept: frozenset[str] = field(default_factory=frozenset)
    """Checks that were not made anew: what they found before still holds."""


def look(
    contract: Contract,
    chain: Chain,
    means: Means,
    before: Examined | None,
    beat: Callable[[], None] = lambda: None,
) -> Seen:
    """Return how a contract stands; `before` is how it stood, `beat` is called before each piece of
    work that may take seconds. Raises `TransientError` when no node answers."""
    proxied = resolved(chain, contract.address)
    runs = proxied.implementation or contract.address
    if not chain.code(runs):
        return _absent(contract, proxied, runs)
    named = means.named.get(contract.address, {})
    sources = means.sources.afresh()
    codes = list(parts(contract, chain, proxied, sources, named, beat))
    main, subjects = codes[0].subject, [one.subject for one in codes]
    braked = contract.holds_value and contract.role not in DECIDING
    able = brakes.ready(chain, means.pulls) if braked else []
    ours = [one for one in means.asking.scenes if one.call.to == contract.address]
    scenes, broken = playing(chain, ours if braked else [])
    asking = replace(means.asking, scenes=scenes)
    functions, untried = brakes.covered(subjects if braked else [], able, asking, beat)
    compared, kept = _upgraded(codes, sources, before, beat)
    decides = authority.authority(main)
    weaknesses = list(authority.weaknesses(main))
    for one in codes:
        beat()
        weaknesses += one.weaknesses()
    weaknesses += gaps.weaknesses(functions, means.pulls)
    weaknesses += compared.weaknesses
    unseen = [
        *([proxied.trouble] if proxied.trouble else []),
        *compared.unknown,
        *(line for one in codes for line in one.unseen()),
        *([untried] if untried else []),
        *broken,
        *(
            f"brake {one.name}: it cannot be pulled now"
            for one in means.pulls
            if braked and one not in able
        ),
    ]
    told = decides.words if decides is not None else ""
    examined = _examined(contract, proxied, main.code, source(codes), told, functions, unseen)
    return Seen(examined, tuple(weaknesses), kept)


def _upgraded(
    codes: Sequence[Part], sources: Sources, before: Examined | None, beat: Callable[[], None]
) -> tuple[Compared, frozenset[str]]:
    """Compare the storage of the codes that ran before with that of those that run now; return also
    the checks whose findings of before still hold."""
    now = _behind(codes[0].subject.proxied.implementation, codes[0].subject.proxied.facets)
    was = [] if before is None else _behind(before.implementation, before.facets)
    if before is None or not was:
        return Compared(), frozenset()
    if set(was) == set(now):
        said = [line for line in before.unseen if line.startswith(storage.UPGRADE)]
        return Compared((), tuple(said[: storage.MOST_UNKNOWN])), frozenset({storage.LAYOUT})
    chain, known = codes[0].subject.chain, {one.runs: one.subject.known for one in codes}
    old = list[Code]()
    for place in was:
        beat()
        if code := chain.code(place):
            its = known[place] if place in known else sources.look(place, code)[0].known
            old.append(Code(code, its))
    new = [Code(one.subject.code, one.subject.known) for one in codes if one.runs in now]
    return storage.upgraded(old, new), frozenset()


def _behind(implementation: str | None, facets: Iterable[str]) -> list[str]:
    """Return where the codes lie that a contract can be led to run in place of its own."""
    return [*([] if implementation is None else [implementation]), *facets]


def _absent(contract: Contract, proxied: Proxied, runs: str) -> Seen:
    where = "there" if runs == contract.address else f"at its implementation {runs}"
    gone = Weakness("no-code", "high", f"there is no code {where}", names=(runs,))
    return Seen(_examined(contract, proxied, b"", "not asked", "", (), ()), (gone,))


def _examined(  # noqa: PLR0913, PLR0917 - the record's own fields
    contract: Contract,
    proxied: Proxied,
    code: bytes,
    known: Source,
    decides: str,
    functions: Sequence[Covered],
    unseen: Sequence[str],
) -> Examined:
    return Examined(
        address=contract.address,
        name=contract.name,
        role=contract.role,
        code_hash="0x" + keccak(code).hex() if code else "",
        proxy=proxied.kind,
        implementation=proxied.implementation,
        facets=tuple(proxied.facets),
        authority=decides[:500],
        source=known,
        functions=tuple(functions[:MOST_FUNCTIONS]),
        unseen=tuple(line[:500] for line in unseen[:MOST_UNSEEN]),
    )
