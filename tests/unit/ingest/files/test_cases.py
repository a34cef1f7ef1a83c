import re

import pytest

from ingest.files.cases import case_key, chain_of, stem

KEY = re.compile("[A-Za-z0-9_.*-]{1,128}")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("12.json", "12"),
        ("12.json.gz", "12"),
        ("day.tx.raw.csv.gz", "day.tx.raw"),
        ("Alpha.zip", "Alpha"),
        (".json", ".json"),
        ("plain", "plain"),
    ],
)
def test_a_stem_is_the_name_without_the_form(name: str, expected: str) -> None:
    assert stem(name) == expected


def test_plain_parts_are_joined_as_they_are() -> None:
    assert case_key(("prices", "usdc_2023")) == "prices.usdc_2023"


def test_every_key_is_valid_and_different() -> None:
    parts = [
        ("a", "b"),
        ("a.b",),
        ("a b",),
        ("a-b",),
        ("a/b",),
        ("",),
        ("ä", "ö"),
        ("x" * 200,),
        ("x" * 201,),
        ("\udcff",),
        ("..", "etc", "passwd"),
    ]
    keys = [case_key(part) for part in parts]
    assert all(KEY.fullmatch(key) for key in keys)
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("parts", "chain"),
    [
        ((), "eip155:1"),
        (("data", "exploits"), "eip155:1"),
        (("data", "bsc", "0xab.json"), "eip155:56"),
        (("bsc", "ethereum", "x"), "eip155:1"),
        (("ethereum", "polygon-pool-2024.csv"), "eip155:137"),
        (("subscription",), "eip155:1"),
    ],
)
def test_the_nearest_plain_word_names_the_chain(parts: tuple[str, ...], chain: str) -> None:
    assert chain_of(parts) == chain
