"""Who is told of what, and how."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from runtime.settings_kinds import Group, Name, Names, Wallets
from schemas.alerts import Severity


class Rung(Group):
    """One step of telling people."""

    after: Annotated[float, Field(ge=0)] = 0.0
    """Seconds since the case became that grave."""
    tell: Names
    """The channels, by name."""


class PagingSettings(Group):
    """Who is told of what, and how."""

    channels: dict[Name, Path] = Field(default_factory=dict)
    """By name: a file that holds an Apprise address, for its owner alone."""
    urls: dict[Name, SecretStr] = Field(default_factory=dict, repr=False)
    """By name: the address itself, for those who keep secrets in the environment."""
    ladders: dict[Severity, tuple[Rung, ...]] = Field(default_factory=dict)
    """By severity, first step first; nobody is told of one that has none."""
    silence: tuple[Rung, ...] = ()
    """For services that fall silent; none: as for `critical`."""
    repeat_seconds: Annotated[float, Field(ge=1)] = 900.0
    """How often the last step is taken again."""
    watch: Names = ("ingest", "detect", "respond", "incidents")
    """Services of which somebody must be heard."""
    newest_seconds: Annotated[int, Field(gt=0)] = 86_400
    """A case whose newest block is older than this when it is first seen wakes nobody."""
    outward_url: SecretStr | None = None
    """Asked once a period while the pager works: who is not asked any more tells people."""
    outward_url_file: Path | None = None
    people_keys: Path | None = None
    """A folder of `*.pub.pem`: whose acknowledgements and recoveries are believed. Where neither
    these nor wallets are named, everybody's are."""
    people_wallets: Wallets = ()
    """Addresses of accounts: whose acknowledgements in the console are believed."""
