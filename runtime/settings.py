"""Settings: a flag beats an environment variable, which beats the file, which beats the default.

Every setting has an environment variable, `FIREBREAK_` and its path joined by `__`
(`FIREBREAK_KAFKA__SASL_PASSWORD`), and a place in the TOML file named by `FIREBREAK_CONFIG`
(default `firebreak.toml`). `KAFKA_BOOTSTRAP_SERVERS` is understood as well. Secrets are never
printed.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from runtime.logs import conceal, looks_secret
from runtime.secrets import one_secret, require_private
from runtime.settings_assurance import AssureSettings
from runtime.settings_console import ConsoleSettings
from runtime.settings_forensics import ArchiveSettings, EvidenceSettings, ForensicsSettings
from runtime.settings_kinds import Group, Names, SetName
from runtime.settings_paging import PagingSettings
from runtime.settings_risk import RiskSettings
from runtime.settings_signals import SignalsSettings
from runtime.settings_sources import (
    DEFAULT,
    DELIMITER,
    PREFIX,
    BootstrapSource,
    file_settings,
    origin,
    require_known_variables,
    unreadable_variables,
)
from schemas.errors import ConfigurationError

_NOT_LIBRDKAFKAS = {
    "options",
    "replication",
    "namespace",
    "sasl_password_file",
    "ssl_key_password_file",
}
_PRICES = ("depeg", "price-divergence", "stale-oracle", "volatility")
CORE = (
    "asset-outflow",
    "price-move",
    "call-shape",
    "call-novelty",
    "storage-invariant",
    "one-sided",
    "exploit-likeness",
    "declared-invariants",
    *_PRICES,
)
ACTS = (
    "governance",
    "privilege",
    "share-price",
    "mint-bridge",
    "approval-drain",
    "liquidation",
    "oracle-gap",
    "halt-requests",
)
_FINALITY = {"eip155:1": 64, "eip155:56": 15, "eip155:137": 128}


def _home() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "firebreak"


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "firebreak"


class KafkaSettings(Group):
    """How to reach Kafka."""

    bootstrap_servers: str = "127.0.0.1:9092"
    replication: Annotated[int, Field(ge=1)] | None = None
    """Copies of a topic that is created; none: as many as the cluster makes by default."""
    namespace: Annotated[str, Field(pattern=r"^([A-Za-z0-9_-]+\.)?$", max_length=64)] = ""
    """Goes in front of every topic and group; ends in a dot."""
    security_protocol: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = "plaintext"
    sasl_mechanism: str | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    sasl_password_file: Path | None = None
    """Instead of the password itself: a file that holds it, for its owner alone."""
    ssl_ca_location: Path | None = None
    ssl_certificate_location: Path | None = None
    ssl_key_location: Path | None = None
    ssl_key_password: SecretStr | None = None
    ssl_key_password_file: Path | None = None
    options: dict[str, str] = Field(default_factory=dict, repr=False)
    """Any other librdkafka option, as it is."""

    def librdkafka(self) -> dict[str, Any]:
        """Return the options in librdkafka's names, secrets included.

        Raises `ConfigurationError` when a secret's file cannot be used.
        """
        if self.ssl_key_location is not None:
            require_private(self.ssl_key_location)
        found: dict[str, Any] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is None or name in _NOT_LIBRDKAFKAS:
                continue
            plain = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            found[name.replace("_", ".")] = plain
        for option, secret in (
            ("sasl.password", self.secret("sasl_password")),
            ("ssl.key.password", self.secret("ssl_key_password")),
        ):
            if secret is not None:
                found[option] = secret.get_secret_value()
        return found | self.options

    def secret(self, name: Literal["sasl_password", "ssl_key_password"]) -> SecretStr | None:
        """Return a secret that was given as such or as a file, None when it was not given."""
        return one_secret(f"kafka.{name}", getattr(self, name), getattr(self, f"{name}_file"))


class EvmSettings(Group):
    """Which nodes to read a chain from."""

    endpoints: Annotated[Names, Field(repr=False)] = ()
    """IPC paths, ws:// or http:// addresses; the first that answers is used."""
    traces: Literal["auto", "parity", "geth", "none"] = "auto"
    pending: bool = False
    simulate: bool = True
    """With `pending`: also ask the node what waiting transactions would do, and score that."""
    start: Annotated[int, Field(ge=0)] | None = None
    """First block to publish when there is no checkpoint; none: the head."""
    request_seconds: Annotated[float, Field(gt=0)] = 10.0


