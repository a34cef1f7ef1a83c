"""Who is behind an address, by a file that its user supplies: mixers, bridges, exchanges, others.

One TOML file with a version of its own, so that a report can say which one it rests on:

    version = "2026-11-01"
    source = "where it was compiled from"

    [[labels]]
    account = "eip155:1:0x..."     # CAIP-10
    kind = "mixer"                 # mixer, bridge, exchange, protocol, account
    name = "what people call it"

None is shipped: which addresses are whose changes weekly and is for its reader to judge.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from schemas.errors import ConfigurationError, PoisonRecordError
from schemas.units import Name, split_account

MAX_BYTES = 32 * 1024 * 1024
MAX_LABELS = 200_000

LabelKind = Literal["mixer", "bridge", "exchange", "protocol", "account"]


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said about one account."""

    account: Annotated[str, Meta(max_length=84)]
    kind: LabelKind
    name: Name = ""


class Labels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of labels."""

    version: Annotated[str, Meta(min_length=1, max_length=64)]
    labels: Annotated[tuple[Label, ...], Meta(max_length=MAX_LABELS)] = ()
    source: Annotated[str, Meta(max_length=500)] = ""

    def on(self, chain: str) -> Mapping[str, Label]:
        """Return the labels of one chain by address."""
        accounts = ((split_account(label.account.lower()), label) for label in self.labels)
        return {address: label for (name, address), label in accounts if name == chain}


def parse_labels(data: bytes, where: str) -> Labels:
    """Read the bytes of a file. Raises `ConfigurationError` that says what is wrong in it."""
    if len(data) > MAX_BYTES:
        raise ConfigurationError(f"{where}: {len(data):,} bytes, the limit is {MAX_BYTES:,}")
    try:
        found = msgspec.convert(tomllib.loads(data.decode()), Labels)
        for label in found.labels:
            split_account(label.account.lower())
    except (ValueError, PoisonRecordError) as error:
        raise ConfigurationError(f"{where}: {str(error)[:300]}") from error
    return found


def read_labels(path: Path) -> bytes:
    """Return the file's bytes, bounded. Raises `ConfigurationError` when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error}") from error
