"""The chain of custody of a bag: who collected what, when, why, with which tools (ISO/IEC 27037).

The standard asks that evidence is auditable, repeatable and justifiable: the record names the
person and the reason, the bag holds every question and answer, and the analysis runs again from it.
Who hands a bag on notes that beside it: a bag is never changed.
"""

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.errors import PoisonRecordError

FILE = "custody.json"

TOOLS = ("firebreak", "msgspec", "requests", "web3")
"""The packages that touch evidence on its way, by their names on PyPI."""

Words = Annotated[str, Meta(min_length=1, max_length=1000)]


class Custody(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How the evidence of one incident came into one bag."""

    incident: str
    chain: str
    protocol: str
    who: Words
    """The person who collected it, in their own words: name, role."""
    why: Words
    began: str
    """ISO 8601, in UTC, by the clock of the machine that collected."""
    ended: str
    machine: str
    tools: dict[str, str]
    """What was used, by name and version."""
    node: str = ""
    """What the node says it is (`web3_clientVersion`)."""
    last_block: int = 0
    hop_limit: int
    account_limit: int
    lookback: int
    """How many blocks before the attack were looked through."""
    follow: int
    """How many blocks after the first theft were looked through, at most."""
    missing: tuple[str, ...] = ()
    """What the node could not give, each once."""


def tools() -> dict[str, str]:
    """Return what collects, by name and version."""
    found = {name: version(name) for name in TOOLS}
    return found | {"python": platform.python_version()}


def machine() -> str:
    """Return on what kind of machine this runs; not which one."""
    return f"{platform.system()} {platform.release()} {platform.machine()}"


def moment(nanoseconds: int) -> str:
    """Return a time as ISO 8601 in UTC, to the millisecond."""
    at = datetime.fromtimestamp(nanoseconds / 1e9, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read(data: bytes) -> Custody:
    """Read the record of a bag. Raises `PoisonRecordError`."""
    try:
        return msgspec.json.decode(data, type=Custody)
    except msgspec.MsgspecError as error:
        raise PoisonRecordError(f"{FILE}: {str(error)[:300]}") from error
