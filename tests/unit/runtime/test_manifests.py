from pathlib import Path

import pytest

from runtime.manifests import MAX_MANIFEST_BYTES, load_manifest, load_manifests
from schemas.errors import ConfigurationError

POOL, PAIR, ORACLE = (f"0x{digit * 40}" for digit in "abc")
MEADOW = f"""\
protocol = "meadow"
chain = "eip155:1"

[[contracts]]
address = "{POOL}"
role = "pool"

[[contracts]]
address = "{PAIR}"
role = "pair"
holds_value = false

[[contracts]]
role = "oracle"
address = "{ORACLE}"

[[tokens]]
address = "native"
symbol = "ETH"
decimals = 18

[halt]
false_halt_cost = 1000
value_exposed = "2500000.50"
loss_per_second = 1e3

[[brakes]]
name = "pause"
adapter = "gate"
target = "{POOL.upper().replace("X", "x")}"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "meadow.toml"


def _complaints(path: Path, text: str | bytes) -> list[str]:
    """What is said of a manifest, without the folder it lies in."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigurationError) as refused:
        load_manifest(path)
    return [line.removeprefix(f"{path.parent}/") for line in str(refused.value).splitlines()]


def test_a_manifest_is_read(path: Path) -> None:
    path.write_text(MEADOW)

    meadow = load_manifest(path)

    assert meadow.addresses == {POOL, PAIR, ORACLE}
    assert meadow.holders == {POOL, ORACLE}
    assert meadow.brakes[0].target == POOL
    assert meadow.brakes[0].one_detector_may_pause is False
    assert meadow.halt is not None
    assert str(meadow.halt.value_exposed) == "2500000.50"
    assert (meadow.decimals("native"), meadow.decimals(POOL)) == (18, None)
    assert (meadow.symbol("native"), meadow.symbol(POOL)) == ("ETH", "0xaaaa…aaaa")
    assert [contract.address for contract in meadow.with_role("pair", "oracle")] == [PAIR, ORACLE]


def test_addresses_in_a_list_are_lower_case_too(path: Path) -> None:
    path.write_text(f'deployers = ["0x{"Bd" * 20}"]\n{MEADOW}')
    assert load_manifest(path).deployers == ("0x" + "bd" * 20,)


