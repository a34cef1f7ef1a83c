"""The console's settings: where it is, who may come in, and as what."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from runtime.secrets import one_secret
from runtime.settings_kinds import Group, Names, Wallets

RoleName = Literal["viewer", "responder", "approver", "admin"]

_LOOPBACK_NAMES = {"localhost"}


def is_loopback(host: str) -> bool:
    """Say whether this name or address is this very machine."""
    try:
        return host in _LOOPBACK_NAMES or ip_address(host).is_loopback
    except ValueError:
        return False


def safe_address(given: str) -> str:
    """Return an http address whose answers nobody on the way can change: https, or this machine.

    Raises `ValueError` for any other.
    """
    parts = urlsplit(given)
    near = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not parts.hostname or not (parts.scheme == "https" or near):
        raise ValueError("has to begin with https:// (http:// for this machine alone)")
    if parts.fragment or parts.username:
        raise ValueError("an address without fragment or user")
    return given


class PersonSettings(Group):
    """Somebody who may come in. Whatever they sign in with, they are one person."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    role: RoleName
    wallets: Wallets = ()
    """Addresses of accounts whose keys they hold."""
    subjects: Names = ()
    """What the identity provider calls them: the `sub` of its tokens."""


class ConsoleSettings(Group):
    """What people look at and decide with (`firebreak console`)."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8088
    url: str | None = None
    """The address that browsers see: https://, or http:// on this machine alone. None: host and
    port."""
    people: tuple[PersonSettings, ...] = ()
    groups: dict[str, RoleName] = Field(default_factory=dict)
    """What the identity provider's groups may do, for those that are not named above."""
    oidc_issuer: str | None = None
    oidc_client: str = "firebreak"
    oidc_secret: SecretStr | None = None
    oidc_secret_file: Path | None = None
    oidc_groups_claim: str = "groups"
    chains: Names = ("eip155:1",)
    """Chains that a wallet may name when it signs in."""
    idle_seconds: Annotated[int, Field(ge=60, le=86_400)] = 1800
    session_seconds: Annotated[int, Field(ge=60, le=604_800)] = 43_200
    """The longest that anybody is signed in, busy or not."""
    sessions_file: Path | None = None
    """Where sessions outlive a restart, for this console alone; None: in memory, and a restart
    signs everybody out."""
    proposal_seconds: Annotated[int, Field(ge=60, le=604_800)] = 3600
    """How long a proposal waits for a second person."""
    history_hours: Annotated[int, Field(ge=1, le=2160)] = 72
    """How far back alerts and actions are read at the start."""
    log_url: str | None = None
    """Where the transparency log answers; None: no line is said to be proved."""
    risk_keys: Path | None = None
    """A folder of `*.pub.pem`: keys whose figures of risk are shown. None: all are, and it is said
    that nobody checks who signed them."""
    proxies: Names = ()
    """Addresses of proxies whose word on where a request comes from is believed."""

    @field_validator("url", "oidc_issuer", "log_url")
    @classmethod
    def _safe_to_talk_to(cls, given: str | None) -> str | None:
        if given is None:
            return None
        if "?" in safe_address(given):
            raise ValueError("an address without a query")
        return given.rstrip("/")

    @model_validator(mode="after")
    def _nobody_twice(self) -> Self:
        for what, names in (
            ("name", [one.name for one in self.people]),
            ("wallet", [wallet for one in self.people for wallet in one.wallets]),
            ("subject", [subject for one in self.people for subject in one.subjects]),
        ):
            double = {name for name in names if names.count(name) > 1}
            if double:
                raise ValueError(f"{what} {min(double)} belongs to two people, or is there twice")
        return self

    def secret(self) -> SecretStr | None:
        """Return the secret of this client at the identity provider, None for a public one."""
        return one_secret("console.oidc_secret", self.oidc_secret, self.oidc_secret_file)

    def address(self, port: int) -> str:
        """Return the address that browsers see, when it listens on `port`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.url or f"http://{host}:{port}"
