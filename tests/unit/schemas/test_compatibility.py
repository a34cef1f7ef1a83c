import json
import subprocess
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from schemas import compatibility
from schemas.compatibility import against, breaking_changes
from schemas.errors import ConfigurationError
from schemas.published import json_schema
from schemas.topics import TOPICS


class Inner(Struct, frozen=True):
    at: int


class Old(Struct, tag="thing", tag_field="kind"):
    id: str
    count: Annotated[int, Meta(ge=0, le=10)]
    mood: Literal["calm", "angry"]
    inner: Inner
    inners: tuple[Inner, ...] = ()
    table: dict[str, int] = {}
    pair: tuple[int, str] = (0, "")
    raw: bytes = b""
    note: str = "none"
    perhaps: int | None = None


class Other(Struct, tag="other", tag_field="kind"):
    id: str


def _schema(**changes: Any) -> dict[str, Any]:
    """The schema of `Old` with some fields declared differently: `name=type` or `(type, default)`;
    `None` leaves the field out."""
    fields: dict[str, Any] = {
        field.name: (field.name, field.type, *_default(field))
        for field in msgspec.structs.fields(Old)
    }
    for name, change in changes.items():
        if change is None:
            del fields[name]
        else:
            fields[name] = (name, *(change if isinstance(change, tuple) else (change,)))
    return msgspec.json.schema(
        msgspec.defstruct("Old", list(fields.values()), tag="thing", tag_field="kind", kw_only=True)
    )


def _default(field: msgspec.structs.FieldInfo) -> tuple[Any, ...]:
    if field.default is not msgspec.NODEFAULT:
        return (field.default,)
    if field.default_factory is not msgspec.NODEFAULT:
        return (field.default_factory(),)
    return ()


class Nested(Struct):
    at: str


class Grown(Struct):
    at: int
    since: int = 0


COMPATIBLE: dict[str, dict[str, Any]] = {
    "nothing changes": {},
    "an optional field is added": {"added": (int, 0)},
    "an optional field is added below": {"inner": Grown, "inners": (tuple[Grown, ...], ())},
}

BREAKING: dict[str, tuple[dict[str, Any], str]] = {
    "a field goes": ({"note": None}, "$.note was removed"),
    "a needed field is added": ({"added": int}, "$.added became required"),
    "a field becomes needed": ({"note": str}, "$.note became required"),
    "a field becomes optional": ({"id": (str, "")}, "$.id is no longer always there"),
    "a type changes": ({"id": int}, "$.id: type changed from 'string' to 'integer'"),
    "an integer becomes a number": ({"inner": Nested}, "$.inner.at: type changed"),
    "a bound widens": ({"count": Annotated[int, Meta(ge=0, le=11)]}, "$.count: maximum changed"),
    "a bound narrows": ({"count": Annotated[int, Meta(ge=1, le=10)]}, "$.count: minimum changed"),
    "a bound goes": ({"count": Annotated[int, Meta(ge=0)]}, "$.count: maximum changed"),
    "a bound comes": ({"id": Annotated[str, Meta(max_length=9)]}, "$.id: maxLength changed"),
    "a pattern comes": ({"id": Annotated[str, Meta(pattern="^a")]}, "$.id: pattern changed"),
    "an exclusive bound comes": (
        {"count": Annotated[int, Meta(gt=0, le=10)]},
        "$.count: exclusiveMinimum changed",
    ),
    "a word is added": ({"mood": Literal["calm", "angry", "sad"]}, "$.mood: enum changed"),
    "a word goes": ({"mood": Literal["calm"]}, "$.mood: enum changed"),
    "a default changes": ({"note": (str, "nil")}, "$.note: default changed"),
    "an item changes": ({"inners": (tuple[Nested, ...], ())}, "$.inners[].at: type changed"),
    "items become free": ({"inners": (list[Any], [])}, "$.inners: items changed"),
    "a table's value changes": ({"table": (dict[str, str], {})}, "$.table[]: type changed"),
    "a table becomes free": ({"table": (dict[str, Any], {})}, "additionalProperties changed"),
    "a table becomes a record": ({"table": (Inner, Inner(0))}, "$.table: named fields and free"),
    "a tuple grows": ({"pair": (tuple[int, str, int], (0, "", 0))}, "$.pair: its length changed"),
    "a tuple's part changes": ({"pair": (tuple[int, int], (0, 0))}, "$.pair[1]: type changed"),
    "bytes become text": ({"raw": (str, "")}, "$.raw: contentEncoding changed"),
    "null is allowed": ({"note": (str | None, "none")}, "$.note: type changed"),
    "null is refused": ({"perhaps": (int, 0)}, "$.perhaps"),
    "a union gains a member": ({"perhaps": (int | str | None, None)}, "string was added to"),
}


