"""Who may replace a proxy's code: nobody, a Safe, a timelock, or one person's key."""

from collections.abc import Iterator
from dataclasses import dataclass

from assurance.chain import Chain, address, asked, number
from assurance.selectors import CUT, OLD_CUT, calldata, selectors
from assurance.subject import STRANGER, Subject
from assurance.walk import walk
from assurance.weakness import Weakness
from schemas.alerts import Severity

MAX_HOPS = 5
ENOUGH = 86_400
"""Seconds that a timelock gives people to object."""

_CUT = selectors(f"{CUT} {OLD_CUT}").keys()
_REPLACE = selectors("""
    _setPendingImplementation(address) _setImplementation(address)
    _setImplementation(address,bool,bytes)
""").keys()
"""Of Compound's proxies, which name an `admin`."""
_DELEGATED = bytes.fromhex("ef0100")
"""What an account's code begins with that has delegated itself (EIP-7702): still one key."""
_MOST_OWNERS = 10_000


@dataclass(frozen=True, slots=True)
class Authority:
    """Who decides, in words, and how grave that is; None: as it should be."""

    words: str
    severity: Severity | None = None


def authority(subject: Subject) -> Authority | None:
    """Return who may replace the code of a contract; None where nobody can."""
    proxied, chain = subject.proxied, subject.chain
    match proxied.kind:
        case "none" | "fixed":
            return None
        case "transparent" if proxied.admin is not None:
            return _judged(chain, proxied.admin, "its admin", 0)
        case "beacon" if proxied.beacon is not None:
            return _owner(chain, proxied.beacon, "its beacon") or Authority(
                f"its beacon {proxied.beacon}, which names no owner", "low"
            )
        case "uups":
            return _owner(chain, subject.address, "its own code") or Authority(
                "its own code; it names no owner that could be asked"
            )
    return _other(subject) or Authority("its own code, by no EIP-1967 slot")


def weaknesses(subject: Subject) -> Iterator[Weakness]:
    """Return what is wrong with who may replace the code."""
    found = authority(subject)
    if found is not None and found.severity is not None:
        yield Weakness(
            "proxy-admin",
            found.severity,
            f"its code can be replaced by {found.words}",
            names=(found.words,),
        )


def _other(subject: Subject) -> Authority | None:
    """Return who may cut a diamond, or replace the code of a proxy of Compound's kind; None for one
    that does not say."""
    chain, here = subject.chain, subject.address
    own = walk(chain.code(here)).functions
    if not own.isdisjoint(_REPLACE):
        return _owner(chain, here, "its own code", question="admin()")
    led = own.union(subject.walk.functions, *subject.proxied.facets.values())
    if not led.isdisjoint(_CUT):
        return _owner(chain, here, "the diamond") or Authority(
            "the diamond's own code; it names no owner that could be asked"
        )
    if subject.proxied.facets:
        return Authority("nobody: nothing leads to diamondCut")
    return None


def _owner(
    chain: Chain, contract: str, whose: str, hops: int = 0, question: str = "owner()"
) -> Authority | None:
    """Return who owns a contract; None for one that does not say."""
    word = number(asked(chain, contract, calldata(question), STRANGER))
    if word is None:
        return None
    owner = address(word)
    if owner is None:
        return Authority(f"nobody: {whose} has no owner any more")
    return _judged(chain, owner, f"the owner of {whose}", hops + 1)


def _judged(chain: Chain, who: str, title: str, hops: int) -> Authority:
    code = chain.code(who)
    if not code or code.startswith(_DELEGATED):
        return Authority(f"{title}, {who}, an account with one key", "high")
    found = _safe(chain, who, title) or _timelock(chain, who, title)
    if found is not None:
        return found
    if number(asked(chain, who, calldata("votingPeriod()"), STRANGER)) is not None:
        return Authority(f"{title}, the Governor {who}")
    if hops < MAX_HOPS:
        owned = _owner(chain, who, f"{title} {who}", hops)
        if owned is not None:
            return owned
    return Authority(f"{title}, a contract {who} that does not say who decides", "low")


def _safe(chain: Chain, who: str, title: str) -> Authority | None:
    threshold = number(asked(chain, who, calldata("getThreshold()"), STRANGER))
    owners = _count(asked(chain, who, calldata("getOwners()"), STRANGER))
    if not threshold or not owners:
        return None
    told = f"{title}, the Safe {who}, {threshold} of {owners} owners"
    return Authority(told, "medium" if threshold == 1 else None)


def _count(answer: bytes) -> int:
    """Return how long a list is that a contract answers, 0 for what is none."""
    if len(answer) < 64 or number(answer[:32]) != 32:
        return 0
    length = number(answer[32:64]) or 0
    return length if length < _MOST_OWNERS and len(answer) == 64 + 32 * length else 0


def _timelock(chain: Chain, who: str, title: str) -> Authority | None:
    for question in ("getMinDelay()", "delay()"):
        delay = number(asked(chain, who, calldata(question), STRANGER))
        if delay is None:
            continue
        told = f"{title}, the timelock {who}, after {delay:,} seconds"
        return Authority(told, "high" if delay == 0 else "low" if delay < ENOUGH else None)
    return None
