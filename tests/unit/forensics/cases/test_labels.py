"""Labels come from a file of its user's, and mistakes in it are named."""

import pytest

from forensics.cases.labels import parse_labels
from schemas.errors import ConfigurationError

ONE = "0x" + "ab" * 20
GOOD = f"""
version = "1"
[[labels]]
account = "eip155:1:{ONE.upper().replace("0X", "0x")}"
kind = "mixer"
name = "Mixer"
[[labels]]
account = "eip155:10:{ONE}"
kind = "bridge"
"""


def test_labels_are_of_one_chain() -> None:
    found = parse_labels(GOOD.encode(), "labels.toml")
    assert found.on("eip155:1")[ONE].name == "Mixer"
    assert found.on("eip155:10")[ONE].kind == "bridge"
    assert found.on("eip155:56") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "version"),
        ('version = "1"\nmore = 1', "more"),
        ('version = "1"\n[[labels]]\naccount = "0xab"\nkind = "mixer"', "CAIP-10"),
        (f'version = "1"\n[[labels]]\naccount = "eip155:1:{ONE}"\nkind = "thief"', "thief"),
        ("= nonsense", "labels.toml"),
        ("\udcff", "labels.toml"),
    ],
)
def test_a_mistake_is_named_with_its_file(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        parse_labels(text.encode("utf-8", "surrogateescape"), "labels.toml")
