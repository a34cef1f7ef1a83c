"""Settings of what is said to neighbours and heard from them over HTTP. Silent unless told."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from runtime.settings_kinds import Group, Names
from schemas.alerts import Severity
from schemas.signals import MAX_LIFETIME, Tlp


class SignalsSettings(Group):
    """How our own cases become signals, and where neighbours' arrive."""

    publish: bool = False
    """Sign and send signals about our own cases."""
    keystore: Path | None = None
    """The account that signs them; never one that brakes."""
    keystore_password: SecretStr | None = None
    keystore_password_file: Path | None = None
    kms_key: str | None = None
    """Instead of a keystore: the id, ARN or alias of a key that AWS KMS keeps."""
    signer_socket: Path | None = None
    """Instead of either: the socket of a `firebreak signer` that keeps the key."""
    sequence: Path | None = None
    """The file that keeps the highest sequence; default: in the home folder."""
    least_severity: Severity = "high"
    """Cases below it are our own business."""
    after: Literal["detect", "respond", "recover", "confirmed"] = "respond"
    """How far a case has to have come: alerts alone, a brake under way, one that holds, a cause
    that people recorded."""
    tlp: Tlp = "amber"
    """Who may be told (TLP 2.0); only what is `clear` may go on chain."""
    lifetime_seconds: Annotated[int, Field(ge=600, le=MAX_LIFETIME)] = 21_600
    """How long a signal counts; it is issued again while its case goes on."""
    subscribers: Path | None = None
    """A TOML file that names whom signals are sent to over HTTPS."""
    registry: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")] | None = None
    """A contract that our signals, those that are `clear`, are posted to; none: no chain."""
    registry_armed: bool = False
    """Send to it; otherwise calls are tried out and none is sent."""
    registry_endpoints: Annotated[Names, Field(repr=False)] = ()
    """Nodes of its chain."""
    registry_keystore: Path | None = None
    """An account of its own that pays; it signs nothing else, and neither brakes nor issues."""
    registry_password_file: Path | None = None
    registry_fee_cap_gwei: Annotated[int, Field(gt=0)] = 50
    registry_posts_per_day: Annotated[int, Field(ge=1, le=1440)] = 24
    web_host: str = "127.0.0.1"
    web_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """Where neighbours' signals are taken over HTTP; none: nowhere."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    """Both in PEM; needed wherever others than this machine can connect."""

    @model_validator(mode="after")
    def _beyond_this_machine_only_with_tls(self) -> Self:
        local = self.web_host in ("127.0.0.1", "::1", "localhost")
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together: set both")
        if self.web_port is not None and not local and self.tls_certificate is None:
            raise ValueError(f"{self.web_host} needs tls_certificate and tls_key; or use 127.0.0.1")
        return self
