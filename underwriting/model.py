"""The parameters that figures are computed with: fitted, shipped as a file, named by its content.

`python -m bench.fit_risk FOLDER` makes `prior.json`; docs/underwriting.md says from what.
"""

import math
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from runtime.tails import Tail
from schemas.errors import ConfigurationError
from schemas.ids import content_id
from underwriting.likelihood import END, Alternative, Rate
from underwriting.severity import Severity

MAX_BYTES = 1024 * 1024

Positive = Annotated[float, Meta(gt=0.0)]


class _Rates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    incidents: Annotated[int, Meta(ge=0)]
    exposure: Positive
    least_exposure: Positive
    most_exposure: Positive


class _Attacks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    a: Annotated[float, Meta(gt=0.0, lt=1.0)]
    low: Annotated[float, Meta(gt=0.0, lt=1.0)]
    high: Annotated[float, Meta(gt=0.0, lt=1.0)]
    attacks: Annotated[int, Meta(ge=1)]
    follow: Positive


class Losses(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body and a tail of losses."""

    mu: float
    sigma: Positive
    threshold: Positive
    share: Annotated[float, Meta(gt=0.0, lt=1.0)]
    shape: float
    scale: Positive
    exceeding: Annotated[int, Meta(ge=1)]

    def severity(self) -> Severity:
        """Return the distribution."""
        tail = Tail(self.threshold, self.share, self.shape, self.scale, self.exceeding)
        return Severity(self.mu, self.sigma, tail)


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    about: Annotated[str, Meta(max_length=2000)]
    rate: _Rates
    attacks: _Attacks
    losses: Losses
    resampled: Annotated[tuple[Losses, ...], Meta(min_length=20, max_length=200)]


class Model:
    """Parameters, and what follows from them."""

    def __init__(self, data: bytes) -> None:
        """Raises `ConfigurationError` for what is no file of parameters."""
        if len(data) > MAX_BYTES:
            raise ConfigurationError(f"parameters of {len(data):,} bytes, {MAX_BYTES:,} at most")
        try:
            read = msgspec.json.decode(data, type=_File)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"no parameters of an underwriting model: {error}") from error
        self.about = read.about
        self.name = content_id("risk-model", msgspec.json.encode(read).decode())
        self.rate = Rate(**msgspec.structs.asdict(read.rate))
        self.attacks = Alternative(**msgspec.structs.asdict(read.attacks))
        self.severity = read.losses.severity()
        self.worlds = tuple(losses.severity() for losses in read.resampled)
        """What the severity might as well be: fitted to resampled losses, each as likely."""

    def spread(self, of: Callable[[Severity], float]) -> tuple[float, float]:
        """Return `likelihood.END` and 1 - `END` of a quantity over `worlds`."""
        found = sorted(of(world) for world in self.worlds)
        cut = math.floor(END * len(found))
        return found[cut], found[-1 - cut]


def load(path: Path | None = None) -> Model:
    """Read parameters from a file, or those that ship.

    Raises `ConfigurationError` for a file that cannot be read or is something else.
    """
    try:
        data = (path or files("underwriting").joinpath("prior.json")).read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    return Model(data)
