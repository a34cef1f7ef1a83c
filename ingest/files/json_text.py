"""JSON read strictly: whole numbers exact at any size, decimal numbers digit by digit, and nothing
that one reader would take for one thing and another for something else."""

import json
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from schemas.errors import PoisonRecordError
from schemas.recursion import bound_recursion


def parse_json(data: bytes) -> Any:
    """Return the value; raises `PoisonRecordError` saying what is wrong where.

    Refused are: text that is not UTF-8, NaN and infinity, a name twice in one object, numbers of
    more than 4,300 digits, nesting deeper than Python's recursion limit (about 1,000).
    """
    bound_recursion()
    try:
        return _STRICT.decode(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise PoisonRecordError(f"not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise PoisonRecordError(f"not JSON: {error.msg} at {where}") from None
    except RecursionError:
        raise PoisonRecordError("nested too deeply") from None
    except InvalidOperation:
        raise PoisonRecordError("a number with an exponent beyond all bounds") from None
    except ValueError:
        raise PoisonRecordError("a number of more than 4,300 digits") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = Counter(name for name, _ in pairs)
        double = names.most_common(1)[0][0]
        raise PoisonRecordError(f"{double[:90]!r} stands twice in one object")
    return found


def _constant(name: str) -> NoReturn:
    raise PoisonRecordError(f"{name} is not a number")


_STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_float=Decimal, parse_constant=_constant)
