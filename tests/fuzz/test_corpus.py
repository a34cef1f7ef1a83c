"""What fuzzing ever found interesting, and our own examples, again: no promise is broken."""

from pathlib import Path

import pytest

from schemas.topics import TOPICS
from tests.fuzz.targets import TARGETS

HERE = Path(__file__).parent
EXAMPLES = HERE.parent.parent / "schemas" / "examples"


@pytest.mark.parametrize("name", TARGETS)
def test_no_kept_input_breaks_a_promise(name: str) -> None:
    inputs = sorted((HERE / "corpus" / name).iterdir())
    assert inputs
    for path in inputs:
        try:
            TARGETS[name](path.read_bytes())
        except Exception as error:
            raise AssertionError(f"{path}: {error!r}") from error


def test_every_folder_of_the_corpus_has_its_target() -> None:
    assert {path.name for path in (HERE / "corpus").iterdir()} == set(TARGETS)


@pytest.mark.parametrize("topic", TOPICS)
def test_no_example_cut_short_or_with_one_byte_changed_breaks_a_promise(topic: str) -> None:
    for path in sorted((EXAMPLES / topic).glob("*.json")):
        value = path.read_bytes()
        whole = topic.encode() + b"\n"
        TARGETS["codec"](whole + value)
        for at in range(0, len(value), max(1, len(value) // 50)):
            TARGETS["codec"](whole + value[:at])
            TARGETS["codec"](whole + value[:at] + b"\xff" + value[at + 1 :])
            TARGETS["codec"](whole + value[:at] + b"9" + value[at + 1 :])