class PostureSettings(Group):
    """What is remembered of accounts, for months."""

    addresses: Annotated[int, Field(ge=1_000, le=50_000_000)] = 1_000_000
    """Accounts that there is room for; 48 to 96 bytes each."""
    folder: Path | None = None
    """Where it is kept between two starts; without one a restart forgets it all."""
    mixers: Path | None = None
    """A text or CSV file that names the mixers' contracts, of every chain that is followed."""


class DetectSettings(Group):
    """Which detectors run, and how their alerts are signed."""

    sets: dict[SetName, Names] = Field(default_factory=lambda: {"core": CORE, "acts": ACTS})
    allowed: Names = (*CORE, *ACTS)
    signing_key: Path | None = None

    def names(self, set_name: str) -> tuple[str, ...]:
        """Return the detectors of a set. Raises `ConfigurationError` for one that is not named."""
        if set_name not in self.sets:
            known = ", ".join(sorted(self.sets)) or "none"
            raise ConfigurationError(f"no detector set {set_name!r}; detect.sets names: {known}")
        return self.sets[set_name]


class RespondSettings(Group):
    """How brakes are decided on and sent. Disarmed unless told otherwise."""

    armed: bool = False
    endpoints: Annotated[Names, Field(repr=False)] = ()
    trusted_keys: Path | None = None
    """A folder of `*.pub.pem`: whose alerts are believed."""
    signing_key: Path | None = None
    """An Ed25519 key of its own, which signs each step of a brake on `actions-v1`; none: they are
    not signed."""
    action_keys: Path | None = None
    """A folder of `*.pub.pem`: whose steps of brakes are believed by a responder that takes over,
    by the keeper of cases, by `case collect`, and by `audit keep`, which puts a root on chain out
    of turn for them. None: all are."""
    journal: Path | None = None
    arming_keys: Path | None = None
    """A folder of `*.pub.pem`: people's keys, of which two have to sign before it starts armed."""
    keystore: Path | None = None
    keystore_password: SecretStr | None = None
    keystore_password_file: Path | None = None
    kms_key: str | None = None
    """Instead of a keystore: the id, ARN or alias of a key that AWS KMS keeps."""
    signer_socket: Path | None = None
    """Instead of a keystore: where `firebreak signer` listens, which keeps the key."""
    heartbeat_keystore: Path | None = None
    """An account that renews the gates' authority; never the one that brakes."""
    heartbeat_password_file: Path | None = None
    heartbeat_socket: Path | None = None
    """Instead of a heartbeat keystore: a signer process of its own."""
    emergency: Path | None = None
    """A folder of what Safes signed beforehand, one `<address>.json` each. Without it, their owners
    are asked when there is something to brake."""
    safe_service: Annotated[str | None, Field(pattern=r"^https?://", repr=False)] = None
    """The Safes' transaction service: what comes before /api/ in its address."""
    proposer_socket: Path | None = None
    """Where the `firebreak signer` listens that keeps the key of who proposes to them."""
    fee_cap_gwei: Annotated[int, Field(gt=0)] = 500
    """The most a brake may ever pay per gas: an emergency's cap, not everyday's."""
    relay: Annotated[str | None, Field(repr=False)] = None
    """A private relay's http(s):// address; it has a brake before the public pool does."""
    relay_method: Literal["eth_sendRawTransaction", "eth_sendPrivateTransaction"] = (
        "eth_sendRawTransaction"
    )
    relay_blocks: Annotated[int, Field(gt=0)] = 2
    """After so many without it the brake goes to the public pool as well."""
    replace_after_blocks: Annotated[int, Field(gt=0)] = 3
    look_seconds: Annotated[float, Field(gt=0)] = 0.2
    """How often to look for a new block."""


class SignerSettings(Group):
    """What the signer process signs with, for whom, and what (`firebreak signer`)."""

    socket: Path | None = None
    policy: Path | None = None
    """A TOML file with its allow-list and caps."""
    keystore: Path | None = None
    keystore_password: SecretStr | None = None
    keystore_password_file: Path | None = None
    kms_key: str | None = None
    client_uid: Annotated[int, Field(ge=0)] | None = None
    """The one user it serves; none: the user it runs as."""


