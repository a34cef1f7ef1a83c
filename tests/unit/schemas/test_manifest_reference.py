"""The reference of the manifest names every table and field, with its default, and nothing else."""

import json
import re
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from schemas.manifest import Manifest
from schemas.statements import QUANTITIES

DOC = (Path(__file__).parents[3] / "docs" / "manifests.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \|(.*?)\|", re.MULTILINE)


def model_of(annotation: Any) -> type[BaseModel] | None:
    """The table that a field holds, if it holds one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) is None:
        return None
    return next(filter(None, map(model_of, get_args(annotation))), None)


TABLES: dict[str, type[BaseModel]] = {"At the top": Manifest}
for _name, _field in Manifest.model_fields.items():
    _model = model_of(_field.annotation)
    if _model is not None:
        many = get_origin(_field.annotation) is tuple
        TABLES[f"`[[{_name}]]`" if many else f"`[{_name}]`"] = _model


def section(title: str) -> str:
    start = DOC.index(f"\n### {title}\n")
    return DOC[start : DOC.find("\n#", start + 5)]


def told(field: FieldInfo) -> str:
    """How the default of a field is written in the reference."""
    if field.is_required():
        return ""
    default = field.get_default()
    if default is None or default in ((), {}):
        return "none"
    if isinstance(default, BaseModel):
        return "its defaults"
    if isinstance(default, tuple):
        return f"`{json.dumps(default)}`"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f'`"{default}"`' if isinstance(default, str) else f"`{float(default):g}`"


@pytest.mark.parametrize("title", TABLES)
def test_every_field_is_there_with_its_default(title: str) -> None:
    written = dict(ROW.findall(section(title)))
    fields = TABLES[title].model_fields
    assert list(written) == list(fields)
    for name, field in fields.items():
        plain = re.sub(r"`(\d+\.?\d*)`", lambda m: f"`{float(m[1]):g}`", written[name])
        assert plain.strip() == told(field), name


def test_every_table_is_there() -> None:
    titles = re.findall(r"^### (`\[.*|At the top)$", DOC, re.MULTILINE)
    assert titles == list(TABLES)


def test_every_quantity_is_there() -> None:
    text = DOC[DOC.index("### What an expression may say") :]
    for name in (*QUANTITIES, "before"):
        assert f"{name}(" in text
