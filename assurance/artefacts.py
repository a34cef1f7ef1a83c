"""Build artefacts of a folder, and whether one of them is what runs on chain.

Reads what Hardhat, Foundry and Truffle write, and solc's standard JSON output. Code is compared
but for what a compiler leaves open: the words that a constructor fills in (immutables) and the
addresses of libraries, both zero in the artefact; and, where that is all that differs, the metadata
at the end.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from assurance.selectors import interface
from assurance.subject import Known
from assurance.trees import Trees
from runtime.bytecode import same, without_metadata
from runtime.logs import logger
from schemas.assurance import Source
from schemas.errors import ConfigurationError
from schemas.layouts import Layout

MAX_FILES = 20_000
MAX_FILE_BYTES = 64 * 1024 * 1024

_log = logger(__name__)
_LINK = re.compile(r"__.{38}")


@dataclass(frozen=True, slots=True)
class Built:
    """A contract as it was compiled."""

    name: str
    code: bytes
    """What it deploys."""
    known: Known


@dataclass(slots=True)
class Shelf:
    """The contracts of one folder."""

    folder: Path | None = None
    _by_length: dict[int, list[Built]] = field(default_factory=dict)

    def add(self, built: Built) -> None:
        """Put one more there."""
        self._by_length.setdefault(len(without_metadata(built.code)), []).append(built)

    def find(self, code: bytes) -> tuple[Source, Built | None]:
        """Return the artefact of a deployed code, and how exactly it is that: of several as exact,
        the one that says most of its storage."""
        bare = without_metadata(code)
        some = self._by_length.get(len(bare), ())
        exact = [built for built in some if same(built.code, code)]
        close = exact or [built for built in some if same(without_metadata(built.code), bare)]
        if not close:
            return "absent", None
        told = max(close, key=lambda built: built.known.told)
        return ("exact" if exact else "apart from metadata"), told


def beside(folder: Path, name: str) -> Path:
    """Return what a manifest names beside it. Raises `ConfigurationError` for anything else."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ConfigurationError(f"{name}: lies outside the manifests' folder, {folder}")
    return path


def signatures(path: Path) -> dict[int, str]:
    """Return the functions of a file that holds a JSON ABI, or an artefact with one.

    Raises `ConfigurationError` for a file that cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = msgspec.json.decode(file.read(MAX_FILE_BYTES))
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{path}: no JSON ABI: {error}") from error
    return dict(known(content if isinstance(content, dict) else {"abi": content}).signatures)


def read(folder: Path) -> Shelf:
    """Return the contracts of a folder and all below it; files that are no artefacts are left out.

    Raises `ConfigurationError` when there is no folder, or too much in it.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"{folder}: there is no folder of build artefacts")
    shelf = Shelf(folder)
    for count, path in enumerate(sorted(folder.rglob("*.json"))):
        if count == MAX_FILES:
            raise ConfigurationError(
                f"{folder}: more than {MAX_FILES:,} files; name a folder of artefacts alone"
            )
        for built in _contracts(path):
            shelf.add(built)
    return shelf


def _contracts(path: Path) -> Iterator[Built]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES)
        content = msgspec.json.decode(data)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        _log.warning("artefact_unread", path=str(path), reason=str(error))
        return
    if not isinstance(content, dict):
        return
    output = content.get("output")
    if not isinstance(output, dict):
        output = content
    files = output.get("contracts")
    if isinstance(files, dict):  # solc's output, alone or in Hardhat's build-info
        trees = Trees(output.get("sources"))
        for file, inside in files.items():
            for name, contract in inside.items() if isinstance(inside, dict) else ():
                for built in _built(str(name), contract):
                    yield _with_trees(built, trees, str(file))
    else:
        yield from _built(str(content.get("contractName") or path.stem), content)


def _built(name: str, content: Any) -> Iterator[Built]:
    if not isinstance(content, dict):
        return
    evm = content.get("evm")
    given = content.get("deployedBytecode") or (
        evm.get("deployedBytecode") if isinstance(evm, dict) else None
    )
    text = given.get("object") if isinstance(given, dict) else given
    if not isinstance(text, str):
        return
    try:
        code = bytes.fromhex(_LINK.sub("00" * 20, text.removeprefix("0x")))
    except ValueError:
        return
    if code:
        yield Built(name, code, known(content))


def _with_trees(built: Built, trees: Trees, file: str) -> Built:
    """Add what only syntax trees say of where a contract keeps what."""
    layout = built.known.layout or trees.layout(file, built.name)
    namespaces = trees.namespaces(file, built.name, built.code)
    return replace(built, known=replace(built.known, layout=layout, namespaces=namespaces))


def known(content: Mapping[str, Any]) -> Known:
    """Return what an artefact says beside the code: the ABI's functions, the storage layout."""
    abi = content.get("abi")
    entries = [entry for entry in abi if isinstance(entry, dict)] if isinstance(abi, list) else []
    try:
        layout = msgspec.convert(content.get("storageLayout"), Layout, strict=False)
    except msgspec.ValidationError:
        layout = None
    return Known(interface(entries), layout)
