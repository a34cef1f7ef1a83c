"""What happened when, drawn: `timeline_svg(marks)` returns a whole SVG document.

A row for each kind of thing, with its name and a shape of its own, so that nothing rests on colour;
a column for each block or second in which something happened. Columns stand in their order, evenly:
how long lies between two of them is written, for seconds and days do not fit one scale.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Literal, NamedTuple

from runtime.pictures.svg import FAINT, INK, PAPER, document, text
from runtime.pictures.words import plain, xml

Row = Literal[
    "prepared", "theft", "refused", "alert", "decided", "dropped", "sent", "braked", "released",
    "people", "recovery",
]  # fmt: skip

MOST_COLUMNS = 9
TIMES = "\N{MULTIPLICATION SIGN}"
_MOST_WORDS, _LONGEST = 3, 120
"""Of what one mark stands for, so many are read out, each so long at most."""

_WIDTH, _LEFT, _TOP, _ROW, _FOOT = 880, 176, 14, 34, 72
_RULE = "#d9dde3"
_LATEST = 253_402_300_799


class _Look(NamedTuple):
    title: str
    colour: str
    path: str
    """Around (0, 0), 16 across."""
    filled: bool = True


_DISC = "M-7 0A7 7 0 1 0 7 0A7 7 0 1 0 -7 0Z"
_SQUARE = "M-7 -7H7V7H-7Z"
_ROWS: Mapping[Row, _Look] = {
    "prepared": _Look("Attacker prepares", "#D55E00", "M-7 6L0 -7L7 6Z", filled=False),
    "theft": _Look("Theft", "#D55E00", "M-7 6L0 -7L7 6Z"),
    "refused": _Look("Attempt refused", "#D55E00", "M-6 -6L6 6M6 -6L-6 6", filled=False),
    "alert": _Look("Alert", "#0072B2", "M0 -8L8 0L0 8L-8 0Z"),
    "decided": _Look("Brake decided on", "#0072B2", "M0 -8L8 0L0 8L-8 0Z", filled=False),
    "dropped": _Look("No brake, or it failed", FAINT, "M-7 0H7", filled=False),
    "sent": _Look("Brake sent", "#009E73", "M-6 -7L7 0L-6 7Z"),
    "braked": _Look("Brake in a block", "#009E73", _SQUARE),
    "released": _Look("Released, limits set", "#009E73", _SQUARE, filled=False),
    "people": _Look("People", "#7a4a72", _DISC),
    "recovery": _Look("The way back", "#7a4a72", _DISC, filled=False),
}
"""Okabe and Ito's colours, the last darker; from top to bottom."""


class Mark(NamedTuple):
    """Something that happened."""

    row: Row
    what: str
    block: int | None
    at: int | None
    """Seconds since 1970; None where only the block is known."""


class _Column(NamedTuple):
    block: int | None
    at: int | None
    marks: list[Mark]


def timeline_svg(marks: Iterable[Mark]) -> str:
    """Return the picture of marks that are in order. It is as long for a thousand as for ten: of
    more columns than `MOST_COLUMNS` those stay in which a row begins or the last is, then the
    earliest; what lies between is counted with the column before it."""
    columns = _folded(_columns(marks))
    told = {mark.row for column in columns for mark in column.marks}
    rows = [row for row in _ROWS if row in told]
    bottom = _TOP + _ROW * len(rows)
    step = (_WIDTH - _LEFT) / max(1, len(columns))
    places = [_LEFT + step * (number + 0.5) for number in range(len(columns))]
    body = [
        _line((12, y := _TOP + _ROW * (n + 1)), (_WIDTH - 12, y), _RULE)
        + text((12, y - 12), _ROWS[row].title, INK, 13)
        for n, row in enumerate(rows)
    ]
    body += [_line((x, _TOP), (x, bottom), _RULE) for x in places]
    for column, x in zip(columns, places, strict=True):
        for n, row in enumerate(rows):
            body += _cell(row, column.marks, (x, _TOP + _ROW * (n + 0.5)))
    body += _feet(columns, places, bottom)
    label = f"Timeline: {len(columns)} moments, {len(rows)} kinds"
    height = bottom + _FOOT
    return document((_WIDTH, height), label, body)


