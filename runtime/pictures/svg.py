"""The frame of a picture and the words in it, as SVG."""

from collections.abc import Iterable
from typing import Literal

from runtime.pictures.words import attribute, xml

PAPER = "#ffffff"
INK, FAINT = "#14181f", "#5a6370"
"""On that paper."""


def document(size: tuple[float, float], label: str, body: Iterable[str], paper: str = PAPER) -> str:
    """Return a whole document: width and height, what is read out of it, and its elements."""
    width, height = size
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" role="img" aria-label={attribute(label)} '
        'font-family="DejaVu Sans, Liberation Sans, Arial, sans-serif">'
        f'<rect width="{width:g}" height="{height:g}" fill="{paper}"/>' + "".join(body) + "</svg>"
    )


def text(
    at: tuple[float, float],
    words: str,
    colour: str,
    size: float,
    *,
    bold: bool = False,
    anchor: Literal["start", "middle"] = "start",
) -> str:
    """Return words in a line; `at` is where they have their `anchor`, on their baseline."""
    heavy = ' font-weight="700"' if bold else ""
    anchored = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return (
        f'<text x="{at[0]:g}" y="{at[1]:g}" font-size="{size:g}" fill="{colour}"{heavy}{anchored}>'
        f"{xml(words)}</text>"
    )
