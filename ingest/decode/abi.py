"""Contract ABIs that manifests name: read under limits, because their authors are strangers."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import orjson

from ingest.decode.signatures import Interface, Signature, parameter_name
from ingest.decode.types import (
    MAX_DEPTH,
    Parameter,
    SignatureError,
    Tuple,
    Type,
    arrays_of,
    elementary,
    named,
)
from runtime.logs import logger
from schemas.errors import ConfigurationError
from schemas.manifest import Manifest

_log = logger(__name__)

MAX_ABI_BYTES = 4 * 1024 * 1024
MAX_ENTRIES = 5_000
"""Events and functions of one contract; a large diamond has some 1,500."""


class _Item(msgspec.Struct):
    type: str
    name: str = ""
    indexed: bool = False
    components: tuple["_Item", ...] = ()


class _Entry(msgspec.Struct):
    type: str = "function"
    name: str = ""
    inputs: tuple[_Item, ...] = ()
    anonymous: bool = False


class _Artefact(msgspec.Struct):
    abi: tuple[_Entry, ...]


@dataclass(frozen=True)
class Abi(Interface):
    """The events and functions that a contract's ABI names."""

    refused: tuple[str, ...] = ()
    """Entries that cannot be decoded within the limits, each with the reason."""


def read_abi(text: bytes) -> Abi:
    """Read a JSON ABI: the list itself, or a compiler's artefact that holds it as `abi`.

    Raises `ConfigurationError` for what is no ABI or is too large. Single entries beyond the limits
    are left out and named in `refused`.
    """
    if len(text) > MAX_ABI_BYTES:
        raise ConfigurationError(f"larger than {MAX_ABI_BYTES:,} bytes")
    try:
        # orjson bounds the nesting itself; msgspec alone would rely on Python's recursion limit,
        # which web3's dependencies lift to a point where the process dies instead.
        found = msgspec.convert(orjson.loads(text), tuple[_Entry, ...] | _Artefact)
    except (orjson.JSONDecodeError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"not a JSON ABI: {error}") from error
    entries = found.abi if isinstance(found, _Artefact) else found
    if len(entries) > MAX_ENTRIES:
        raise ConfigurationError(f"{len(entries):,} entries, the limit is {MAX_ENTRIES:,}")
    return _checked(entries)


def load_abis(manifests: Iterable[Manifest], folder: Path, chain: str) -> dict[str, Abi]:
    """Read the ABIs that the manifests of one chain name, by contract address.

    Paths are relative to `folder` and may not leave it. Raises `ConfigurationError` naming manifest
    and file.
    """
    found: dict[str, Abi] = {}
    for manifest in manifests:
        for contract in manifest.contracts:
            if contract.abi is None or manifest.chain != chain:
                continue
            where = f"manifest {manifest.protocol!r}, contract {contract.address}: {contract.abi}"
            try:
                abi = read_abi(_text(folder, contract.abi))
            except ConfigurationError as error:
                raise ConfigurationError(f"{where}: {error}") from error
            if abi.refused:
                _log.warning("abi_entries_left_out", where=where, entries=abi.refused)
            found[contract.address] = abi
    return found


def _text(folder: Path, name: str) -> bytes:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ConfigurationError("lies outside the manifests' folder")
    try:
        with path.open("rb") as file:
            return file.read(MAX_ABI_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}") from error


def _checked(entries: Iterable[_Entry]) -> Abi:
    signatures: dict[str, list[Signature]] = {"event": [], "function": []}
    refused = []
    for entry in entries:
        if entry.type in signatures:
            try:
                signatures[entry.type].append(_signature(entry))
            except SignatureError as error:
                refused.append(f"{entry.type} {entry.name[:64]!r}: {error}")
    return Abi(tuple(signatures["event"]), tuple(signatures["function"]), tuple(refused))


def _signature(entry: _Entry) -> Signature:
    parameters = _parameters(entry.inputs, 0)
    if entry.type == "function":
        return Signature(entry.name, tuple(replace(part, indexed=False) for part in parameters))
    return Signature(entry.name, parameters, entry.anonymous)


def _parameters(items: tuple[_Item, ...], depth: int) -> tuple[Parameter, ...]:
    if depth > MAX_DEPTH:
        raise SignatureError(f"nested deeper than {MAX_DEPTH} levels")
    found = []
    for item in items:
        name, bracket, rest = item.type.partition("[")
        base: Type = (
            Tuple(_parameters(item.components, depth + 1)) if name == "tuple" else elementary(name)
        )
        kind = arrays_of(base, bracket + rest)
        found.append(Parameter(parameter_name(item.name), kind, item.indexed))
    return named(found)