@pytest.mark.parametrize("case", COMPATIBLE)
def test_a_version_may_change_like_this(case: str) -> None:
    assert breaking_changes(_schema(), _schema(**COMPATIBLE[case])) == []


@pytest.mark.parametrize("case", BREAKING)
def test_a_version_may_not_change_like_this(case: str) -> None:
    changes, told = BREAKING[case]

    found = breaking_changes(_schema(), _schema(**changes))

    assert any(told in change for change in found), found


def test_a_topic_may_not_gain_or_lose_a_kind() -> None:
    one, both = msgspec.json.schema(Old), msgspec.json.schema(Old | Other)

    assert breaking_changes(both, msgspec.json.schema(Other | Old)) == []
    assert breaking_changes(one, both)
    assert breaking_changes(both, one)


def test_a_kind_is_known_by_its_tag_not_by_its_class() -> None:
    renamed = msgspec.defstruct("Renamed", [("id", str)], tag="other", tag_field="kind")

    assert (
        breaking_changes(msgspec.json.schema(Old | Other), msgspec.json.schema(Old | renamed)) == []
    )


def test_better_words_break_nothing() -> None:
    old, new = _schema(), _schema()
    new["$defs"]["Old"]["description"] = "A thing, explained."

    assert breaking_changes(old, new) == []


def test_a_record_that_holds_itself_is_compared_once() -> None:
    tree: dict[str, Any] = {
        "$ref": "#/$defs/Tree",
        "$defs": {
            "Tree": {
                "type": "object",
                "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}},
            }
        },
    }
    changed = json.loads(json.dumps(tree))
    changed["$defs"]["Tree"]["properties"]["children"]["maxItems"] = 3

    assert breaking_changes(tree, tree) == []
    assert breaking_changes(tree, changed) == ["$.children: maxItems changed from None to 3"]


@pytest.mark.parametrize("name", TOPICS)
def test_every_topic_is_compatible_with_itself(name: str) -> None:
    schema = json_schema(TOPICS[name])

    assert breaking_changes(schema, schema) == []


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a single commit that publishes one topic."""
    monkeypatch.chdir(tmp_path)
    _git("init", "--quiet")
    (tmp_path / "README").write_text("")
    _publish(tmp_path, "things-v1", _schema())
    _commit()
    return tmp_path


def _publish(root: Path, topic: str, schema: dict[str, Any]) -> None:
    path = root / "schemas" / "versions" / f"{topic}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(schema))


def _commit() -> None:
    _git("add", ".")
    _git("-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "--quiet", "-m", "state")


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)


FOLDER = Path("schemas/versions")


def test_a_repository_with_one_commit_has_broken_nothing(clone: Path) -> None:
    assert against("HEAD", FOLDER) == []
    assert compatibility.main(["HEAD"]) == 0


def test_a_topic_that_the_revision_does_not_have_is_new(clone: Path) -> None:
    _publish(clone, "news-v1", _schema())

    assert against("HEAD", FOLDER) == []


def test_a_revision_without_any_schema_makes_all_of_them_new(clone: Path) -> None:
    _publish(clone / "elsewhere", "things-v1", _schema())

    assert against("HEAD", Path("elsewhere/schemas/versions")) == []


def test_a_breaking_change_is_named_with_its_topic(
    clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _publish(clone, "things-v1", _schema(note=None))

    assert compatibility.main(["HEAD"]) == 1
    assert capsys.readouterr().err == "things-v1: $.note was removed\n"


def test_a_published_topic_may_not_disappear(clone: Path) -> None:
    (clone / FOLDER / "things-v1.json").unlink()

    assert against("HEAD", FOLDER) == ["things-v1: the schema of a published topic was removed"]


def test_a_new_version_beside_the_old_one_breaks_nothing(clone: Path) -> None:
    _publish(clone, "things-v2", _schema(note=None))

    assert against("HEAD", FOLDER) == []


def test_an_unknown_revision_is_said_to_be_unknown(
    clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ConfigurationError, match="no-such-revision"):
        against("no-such-revision", FOLDER)

    assert compatibility.main(["no-such-revision"]) == 2
    assert compatibility.main([]) == 2
    assert "REVISION" in capsys.readouterr().err
