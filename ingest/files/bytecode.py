"""Contract bytecode, one record per contract. What a file says about a contract beyond its code and
where it was deployed, labels above all, is not looked at."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from eth_hash.auto import keccak

from ingest.files.fields import Fields
from ingest.files.items import Code
from ingest.files.shape import Piece, Place, Shape, Skipped
from runtime import hexadecimal
from schemas.errors import PoisonRecordError

_ASKED = re.compile("eth_getCode_(0x[0-9a-fA-F]{40})(?![0-9A-Za-z])")


def _is_record(value: Any) -> bool:
    # the code that an exporter could not get may be missing
    return isinstance(value, Mapping) and ("runtime_code" in value or "init_code" in value)


def named_code(*, address: str, tx: str, init_code: str, runtime_code: str) -> Code:
    """Return the code under the hash of its bytes; raises `PoisonRecordError` if it has none."""
    code = next((code for code in (runtime_code, init_code) if len(code) > 2), None)
    if code is None:
        raise PoisonRecordError("neither runtime_code nor init_code holds any code")
    return Code(
        name="0x" + keccak(bytes.fromhex(code[2:])).hex(),
        address=address,
        tx=tx,
        init_code=init_code,
        runtime_code=runtime_code,
    )


def _code(value: Any, field: str) -> str:
    """Read bytes in hexadecimal; compilers write them without `0x`."""
    bare = isinstance(value, str) and value[:2] != "0x"
    return hexadecimal.data(f"0x{value}" if bare else value, field)


def read_record(value: Any, _place: Place) -> Iterator[Piece]:
    """Yield a contract's code."""
    fields = Fields(value, "contract")
    yield named_code(
        address=fields.maybe(hexadecimal.address, "address") or "",
        tx=fields.maybe(hexadecimal.hash32, "tx") or "",
        init_code=fields.maybe(_code, "init_code") or "",
        runtime_code=fields.maybe(_code, "runtime_code") or "",
    )


def read_answer(value: Any, place: Place) -> Iterator[Piece]:
    """Yield the code that a recorded `eth_getCode` answered.

    The answer itself does not tell the question; the file's name may, with the address. Other bare
    answers hold no chain data.
    """
    asked = _ASKED.search(place.stem)
    if asked is None or value == "0x":
        yield Skipped("an answer without chain data")
        return
    code = hexadecimal.data(value, "result")
    yield named_code(address=asked[1].lower(), tx="", init_code="", runtime_code=code)


ANSWER = Shape("answered code", lambda value: not isinstance(value, list | dict), read_answer)
SHAPES = (Shape("bytecode", _is_record, read_record),)