WRONG = {
    "a deployer that is none": (
        "[[contracts]]",
        'deployers = ["0x12"]\n[[contracts]]',
        "4: deployers[0]: String should match pattern",
    ),
    "a syntax error": ("[halt]", "[halt", "22: Expected ']'"),
    "a value that is none": ("= 18", "= eighteen", "20: Invalid value"),
    "a key twice": ('symbol = "ETH"', 'symbol = "ETH"\nsymbol = "X"', "20: Cannot overwrite"),
    "a bad address in the third contract": (
        f'"{ORACLE}"',
        '"0x12"',
        "15: contracts[2].address: String should match pattern",
    ),
    "a bad role in the second contract": ('"pair"', '"pear"', "10: contracts[1].role: Input"),
    "a wrong type": ('"eip155:1"', "1", "2: chain: Input should be a valid string"),
    "a truth that is none": ("= false", '= "no"', "11: contracts[1].holds_value: Input should be"),
    "an unknown key": (
        'role = "oracle"',
        'role = "oracle"\nmood = 1',
        "15: contracts[2].mood: there is no such field",
    ),
    "an unknown table": ("[halt]", "[hold]", "22: hold: there is no such field"),
    "a missing key": ('role = "oracle"\n', "", "13: contracts[2].role: Field required"),
    "a missing key at the top": ('protocol = "meadow"\n', "", "1: protocol: Field required"),
    "money that is infinite": ("= 1e3", "= inf", "25: halt.loss_per_second: Input should be"),
    "money that is not a number": ("= 1000", "= nan", "23: halt.false_halt_cost: Input should"),
    "money below nothing": ("= 1000", "= -1", "23: halt.false_halt_cost: Input should be greater"),
    "a contract twice": (ORACLE, POOL, f"15: contracts[2].address: {POOL} is named twice"),
    "a token that is no address": ('"native"', '"ether"', "18: tokens[0].address: String should"),
    "a dotted key": (
        "[[contracts]]\nrole",
        "[[contracts]]\nabi.x = 1\nrole",
        "14: contracts[2].abi: Input should be a valid string",
    ),
    "a brake without costs": (
        MEADOW[MEADOW.index("[halt]") : MEADOW.index("[[brakes]]")],
        "",
        "22: brakes[0]: brakes need a [halt] table",
    ),
    "two ways to a target": (
        'adapter = "gate"\n',
        f'adapter = "gate"\ngate = "{PAIR}"\nsafe = "{ORACLE}"\n',
        "31: brakes[0].safe: gate and safe: only one way leads to the target; keep one",
    ),
    "a brake for a contract that is none of it": (
        'adapter = "gate"\n',
        f'adapter = "gate"\nguards = ["{POOL}", "0x{"d" * 40}"]\n',
        f"30: brakes[0].guards: no contract 0x{'d' * 40} among [[contracts]]",
    ),
    "a role without a key": (
        'adapter = "gate"\n',
        f'adapter = "gate"\nroles = {{ modifier = "{PAIR}" }}\n',
        "30: brakes[0].roles.role: Field required",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_reported_with_file_line_and_field(path: Path, case: str) -> None:
    old, new, told = WRONG[case]
    assert old in MEADOW

    complaints = _complaints(path, MEADOW.replace(old, new, 1))

    assert any(line.startswith(f"meadow.toml:{told}") for line in complaints), complaints


def test_every_mistake_is_reported_at_once(path: Path) -> None:
    text = MEADOW.replace("eip155:1", "mainnet").replace("= 18", "= 99").replace('"pair"', "7")

    assert [line.split(":")[1] for line in _complaints(path, text)] == ["2", "10", "20"]


def test_a_file_that_is_not_utf8_is_named_with_its_line(path: Path) -> None:
    assert _complaints(path, b'chain = "x"\n# caf\xe9\n') == ["meadow.toml:2: not UTF-8 at byte 17"]


def test_a_file_that_is_too_big_is_not_parsed(path: Path) -> None:
    (complaint,) = _complaints(path, b"#" * (MAX_MANIFEST_BYTES + 1))

    assert complaint == "meadow.toml: larger than 4,194,304 bytes"


def test_a_file_nested_too_deeply_is_refused(path: Path) -> None:
    (complaint,) = _complaints(path, b"x = " + b"[" * 100_000)

    assert complaint == "meadow.toml: nested too deeply"


def test_a_file_that_cannot_be_opened_is_named(path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"meadow\.toml: No such file"):
        load_manifest(path)
    path.mkdir()
    with pytest.raises(ConfigurationError, match=r"meadow\.toml: Is a directory"):
        load_manifest(path)


def test_a_folder_is_read_by_protocol(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(MEADOW)
    (tmp_path / "two.toml").write_text(MEADOW.replace('"meadow"', '"cellar"'))
    (tmp_path / "notes.txt").write_text("not a manifest")

    assert sorted(load_manifests(tmp_path)) == ["cellar", "meadow"]
    assert load_manifests(tmp_path / "none") == {}


def test_a_protocol_in_two_files_is_named_with_both(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(MEADOW)
    (tmp_path / "two.toml").write_text("# again\n" + MEADOW)

    with pytest.raises(ConfigurationError) as refused:
        load_manifests(tmp_path)

    first, second = tmp_path / "one.toml", tmp_path / "two.toml"
    assert str(refused.value) == f"{second}:2: protocol: 'meadow' is also named by {first}"


def test_what_is_wrong_in_one_file_does_not_hide_another(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text("x")
    (tmp_path / "two.toml").write_text(MEADOW.replace("eip155:1", "mainnet"))

    with pytest.raises(ConfigurationError) as refused:
        load_manifests(tmp_path)

    assert "one.toml:1:" in str(refused.value)
    assert "two.toml:2: chain:" in str(refused.value)


def test_five_thousand_contracts_are_checked_quickly(path: Path) -> None:
    contracts = "".join(
        f'[[contracts]]\naddress = "0x{number:040x}"\nrole = "pool"\n' for number in range(5000)
    )
    path.write_text(f'protocol = "meadow"\nchain = "eip155:1"\n{contracts}')

    assert len(load_manifest(path).contracts) == 5000
