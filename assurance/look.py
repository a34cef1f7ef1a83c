"""One contract looked at: every check, once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from eth_utils.crypto import keccak

from assurance.chain import Chain
from assurance.checks import authority, brakes, doors, operations, prices, storage
from assurance.checks.brakes import NOTHING, Asking, Pull
from assurance.checks.storage import Code
from assurance.opinions import NOTHING as NOTHING_HEARD
from assurance.opinions import Heard
from assurance.proxies import Proxied, resolved
from assurance.scenes import playing
from assurance.sources import Sources
from assurance.subject import Subject
from assurance.weakness import Weakness
from schemas.assurance import Covered, Examined, Source
from schemas.manifest import Contract

MOST_FUNCTIONS = 512
MOST_UNSEEN = 64

DECIDING = ("gate", "governor", "oracle", "safe", "timelock")
"""Roles of contracts that decide or tell: nobody plans a brake for what they move."""

_NOBODY_KNOWS = Weakness("source-absent", "medium", "nobody knows the source of the code that runs")


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


def look(contract: Contract, chain: Chain, means: Means, before: Examined | None) -> Seen:
    """Return how a contract stands; `before` is how it stood. Raises `TransientError` when no node
    answers."""
    proxied = resolved(chain, contract.address)
    runs = proxied.implementation or contract.address
    code = chain.code(runs)
    if not code:
        return _absent(contract, proxied, runs)
    verdict, trouble = means.sources.look(runs, code)
    known = verdict.known
    if not known.signatures:
        known = replace(known, signatures=means.named.get(contract.address, {}))
    subject = Subject(chain, contract.address, contract.role, proxied, code, known)
    braked = contract.holds_value and contract.role not in DECIDING
    able = brakes.ready(chain, means.pulls) if braked else []
    ours = [one for one in means.asking.scenes if one.call.to == contract.address]
    scenes, broken = playing(chain, ours if braked else [])
    asking = replace(means.asking, scenes=scenes)
    functions = brakes.covered(subject, able, asking) if braked else []
    clashing, uncompared, kept = _upgraded(subject, means.sources, before)
    decides = authority.authority(subject)
    unseen = [
        *([f"its source: {trouble}"] if trouble else []),
        *uncompared,
        *([] if subject.walk.complete else ["its code: not all ways could be followed"]),
        *broken,
        *(
            f"brake {one.name}: it cannot be pulled now"
            for one in means.pulls
            if braked and one not in able
        ),
    ]
    weaknesses = (
        *([_NOBODY_KNOWS] if verdict.source == "absent" else []),
        *authority.weaknesses(subject),
        *operations.weaknesses(subject),
        *doors.weaknesses(subject),
        *prices.weaknesses(subject),
        *brakes.weaknesses(functions, means.pulls),
        *clashing,
    )
    told = decides.words if decides is not None else ""
    examined = _examined(contract, proxied, code, verdict.source, told, functions, unseen)
    return Seen(examined, weaknesses, kept)


def _upgraded(
    subject: Subject, sources: Sources, before: Examined | None
) -> tuple[Sequence[Weakness], Sequence[str], frozenset[str]]:
    """Compare the storage of the code that ran before with that of the code that runs now: what
    clashes, what could not be compared, and the checks whose findings of before still hold."""
    old = before.implementation if before is not None else None
    if before is None or old is None:
        return [], [], frozenset()
    if old == subject.proxied.implementation:
        said = [line for line in before.unseen if line.startswith(storage.UPGRADE)]
        return [], said[: storage.MOST_UNKNOWN], frozenset({storage.LAYOUT})
    code = subject.chain.code(old)
    verdict, _ = sources.look(old, code)
    found = storage.upgraded([Code(code, verdict.known)], [Code(subject.code, subject.known)])
    return found.weaknesses, found.unknown, frozenset()


def _absent(contract: Contract, proxied: Proxied, runs: str) -> Seen:
    where = "there" if runs == contract.address else f"at its implementation {runs}"
    gone = Weakness("no-code", "high", f"there is no code {where}", names=(runs,))
    return Seen(_examined(contract, proxied, b"", "not asked", "", (), ()), (gone,))


def _examined(  # noqa: PLR0913, PLR0917 - the record's own fields
    contract: Contract,
    proxied: Proxied,
    code: bytes,
    source: Source,
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
        authority=decides[:500],
        source=source,
        functions=tuple(functions[:MOST_FUNCTIONS]),
        unseen=tuple(line[:500] for line in unseen[:MOST_UNSEEN]),
    )
