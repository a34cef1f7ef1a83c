"""One line of CSV. Python's own reader has its limit on a field's length for the whole process."""

import re

from schemas.errors import PoisonRecordError

_FIELD = re.compile(r'(?:"([^"]*(?:""[^"]*)*)"|([^",]*))(,|$)')


def split_csv(line: bytes) -> list[str]:
    """Return the fields of a line; raises `PoisonRecordError` when quotes or UTF-8 are broken."""
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise PoisonRecordError(f"not UTF-8 at byte {error.start}") from None
    fields: list[str] = []
    at = 0
    while True:
        found = _FIELD.match(text, at)
        if found is None:
            raise PoisonRecordError(f"a quote that does not fit, after column {len(fields)}")
        quoted, plain, end = found.groups()
        fields.append(plain if quoted is None else quoted.replace('""', '"'))
        at = found.end()
        if not end:
            return fields
