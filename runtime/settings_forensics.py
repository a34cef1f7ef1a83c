"""Settings of what is kept: the forensic record, evidence of incidents, the archive of topics."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from runtime.settings_kinds import Group, Names


class ForensicsSettings(Group):
    """The forensic record: where it is kept, and who vouches for it."""

    database: SecretStr | None = None
    """A postgresql:// address; none: a SQLite file in the home folder."""
    database_file: Path | None = None
    """Instead of the address itself: a file that holds it, for its owner alone."""
    origin: Annotated[str, Field(pattern=r"^[^\s+]{1,255}$")] | None = None
    """The log's name, for ever: an address without its scheme, reachable or not."""
    signing_key: Path | None = None
    seal_seconds: Annotated[float, Field(gt=0)] = 5.0
    """A checkpoint is signed so often, if there is anything new; at a brake, at once."""
    witnesses: dict[str, str] = Field(default_factory=dict)
    """Who cosigns checkpoints: each by its key, NAME+ID+KEY, with its http(s):// address."""
    anchor_contract: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")] | None = None
    """A `RecordAnchor` of this log; none: no root goes on chain."""
    anchor_endpoints: Annotated[Names, Field(repr=False)] = ()
    """Nodes of its chain; none: those of evm.endpoints."""
    anchor_keystore: Path | None = None
    """The one account that writes there; never one that brakes."""
    anchor_password_file: Path | None = None
    anchor_minutes: Annotated[float, Field(gt=0)] = 10.0
    """A root is written so often, if there is a longer one; at a brake, at once."""
    anchor_brakes_per_day: Annotated[int, Field(ge=1, le=1440)] = 48
    """Roots written at once, in any 24 hours: one when a brake is sent, with its intent, one when
    it is mined. A brake beyond that waits for its turn."""
    anchor_brakes_per_protocol: Annotated[int, Field(ge=1, le=1440)] = 12
    """Of those, for the brakes of one protocol."""
    anchor_fee_cap_gwei: Annotated[int, Field(gt=0)] = 100
    web_host: str = "127.0.0.1"
    web_port: Annotated[int, Field(ge=0, le=65535)] = 6067


class EvidenceSettings(Group):
    """How an incident's evidence is collected (`firebreak case`)."""

    endpoints: Annotated[Names, Field(repr=False)] = ()
    """Nodes to ask, best one that keeps old states and traces; none: those that ingest reads."""
    labels: Path | None = None
    """A TOML file of known addresses: mixers, bridges, exchanges; see `docs/evidence.md`."""
    timestamp_authority: Annotated[str | None, Field(repr=False)] = None
    """The http(s):// address of a time-stamping authority (RFC 3161) that stamps what is sealed."""
    authority_roots: Path | None = None
    """A PEM file with the root certificates of the authorities whose stamps are believed."""
    answer_seconds: Annotated[float, Field(gt=0)] = 60.0
    """The longest that one answer of a node may take."""
    lookback_blocks: Annotated[int, Field(ge=0)] = 50
    """How many blocks before the attack are looked through for how it was prepared."""
    follow_blocks: Annotated[int, Field(ge=0)] = 300
    """Through how many blocks after the last alert the funds are followed, at most."""


class ArchiveSettings(Group):
    """Where records are kept beyond what their topics keep."""

    folder: Path | None = None
    """None: `archive` in the home folder."""