class ConsentsSettings(Group):
    """Where operators of a quorum hear each other by HTTP (`firebreak consents`)."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8440
    peers: Annotated[Names, Field(repr=False)] = ()
    """The other operators' addresses, http:// or https://."""

    @field_validator("peers")
    @classmethod
    def _over_http(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        if not all(one.startswith(("http://", "https://")) for one in given):
            raise ValueError("an operator's address begins with http:// or https://")
        return given


class IncidentsSettings(Group):
    """Where cases are kept and shown."""

    web_host: str = "127.0.0.1"
    web_port: int = 6066
    signing_key: Path | None = None
    """An Ed25519 key of its own, which signs the cases; none: they are not signed."""
    trusted_keys: Path | None = None
    """A folder of `*.pub.pem`: whose cases are believed by whoever reads them. None: all are."""


class LogSettings(Group):
    """How services log."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["json", "text"] = "json"


class HealthSettings(Group):
    """How a service shows that it works."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    beat_seconds: Annotated[float, Field(ge=0.5, le=3600)] = 30.0
    """A process tells the others twice in this time that it works; silent for two of these it is
    paged."""


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=DELIMITER,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    protocols: Path = Path("protocols")
    home: Path = Field(default_factory=_home)
    """What must survive: journal, keys, tables."""
    cache: Path = Field(default_factory=_cache)
    """What can be fetched again: Kafka, anvil, contract packages."""
    finality: dict[str, Annotated[int, Field(ge=0)]] = _FINALITY
    """Blocks after which a chain's block counts as final; 64 where none is given. What is given
    for one chain leaves the others as they are."""
    kafka: KafkaSettings = KafkaSettings()
    evm: EvmSettings = EvmSettings()
    posture: PostureSettings = PostureSettings()
    detect: DetectSettings = DetectSettings()
    respond: RespondSettings = RespondSettings()
    signer: SignerSettings = SignerSettings()
    consents: ConsentsSettings = ConsentsSettings()
    incidents: IncidentsSettings = IncidentsSettings()
    forensics: ForensicsSettings = ForensicsSettings()
    signals: SignalsSettings = SignalsSettings()
    console: ConsoleSettings = ConsoleSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    paging: PagingSettings = PagingSettings()
    archive: ArchiveSettings = ArchiveSettings()
    risk: RiskSettings = RiskSettings()
    assure: AssureSettings = AssureSettings()
    log: LogSettings = LogSettings()
    health: HealthSettings = HealthSettings()

    @field_validator("finality")
    @classmethod
    def _with_usual_finality(cls, given: dict[str, int]) -> dict[str, int]:
        return _FINALITY | given

    @property
    def archive_folder(self) -> Path:
        """Where the archive is."""
        return self.archive.folder or self.home / "archive"

    def finality_of(self, chain: str) -> int:
        """Return after how many blocks a chain's block counts as final."""
        return self.finality.get(chain, 64)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - no dotenv files
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - secrets name files
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: flags, environment, file."""
        file = InitSettingsSource(settings_cls, file_settings())
        return init_settings, env_settings, BootstrapSource(settings_cls), file


def load(flags: dict[str, Any] | None = None) -> Settings:
    """Read all sources. Raises `ConfigurationError` naming each setting that is wrong."""
    given = flags or {}
    require_known_variables(Settings.model_fields)
    try:
        settings = Settings(**given)
    except SettingsError as error:
        raise ConfigurationError(unreadable_variables(str(error))) from error
    except ValidationError as error:
        raise ConfigurationError(
            "\n".join(
                f"setting {'.'.join(map(str, item['loc']))}: {_complaint(item)} "
                f"(from {_blamed(tuple(map(str, item['loc'])), given)})"
                for item in error.errors(include_url=False, include_input=False)
            )
        ) from error
    _conceal_all(settings)
    return settings


def _conceal_all(group: BaseModel) -> None:
    for name in type(group).model_fields:
        value = getattr(group, name)
        if isinstance(value, BaseModel):
            _conceal_all(value)
        elif isinstance(value, SecretStr):
            conceal(value.get_secret_value())
        elif isinstance(value, dict):
            for key, held in value.items():
                if isinstance(held, SecretStr):
                    conceal(held.get_secret_value())
                elif isinstance(held, str) and looks_secret(key):
                    conceal(held)


def _complaint(item: Any) -> str:
    return "there is no such setting" if item["type"] == "extra_forbidden" else str(item["msg"])


def _blamed(path: tuple[str, ...], flags: dict[str, Any]) -> str:
    """Say where a wrong value comes from; pydantic may point to a part of what was set."""
    origins = (origin(path[:depth], flags) for depth in range(len(path), 0, -1))
    return next((found for found in origins if found != DEFAULT), DEFAULT)
