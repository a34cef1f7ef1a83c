"""A mistake in an invariant is reported with its file, line and field, like any other."""

from pathlib import Path

import pytest

from runtime.manifests import load_manifest
from schemas.errors import ConfigurationError

VAULT = "0x" + "a" * 40
TEXT = f"""\
protocol = "meadow"
chain = "eip155:1"

[[contracts]]
address = "{VAULT}"
role = "vault"
name = "vault"

[[contracts]]
address = "0x{"b" * 40}"
role = "pool"
name = "twin"

[[contracts]]
address = "0x{"c" * 40}"
role = "pool"
name = "twin"

[[tokens]]
address = "0x{"d" * 40}"
symbol = "AUSD"
decimals = 6

[[known]]
token = "0x{"d" * 40}"
holder = "{VAULT}"
amount = 340282366920938463463374607431768211456
block = 100

[[invariants]]
name = "solvent"
expression = 'balance(AUSD, vault) >= 3 AUSD and inflow(native) >= 0'
tolerance = 0.001

[[invariants]]
name = "quiet"
expression = "EXPRESSION"
"""


def complaint(path: Path, expression: str, text: str = TEXT) -> str:
    path.write_text(text.replace("EXPRESSION", expression))
    with pytest.raises(ConfigurationError) as refused:
        load_manifest(path)
    return str(refused.value).removeprefix(f"{path}:")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "meadow.toml"


def test_invariants_are_read(path: Path) -> None:
    path.write_text(TEXT.replace("EXPRESSION", "count(Paused) == 0"))
    manifest = load_manifest(path)
    assert [item.name for item in manifest.invariants] == ["solvent", "quiet"]
    assert str(manifest.invariants[0].tolerance) == "0.001"
    assert manifest.known[0].amount == 2**128
    assert manifest.address_named("vault") == VAULT
    assert manifest.address_named("twin") is None


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("1 <", "Value error, column 4: 'the end' where a number or a quantity belongs"),
        ("__import__(os) > 1", "Value error, column 1: no quantity '__import__'"),
        ("inflow(USDC) > 0", "no token 'USDC' among [[tokens]]"),
        ("inflow(AUSD) > 3 USDC", "no token 'USDC' among [[tokens]]"),
        ("inflow(AUSD) > 3 0x" + "e" * 40, "the decimals of '0xeee"),
        ("inflow(AUSD, shed) > 0", "no address 'shed' among [[contracts]], by one name each"),
        ("inflow(AUSD, twin) > 0", "no address 'twin' among [[contracts]], by one name each"),
        ("supply(AUSD) > 0", "supply(AUSD) is not known at any block; state it in [[known]]"),
        ("x" * 1001, "String should have at most 1000 characters"),
    ],
)
def test_a_mistake_has_its_line_and_field(path: Path, expression: str, reason: str) -> None:
    assert complaint(path, expression).startswith(f"37: invariants[1].expression: {reason}")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "quiet"', 'name = "solvent"', "36: invariants[1].name: solvent is named twice"),
        ("tolerance = 0.001", "tolerance = 1.0", "33: invariants[0].tolerance: Input should be"),
        ("tolerance = 0.001", 'severity = "bad"', "33: invariants[0].severity: Input should be"),
        ("tolerance = 0.001", 'technique = "x"', "33: invariants[0].technique: String should"),
        ("tolerance = 0.001", "weight = 1", "33: invariants[0].weight: there is no such field"),
        ("amount = 340", "amount = -340", "27: known[0].amount: Input should be greater"),
        ("amount = 340", "amount = 0.5 #", "27: known[0].amount: Input should be a valid integer"),
    ],
)
def test_a_wrong_field_is_named(path: Path, old: str, new: str, told: str) -> None:
    assert complaint(path, "1 < 2", TEXT.replace(old, new, 1)).startswith(told)


def test_the_same_amount_cannot_be_known_twice(path: Path) -> None:
    again = TEXT[TEXT.index("[[known]]") : TEXT.index("[[invariants]]")]
    told = complaint(path, "1 < 2", TEXT.replace(again, again * 2))
    assert told.startswith("31: known[1].token: 0xdddd")
    assert "is named twice" in told
