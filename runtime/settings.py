"""Settings: a flag beats an environment variable, which beats the file, which beats the default.

Every setting has an environment variable, `FIREBREAK_` and its path joined by `__`
(`FIREBREAK_KAFKA__SASL_PASSWORD`), and a place in the TOML file named by `FIREBREAK_CONFIG`
(default `firebreak.toml`). `KAFKA_BOOTSTRAP_SERVERS` is understood as well. Secrets are never
printed.
"""

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from runtime.logs import MASK, looks_secret, without_credentials
from schemas.errors import ConfigurationError

PREFIX = "FIREBREAK_"
CORE = ("asset-outflow", "price-move", "call-shape")


def _home() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "firebreak"


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "firebreak"


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KafkaSettings(_Group):
    """How to reach Kafka."""

    bootstrap_servers: str = "127.0.0.1:9092"
    replication: Annotated[int, Field(ge=1)] = 1
    namespace: Annotated[str, Field(pattern=r"^([A-Za-z0-9_-]+\.)?$", max_length=64)] = ""
    """Goes in front of every topic and group; ends in a dot."""
    security_protocol: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = "plaintext"
    sasl_mechanism: str | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_ca_location: Path | None = None
    ssl_certificate_location: Path | None = None
    ssl_key_location: Path | None = None
    ssl_key_password: SecretStr | None = None
    options: dict[str, str] = {}
    """Any other librdkafka option, as it is."""

    def librdkafka(self) -> dict[str, Any]:
        """Return the options in librdkafka's names, secrets included."""
        found: dict[str, Any] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is None or name in ("options", "replication", "namespace"):
                continue
            plain = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            found[name.replace("_", ".")] = plain
        return found | self.options


class EvmSettings(_Group):
    """Which nodes to read a chain from."""

    endpoints: tuple[str, ...] = ()
    """IPC paths, ws:// or http:// addresses; the first that answers is used."""
    traces: Literal["auto", "parity", "geth", "none"] = "auto"
    pending: bool = False
    start: Annotated[int, Field(ge=0)] | None = None
    """First block to publish when there is no checkpoint; none: the head."""
    request_seconds: Annotated[float, Field(gt=0)] = 10.0


class DetectSettings(_Group):
    """Which detectors run, and how their alerts are signed."""

    sets: dict[str, tuple[str, ...]] = {"core": CORE}
    allowed: tuple[str, ...] = CORE
    signing_key: Path | None = None

    def names(self, set_name: str) -> tuple[str, ...]:
        """Return the detectors of a set. Raises `ConfigurationError` for one that is not named."""
        if set_name not in self.sets:
            known = ", ".join(sorted(self.sets)) or "none"
            raise ConfigurationError(f"no detector set {set_name!r}; detect.sets names: {known}")
        return self.sets[set_name]


class RespondSettings(_Group):
    """How brakes are decided on and sent. Disarmed unless told otherwise."""

    armed: bool = False
    endpoints: tuple[str, ...] = ()
    trusted_keys: Path | None = None
    """A folder of `*.pub.pem`: whose alerts are believed."""
    journal: Path | None = None
    keystore: Path | None = None
    keystore_password: SecretStr | None = None
    keystore_password_file: Path | None = None
    heartbeat_keystore: Path | None = None
    fee_cap_gwei: Annotated[int, Field(gt=0)] = 500


class IncidentsSettings(_Group):
    """Where cases are kept and shown."""

    web_host: str = "127.0.0.1"
    web_port: int = 6066


class LogSettings(_Group):
    """How services log."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["json", "text"] = "json"


class HealthSettings(_Group):
    """Where a service answers probes."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 0


class _BootstrapSource(PydanticBaseSettingsSource):
    """`KAFKA_BOOTSTRAP_SERVERS`, the variable that every Kafka tool knows."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """Answer nothing for single fields; `__call__` gives all there is."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the one setting it knows."""
        servers = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
        return {"kafka": {"bootstrap_servers": servers}} if servers else {}


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    protocols: Path = Path("protocols")
    home: Path = Field(default_factory=_home)
    """What must survive: journal, keys, tables."""
    cache: Path = Field(default_factory=_cache)
    """What can be fetched again: Kafka, anvil, contract packages."""
    finality: dict[str, int] = {"eip155:1": 64, "eip155:56": 15, "eip155:137": 128}
    """Blocks after which a chain's block counts as final; 64 where none is given."""
    kafka: KafkaSettings = KafkaSettings()
    evm: EvmSettings = EvmSettings()
    detect: DetectSettings = DetectSettings()
    respond: RespondSettings = RespondSettings()
    incidents: IncidentsSettings = IncidentsSettings()
    log: LogSettings = LogSettings()
    health: HealthSettings = HealthSettings()

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
        file = TomlConfigSettingsSource(settings_cls, config_file())
        return init_settings, env_settings, _BootstrapSource(settings_cls), file


def config_file() -> Path:
    """Return the settings file: `FIREBREAK_CONFIG`, or `firebreak.toml` here."""
    return Path(os.environ.get(f"{PREFIX}CONFIG") or "firebreak.toml")


def load(flags: dict[str, Any] | None = None) -> Settings:
    """Read all sources. Raises `ConfigurationError` naming each setting that is wrong."""
    path = config_file()
    if os.environ.get(f"{PREFIX}CONFIG") and not path.is_file():
        raise ConfigurationError(f"FIREBREAK_CONFIG names {path}, which does not exist")
    try:
        return Settings(**(flags or {}))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    except ValidationError as error:
        raise ConfigurationError(
            "\n".join(
                f"setting {'.'.join(map(str, item['loc']))}: {item['msg']} (from {_origin(item)})"
                for item in error.errors(include_url=False, include_input=False)
            )
        ) from error


def _origin(item: Any) -> str:
    return origin(tuple(map(str, item["loc"])), {})


def origin(path: tuple[str, ...], flags: dict[str, Any]) -> str:
    """Say where the value of a setting comes from."""
    if _within(flags, path):
        return "flag"
    for depth in range(len(path), 0, -1):
        variable = PREFIX + "__".join(path[:depth]).upper()
        if variable in os.environ:
            return variable
    if path == ("kafka", "bootstrap_servers") and os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        return "KAFKA_BOOTSTRAP_SERVERS"
    file = config_file()
    if file.is_file() and _within(tomllib.loads(file.read_text()), path):
        return str(file)
    return "default"


def _within(table: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        if not isinstance(table, dict) or name not in table:
            return False
        table = table[name]
    return True


def shown(settings: Settings, flags: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Return (name, value, origin) of every setting; secrets are masked."""
    yield from _shown(settings, (), flags)


def _shown(
    group: BaseModel, path: tuple[str, ...], flags: dict[str, Any]
) -> Iterator[tuple[str, str, str]]:
    for name in type(group).model_fields:
        value, here = getattr(group, name), (*path, name)
        if isinstance(value, BaseModel):
            yield from _shown(value, here, flags)
        else:
            yield ".".join(here), _text(value), origin(here, flags)


def _text(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, dict):
        pairs = (f"{k}={MASK if looks_secret(k) else v}" for k, v in value.items())
        return ", ".join(pairs) or "none"
    if isinstance(value, tuple):
        return ", ".join(map(without_credentials, value)) or "none"
    return str(value)
