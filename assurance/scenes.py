"""Scenes: calls in a row that lead to one which nobody can make up, such as a liquidation.

A file beside the manifest has them, as TOML; the last call of a scene is the one that is tried,
without and with each brake pulled before it. All of it is simulated, so a scene may call in
anybody's name: an admin's, to make a debt bad.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from assurance.chain import Chain, Trial
from schemas.errors import ConfigurationError

MAX_FILE_BYTES = 4 * 2**20

_Address = Annotated[str, Meta(pattern="^0x[0-9a-fA-F]{40}$")]


class _Call(msgspec.Struct, forbid_unknown_fields=True, rename={"sender": "from"}):
    sender: _Address
    to: _Address
    data: Annotated[str, Meta(pattern="^0x([0-9a-fA-F]{2})*$")]
    value: Annotated[str, Meta(pattern="^[0-9]{1,78}$")] = "0"


class _Scene(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=64)]
    calls: Annotated[tuple[_Call, ...], Meta(min_length=1, max_length=32)]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    scenes: Annotated[tuple[_Scene, ...], Meta(max_length=64)]


@dataclass(frozen=True, slots=True)
class Scene:
    """A call, and what leads to it."""

    name: str
    before: tuple[Trial, ...]
    call: Trial


def read(path: Path) -> tuple[Scene, ...]:
    """Return the scenes of a file. Raises `ConfigurationError` naming what is wrong with it."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE_BYTES + 1)
        if len(text) > MAX_FILE_BYTES:
            raise ConfigurationError(f"{path}: larger than {MAX_FILE_BYTES:,} bytes")
        given = msgspec.convert(tomllib.loads(text.decode()), _File)
    except (OSError, ValueError, RecursionError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    return tuple(_scene(one) for one in given.scenes)


def _scene(given: _Scene) -> Scene:
    *before, call = (
        Trial(one.sender.lower(), one.to.lower(), bytes.fromhex(one.data[2:]), int(one.value))
        for one in given.calls
    )
    return Scene(given.name, tuple(before), call)


def fault(chain: Chain, scene: Scene) -> str:
    """Say why a scene shows nothing as things are, '' when it plays."""
    outcomes = chain.run([*scene.before, scene.call])
    at = next((at for at, one in enumerate(outcomes, 1) if not one.ok), None)
    return "" if at is None else f"scene {scene.name}: call {at} does not go through"


def playing(chain: Chain, scenes: Sequence[Scene]) -> tuple[list[Scene], list[str]]:
    """Return the scenes that play, and what to say of the others."""
    faults = [fault(chain, scene) for scene in scenes]
    pairs = list(zip(scenes, faults, strict=True))
    return [scene for scene, told in pairs if not told], [told for _, told in pairs if told]