def _columns(marks: Iterable[Mark]) -> list[_Column]:
    """Return what happened by block; what is of none, by second."""
    found: dict[tuple[int | None, int | None], list[Mark]] = {}
    for mark in marks:
        key = mark.block, mark.at if mark.block is None else None
        found.setdefault(key, []).append(mark)
    return [
        _Column(block, next((mark.at for mark in ones if mark.at is not None), None), ones)
        for (block, _), ones in found.items()
    ]


def _folded(columns: Sequence[_Column]) -> list[_Column]:
    begun: dict[Row, int] = {}
    for number, column in enumerate(columns):
        for mark in column.marks:
            begun.setdefault(mark.row, number)
    last = len(columns) - 1
    wanted = dict.fromkeys([*sorted(begun.values()), *range(last)])
    kept = {last, *[number for number in wanted if number != last][: MOST_COLUMNS - 1]}
    found: list[_Column] = []
    for number, column in enumerate(columns):
        if number in kept:
            found.append(column._replace(marks=[]))
        found[-1].marks.extend(column.marks)
    return found


def _cell(row: Row, marks: Iterable[Mark], at: tuple[float, float]) -> list[str]:
    """Return the mark for all of a row that a column holds, and how many they are."""
    words = [mark.what for mark in marks if mark.row == row]
    if not words:
        return []
    look = _ROWS[row]
    spoken = [plain(one, _LONGEST) for one in words[:_MOST_WORDS]]
    if len(words) > _MOST_WORDS:
        spoken.append(f"and {len(words) - _MOST_WORDS} more")
    fill = look.colour if look.filled else PAPER
    found = (
        f"<g><title>{xml('; '.join(spoken))}</title>"
        f'<path d="{look.path}" transform="translate({at[0]:g} {at[1]:g})" fill="{fill}" '
        f'stroke="{look.colour}" stroke-width="2"/>'
    )
    if len(words) > 1:
        found += text((at[0] + 13, at[1] + 4), f"{TIMES}{len(words)}", INK, 11)
    return [found + "</g>"]


def _feet(columns: Sequence[_Column], places: Sequence[float], y: float) -> Iterator[str]:
    """Yield when each column is: its time, block and, where it is another, day; and how long after
    the one before."""
    before: tuple[float, datetime] | None = None
    day: date | None = None
    for column, x in zip(columns, places, strict=True):
        time = _time(column)
        if column.block is not None:
            yield text((x, y + 42), f"{column.block:,}", FAINT, 11, anchor="middle")
        if time is None:
            before = None
            continue
        yield text((x, y + 27), f"{time:%H:%M:%S}", INK, 12, anchor="middle")
        if time.date() != day:
            yield text((x, y + 57), f"{time:%Y-%m-%d}", FAINT, 11, anchor="middle")
        if before is not None and time >= before[1]:
            gap = _gap(int((time - before[1]).total_seconds()))
            yield text(((before[0] + x) / 2, y + 12), gap, FAINT, 10, anchor="middle")
        before, day = (x, time), time.date()


def _time(column: _Column) -> datetime | None:
    if column.at is None:
        return None
    return datetime.fromtimestamp(min(max(column.at, 0), _LATEST), UTC)


def _gap(seconds: int) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"+{seconds // length} {unit}"
    return f"+{seconds} s"


def _line(start: tuple[float, float], end: tuple[float, float], colour: str) -> str:
    return (
        f'<path d="M{start[0]:g} {start[1]:g}L{end[0]:g} {end[1]:g}" stroke="{colour}" '
        'stroke-width="1"/>'
    )
