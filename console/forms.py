"""Forms: read within bounds, and only from a page of the same session."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request

from console.sessions import Session

MOST_FIELDS = 40

Fields = Mapping[str, str]


async def fields_of(request: Request, session: Session) -> Fields:
    """Return a form's fields. Raises `HTTPException` 403 unless it carries the session's token."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "Send a form.")
    form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    if not session.accepts(fields.get("csrf", "")):
        raise HTTPException(403, "This form is not of your session. Load the page again.")
    return fields


def text_of(fields: Fields, name: str, longest: int, *, least: int = 0) -> str:
    """Return a field, without blanks around it. Raises `HTTPException` 400 for one that is too long
    or too short."""
    text = fields.get(name, "").strip()
    if not least <= len(text) <= longest:
        raise HTTPException(400, f"{name}: {least} to {longest} letters, not {len(text)}.")
    return text
