"""Operations that a contract of a protocol should not be able to reach."""

from collections.abc import Iterator, Mapping

from assurance.proxies import BEACON, IMPLEMENTATION
from assurance.selectors import CUT, selectors
from assurance.subject import Subject
from assurance.values import Term
from assurance.walk import Act
from assurance.weakness import Weakness

UPGRADES: Mapping[int, str] = selectors(f"""
    upgradeToAndCall(address,bytes) upgradeAndCall(address,address,bytes) {CUT}
""")
"""Functions that set up the code that they put in place, as EIP-1822, EIP-2535 and OpenZeppelin
have it. Who may call them is asked by `authority` and `doors`."""

SAFE: Mapping[int, str] = selectors("""
    execTransactionFromModule(address,uint256,bytes,uint8)
    execTransactionFromModuleReturnData(address,uint256,bytes,uint8)
    execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)
    setup(address[],uint256,address,bytes,address,address,uint256,address)
    simulateAndRevert(address,bytes)
""")
"""Functions of a Safe that run what its owners decide, of a contract that the manifest calls so."""

_CANCUN = "since Cancun its code stays, unless it is destroyed in the transaction that created it"


def weaknesses(subject: Subject) -> Iterator[Weakness]:
    """Return what the code of a contract can do that it should not."""
    yield from _destroys(subject)
    yield from _delegates(subject)
    compared = [act for act in subject.walk.of("origin compared") if act.target != Term("caller")]
    if compared:
        yield Weakness(
            "tx-origin",
            "medium",
            f"it decides by tx.origin in {_where(subject, compared)}: whoever is led to call "
            "another contract lends it his rights here",
        )


def _destroys(subject: Subject) -> Iterator[Weakness]:
    destroys, creates = subject.walk.of("destroy"), subject.walk.of("create2")
    if not destroys:
        return
    yield Weakness(
        "self-destruct",
        "high",
        f"it can destroy itself in {_where(subject, destroys)}: what it holds is gone then",
        evidence=(_CANCUN,),
    )
    if creates:
        yield Weakness(
            "metamorphic",
            "high",
            f"it creates at chosen addresses in {_where(subject, creates)} and can destroy: other "
            "code may come to stand at the same address",
            evidence=(_CANCUN,),
        )


def _delegates(subject: Subject) -> Iterator[Weakness]:
    meant = {**UPGRADES, **SAFE} if subject.role == "safe" else UPGRADES
    delegated = [act for act in subject.walk.of("delegate call") if act.function not in meant]
    named = [act for act in delegated if _kind(act) in ("calldata", "first word")]
    if subject.proxied.facets and subject.led is None:  # its facets are looked at themselves
        delegated = [act for act in delegated if act.function is not None]
    if named:
        yield Weakness(
            "delegates-to-caller",
            "high",
            f"{_where(subject, named)} runs code that the caller names on its own storage",
        )
    kept = [
        act
        for act in delegated
        if isinstance(act.target, Term)
        and act.target.kind == "storage"
        and act.target.detail not in (IMPLEMENTATION, BEACON)
    ]
    if kept:
        slots = sorted({_slot(act) for act in kept})
        yield Weakness(
            "delegates-to-storage",
            "medium",
            f"{_where(subject, kept)} runs code whose address it keeps in {', '.join(slots)}: "
            "whoever writes there replaces the code, and no EIP-1967 slot shows it",
        )
    unknown = [act for act in delegated if _kind(act) in ("memory", "")]
    if unknown and subject.proxied.kind != "beacon":
        yield Weakness(
            "delegates-to-computed",
            "low",
            f"{_where(subject, unknown)} runs code at an address that it computes or is told",
        )


def _kind(act: Act) -> str:
    if isinstance(act.target, Term):
        return act.target.kind
    return "" if act.target is None else "fixed"


def _slot(act: Act) -> str:
    if isinstance(act.target, Term) and act.target.detail is not None:
        return f"slot {act.target.detail:#x}"
    return "a slot that it computes"


def _where(subject: Subject, acts: list[Act]) -> str:
    names = sorted({subject.name(act.function) for act in acts})
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
