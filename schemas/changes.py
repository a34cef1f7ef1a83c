"""Records of how Firebreak itself was changed: its configuration, its arming. Keyed by service."""

from typing import Annotated

from msgspec import Meta, field

from schemas.alerts import Sentence
from schemas.base import Record
from schemas.units import Chain, Id, Key, Microseconds, Name

MAX_MANIFEST = 1_048_576
"""Characters of a manifest that are told: escaped, they still fit into a record."""

Setting = Annotated[str, Meta(max_length=4096)]


class Configuration(Record, tag="configuration", frozen=True, kw_only=True):
    """With what a service began its work; published before it does any. Behind it comes one more of
    them for each manifest, with what that says."""

    id: Id
    service: Name
    time: Microseconds
    """When it began, in microseconds since 1970, by its own clock."""
    version: Name
    """Of the program."""
    settings: dict[Name, Setting]
    """Every setting by its path. Secrets are masked, and so is what may be one in an address."""
    manifests: dict[Name, Id] = field(default_factory=dict)
    """The SHA-256 of each manifest that it read, by file name."""
    manifest: Id | None = None
    """The SHA-256 of the one manifest that this record tells; it has no settings then."""
    text: Annotated[str, Meta(max_length=MAX_MANIFEST)] = ""
    """What that manifest says, or the beginning of it. What may be a secret is masked."""
    whole: bool = False
    """The text is the file, byte for byte: nothing was masked, cut off or unreadable."""


class Intent(Record, tag="intent", frozen=True, kw_only=True):
    """Somebody is about to turn a responder's switch; published before it is touched."""

    id: Id
    service: Name
    time: Microseconds
    """By the clock of whoever turns it."""
    armed: bool
    """Where to: one person's word of the two that it takes, or off."""
    switch: Annotated[str, Meta(max_length=4096)]
    """Which: the journal that it lies beside."""
    reason: Sentence = ""
    """What was said for disarming."""
    key: Annotated[str, Meta(max_length=128)] = ""
    """The id of the key that arms; disarming takes none."""


class Arming(Record, tag="arming", frozen=True, kw_only=True):
    """A responder signs brakes from now on, and none before the topic has this; or it does not any
    more, published as it notices."""

    id: Id
    service: Name
    chain: Chain
    time: Microseconds
    armed: bool
    reason: Sentence = ""
    """What was said when it was disarmed."""
    keys: Annotated[tuple[Key, ...], Meta(max_length=16)] = ()
    """The ids of the people's keys that armed it."""
