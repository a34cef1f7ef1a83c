"""What was lost of each token, drawn: `losses_svg(parts)` returns a whole SVG document.

A bar is all that the protocol had of a token; the lost part is solid, the rest an outline. Tokens
are never added up or held against each other: not each has a price.
"""

from collections.abc import Sequence
from typing import NamedTuple

from runtime.pictures.svg import FAINT, INK, PAPER, document, text
from runtime.pictures.words import plain, rounded

MOST_BARS = 8

_WIDTH, _ROW, _TOP = 880, 44, 8
_LEFT, _BAR = 12, 856


class Part(NamedTuple):
    """Of one token, in its smallest unit."""

    name: str
    decimals: int | None
    lost: str
    left: str | None
    """What was still there afterwards; None where nobody tells."""


def losses_svg(parts: Sequence[Part]) -> str:
    """Return the picture, of `MOST_BARS` tokens at most."""
    drawn = parts[:MOST_BARS]
    body = [_bar(part, _TOP + _ROW * number) for number, part in enumerate(drawn)]
    height = 2 * _TOP + _ROW * len(drawn)
    if len(parts) > len(drawn):
        height += 20
        body.append(_line(height - 8, f"and {len(parts) - len(drawn)} more tokens"))
    return document((_WIDTH, height), "Losses by token", body)


def _bar(part: Part, y: float) -> str:
    lost = rounded(part.lost, part.decimals, part.name)
    if part.left is None:
        return _line(y + 18, f"{plain(lost, 80)} lost; how much was left is not known")
    whole = int(part.lost) + int(part.left)
    ten_thousandths = 10_000 * int(part.lost) // whole if whole else 0
    words = (
        f"{plain(lost, 80)} lost of {plain(rounded(str(whole), part.decimals), 80)} "
        f"({ten_thousandths / 100:.4g} %)"
    )
    place = f'x="{_LEFT}" y="{y + 22:g}" height="14"'
    return (
        _line(y + 16, words)
        + f'<rect {place} width="{_BAR}" fill="{PAPER}" stroke="{FAINT}" stroke-width="1"/>'
        + f'<rect {place} width="{_BAR * ten_thousandths / 10_000:g}" fill="#b3400a"/>'
    )


def _line(y: float, words: str) -> str:
    return text((_LEFT, y), words, INK, 13)
