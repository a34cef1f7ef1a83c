"""Lays the report out: one HTML file without scripts or anything from elsewhere, and one PDF."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

import typst
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

FOLDER = Path(__file__).parent


def html(found: Mapping[str, Any]) -> str:
    """Return the report as one HTML document. The pictures are our own SVG; all else is escaped."""
    page = _environment().get_template("page.html.j2")
    drawn = {name: Markup(one) for name, one in found["pictures"].items()}  # noqa: S704 - drawn by us
    return page.render({**found, "pictures": drawn})


def pdf(found: Mapping[str, Any], made: datetime) -> bytes:
    """Return the report as PDF/A-2 (ISO 19005-2), the same bytes for the same words and time.

    Words get there as data, never as Typst source.
    """
    pages = _compiler().compile(
        sys_inputs={"view": json.dumps(dict(found))},
        format="pdf",
        pdf_standards="a-2a",
        timestamp=made.astimezone(UTC).replace(microsecond=0),
    )
    return cast("bytes", pages)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _compiler() -> typst.Compiler:
    """Fonts are those of the compiler itself, so that every machine makes the same pages."""
    return typst.Compiler(str(FOLDER / "pages.typ"), root=str(FOLDER), ignore_system_fonts=True)
