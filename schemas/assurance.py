"""Records of continuous auditing: what was found about contracts, and how they stand."""

from typing import Annotated, Literal

from msgspec import Meta

from schemas.alerts import Sentence, Severity
from schemas.base import Part, Record
from schemas.units import Address, Chain, Height, Id, Key, Name, Seconds

Proxy = Literal["none", "fixed", "transparent", "uups", "beacon", "other"]
"""How a contract's code is found: it is its own; another's for ever; another's that an admin, the
code itself or a beacon names; another's that is named in some other way."""

Source = Literal["exact", "apart from metadata", "absent", "not asked"]
"""Whether source is known whose code this is: to the byte, but for the metadata that a compiler
appends, not at all; or nobody was told where to look."""

Stance = Literal["braked", "partly", "goes on", "restricted", "not shown"]
"""What becomes of a function while a brake holds: it stops; some of its uses stop; nothing stops;
strangers may not call it anyway; no call could be made that tells."""


class Finding(Record, tag="finding", frozen=True, kw_only=True):
    """A weakness of one contract. Its id names contract, code and weakness, so the same one found
    again is the same record. Keyed by protocol."""

    id: Id
    chain: Chain
    protocol: Key
    contract: Address | None
    """None: it is in the protocol's source, whatever runs."""
    weakness: Key
    """Which kind of weakness it is."""
    severity: Severity
    state: Literal["open", "resolved"] = "open"
    """Resolved: the chain does not show it any more."""
    block: Height
    """The newest one whose state was looked at."""
    timestamp: Seconds
    tx: str = ""
    """The deployment or upgrade that brought it; empty for what was there before anybody looked."""
    summary: Sentence
    evidence: Annotated[tuple[Sentence, ...], Meta(max_length=64)] = ()


class Covered(Part, frozen=True, kw_only=True):
    """A function that moves assets, and what brakes do to it."""

    function: Name
    """Its signature; its selector where that is not known."""
    direction: Literal["in", "out"]
    """Whether assets can leave by it."""
    stance: Stance
    brakes: Annotated[tuple[Key, ...], Meta(max_length=64)] = ()
    """Those that stop it."""


class Examined(Part, frozen=True, kw_only=True):
    """One contract as it stood."""

    address: Address
    name: Name = ""
    role: Key
    code_hash: str
    """Of the code that runs: the implementation's, for a proxy. Empty where there is no code."""
    proxy: Proxy = "none"
    implementation: Address | None = None
    facets: Annotated[tuple[Address, ...], Meta(max_length=128)] = ()
    """Of a diamond: whose code it runs, each for some functions."""
    authority: Sentence = ""
    """Who may replace the code, in words; empty where nobody can."""
    source: Source = "not asked"
    functions: Annotated[tuple[Covered, ...], Meta(max_length=512)] = ()
    unseen: Annotated[tuple[Sentence, ...], Meta(max_length=64)] = ()
    """What could not be looked at, and why."""


class Assessment(Record, tag="assessment", frozen=True, kw_only=True):
    """How all contracts of a protocol stand at a block. Keyed by protocol; the newest counts."""

    id: Id
    chain: Chain
    protocol: Key
    block: Height
    timestamp: Seconds
    contracts: Annotated[tuple[Examined, ...], Meta(max_length=5000)]
    findings: Annotated[tuple[Finding, ...], Meta(max_length=5000)] = ()
    """Those that are open."""
