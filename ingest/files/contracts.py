"""Which contracts a protocol history is about, from the list that may lie beside the histories.

The same list names each history's exploit. Only the two fields that any user of the protocol could
know are read: everything else is dropped while parsing, before anyone could look at it.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from ingest.files.cases import case_key
from ingest.files.stream import Stream
from ingest.files.walk import Entry, folders
from runtime import hexadecimal
from schemas.errors import PoisonRecordError

_FIELDS = (b'"interface"', b'"implementation"')


class _Protected(msgspec.Struct):
    interface: str | None = None
    implementation: str | None = None


_LIST = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LISTED = msgspec.json.Decoder(dict[str, _Protected])


def contracts(path: Path) -> dict[str, frozenset[str]]:
    """Return the addresses of the contracts that each case is about, for those that are listed.

    Raises `ConfigurationError` when there is nothing at the path.
    """
    found: dict[str, frozenset[str]] = {}
    for folder in folders(path):
        for entry in folder.entries:
            for name, listed in _listed(entry).items():
                addresses = _addresses(listed)
                if addresses:
                    found[case_key((*folder.parts, name))] = addresses
    return found


def _listed(entry: Entry) -> Mapping[str, msgspec.Raw]:
    if not entry.name.endswith((".json", ".json.gz")):
        return {}
    try:
        with Stream(entry, lambda _: None) as stream:
            data = stream.rest()
        return _LIST.decode(data) if all(field in data for field in _FIELDS) else {}
    except (PoisonRecordError, msgspec.MsgspecError, RecursionError):
        return {}


def _addresses(listed: msgspec.Raw) -> frozenset[str]:
    """Return what one entry names, nothing where it is broken: the others still count."""
    try:
        return frozenset(
            hexadecimal.address(address, "contract")
            for one in _LISTED.decode(listed).values()
            for address in (one.interface, one.implementation)
            if address
        )
    except (PoisonRecordError, msgspec.MsgspecError, RecursionError):
        return frozenset()
