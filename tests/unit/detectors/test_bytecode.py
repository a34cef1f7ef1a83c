"""What is read from code, and that nothing a compiler decides changes it."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import contracts
from detectors.bytecode import model
from detectors.bytecode.features import DIRECTIONS, body, features
from detectors.bytecode.forest import Tree
from detectors.bytecode.judgement import judge
from detectors.bytecode.model import CodeModel, shipped
from detectors.bytecode.reading import read
from detectors.bytecode.recorded import Contract
from detectors.bytecode.signatures import purposes
from detectors.scoring import score_case
from detectors.sets import HostMaker
from runtime.bytecode import (
    MAX_BYTES,
    Instruction,
    instructions,
    split_creation,
    without_metadata,
)
from tests.unit.detectors.fakes import GasSize

BALANCE_OF, SWAP_CALL = 0x70A08231, 0x10D1E85C
METADATA = bytes.fromhex("a264697066735822" + "1220" + "ab" * 32 + "64736f6c63430008110033")
TARGET = "7a250d5630b4cf539739df2c5dacb4c659f2488d"


def offers(selector: int) -> str:
    """A dispatcher's line: DUP1 PUSH4 selector EQ PUSH2 0x0010 JUMPI."""
    return f"8063{selector:08x}1461001057"


def calls(selector: int, push: str = "") -> str:
    """Store a selector, then call an address that is written into the code."""
    constant = push or f"63{selector:08x}60e01b"
    return f"6040518152{constant}815260006000600060006000" + f"73{TARGET}5af150"


def code(*parts: str) -> bytes:
    return bytes.fromhex("6080604052" + "".join(parts) + "00")


def runtime(name: str) -> str:
    _, deployed = split_creation(bytes.fromhex(contracts.load(name).bytecode[2:]))
    return "0x" + deployed.hex()


def test_metadata_is_taken_off_and_nothing_else() -> None:
    plain = code(offers(SWAP_CALL))
    assert without_metadata(plain + METADATA) == plain
    assert without_metadata(plain) == plain
    assert without_metadata(plain + b"\xa1\x00\x08") == plain + b"\xa1\x00\x08"


def test_creation_and_deployed_code_are_told_apart() -> None:
    deployed = code(offers(SWAP_CALL))
    creation = bytes.fromhex("6080604052600080fdf3fe")
    assert split_creation(creation + deployed) == (creation, deployed)
    assert split_creation(creation) == (creation, b"")


@pytest.mark.parametrize(
    "push",
    [
        f"63{BALANCE_OF:08x}60e01b",
        f"63{BALANCE_OF >> 1:08x}60e11b" if BALANCE_OF % 2 == 0 else f"63{BALANCE_OF:08x}60e01b",
        f"7f{BALANCE_OF:08x}" + "00" * 28,
        f"7c01{'00' * 28}63{BALANCE_OF:08x}02",
    ],
    ids=["shifted", "shifted otherwise", "whole word", "multiplied"],
)
def test_a_call_is_the_same_however_its_selector_is_written(push: str) -> None:
    found = read(code(calls(BALANCE_OF, push)))
    assert dict(found.called) == {BALANCE_OF: 1}
    assert not found.offered


def test_offered_and_called_functions_are_told_apart() -> None:
    found = read(code(offers(SWAP_CALL), calls(BALANCE_OF)))
    assert (dict(found.offered), dict(found.called)) == ({SWAP_CALL: 1}, {BALANCE_OF: 1})
    assert set(found.addresses) == {"0x" + TARGET}


def test_a_custom_error_is_no_call() -> None:
    error = f"6040516312345678{'60e01b'}8152600490fd"
    assert not read(code(error, calls(BALANCE_OF))).called.keys() & {0x12345678}


def test_the_bare_revert_before_an_old_compilers_call_changes_nothing() -> None:
    early = f"63{BALANCE_OF:08x}60e01b81526000" + "803b158015610020576000" + "80fd5b50"
    found = read(code(early, "60006000600060006000" + f"73{TARGET}5af1"))
    assert BALANCE_OF in found.called


def test_a_contract_that_works_while_it_is_created_is_read_by_its_creation() -> None:
    attack = code(*[calls(BALANCE_OF)] * 20)
    assert body("0x" + attack.hex(), "0x00") == attack
    assert body("0x" + attack.hex(), "0x" + (b"\x5b" * 200).hex()) == b"\x5b" * 200
    assert body("", "0x" + attack.hex()) == attack


def test_selectors_are_those_of_the_standard() -> None:
    assert "balance" in purposes()[BALANCE_OF]
    assert "callback" in purposes()[SWAP_CALL]
    assert "transfer" in purposes()[0xA9059CBB]


def test_the_shipped_model_knows_exactly_the_features_there_are() -> None:
    x = features(read(code()))
    assert sorted(x) == list(shipped().names)
    assert set(DIRECTIONS) <= set(x)


def test_no_shipped_weight_contradicts_what_its_feature_means() -> None:
    for name, weight in zip(shipped().names, shipped().weights, strict=True):
        assert weight * DIRECTIONS.get(name, 0) >= 0.0


def test_attackers_stand_out_among_the_sandboxs_contracts() -> None:
    scores = {
        name: judge("", runtime(name)).score
        for name in ("SpotAttack", "ReentrancyAttack", "LendingPool", "Vault", "ToyERC20")
    }
    assert min(scores["SpotAttack"], scores["ReentrancyAttack"]) > max(
        scores["LendingPool"], scores["Vault"], scores["ToyERC20"]
    )


def told(name: str) -> float:
    return judge("", runtime(name)).p_value


def test_the_sandboxs_contracts_are_as_unusual_as_the_card_says() -> None:
    found = [told(name) for name in ("SpotAttack", "ReentrancyAttack", "FlashArbitrage")]
    assert found == pytest.approx([0.0011, 0.0016, 0.0017], abs=5e-5)
    others = sorted(told(name) for name in ("ToyERC20", "LendingPool", "BrakeGate", "Vault"))
    assert [others[0], others[-1]] == pytest.approx([0.07, 0.85], abs=5e-3)


def test_reasons_are_in_words() -> None:
    reasons = judge("", runtime("SpotAttack")).reasons()
    assert reasons
    assert all(reason.text and reason.distance > 0.0 for reason in reasons)


@given(st.floats(-60, 60), st.floats(-60, 60))
def test_a_p_value_is_a_share_and_never_rises_with_the_score(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert 0.0 < shipped().p_value(high) <= shipped().p_value(low) <= 1.0


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=600), st.binary(max_size=600))
@example(b"", b"")
@example(b"\x7f", b"\x60")
def test_any_bytes_can_be_judged(creation: bytes, deployed: bytes) -> None:
    found = judge("0x" + creation.hex(), "0x" + deployed.hex())
    assert 0.0 < found.p_value <= 1.0
    assert found == judge("0x" + creation.hex(), "0x" + deployed.hex())


def test_what_is_longer_than_any_code_is_cut() -> None:
    assert len(body("", "0x" + "5b" * (MAX_BYTES + 5_000))) == MAX_BYTES


def test_a_constant_at_the_end_is_filled_up() -> None:
    assert list(instructions(b"\x61\xff")) == [Instruction(0x61, 0xFF00, 2)]


def copy() -> CodeModel:
    return CodeModel.load(json.loads(json.dumps(shipped().dump())))


def test_a_model_is_plain_numbers_and_goes_on_from_them() -> None:
    x = judge("", runtime("SpotAttack")).x
    assert copy().score(x) == shipped().score(x)


@pytest.mark.parametrize("attack", [True, False])
def test_a_model_learns_one_contract_at_a_time_and_keeps_its_signs(*, attack: bool) -> None:
    taught, x = copy(), judge("", runtime("Vault")).x
    before = taught.score(x)
    for _ in range(5):
        taught.learn(x, attack=attack)
    assert (taught.score(x) > before) is attack
    for name, weight in zip(taught.names, taught.weights, strict=True):
        assert weight * DIRECTIONS.get(name, 0) >= 0.0
    assert shipped().score(x) == before, "the shipped model is nobody's to teach"


def test_a_tree_sends_each_example_to_one_leaf() -> None:
    tree = Tree.load([[0, 1.5, 1], [3.0, 0.0], [0.0, 2.0]])
    assert tree.leaf([1.0]) == [3.0, 0.0]
    assert tree.leaf([2.0]) == [0.0, 2.0]
    assert Tree.load(tree.dump()) == tree


def test_the_shipped_file_is_small() -> None:
    path = Path(model.__file__).with_name("code_model.json")
    assert path.stat().st_size < 256 * 1024


@pytest.mark.parametrize(
    "written",
    ["73{}", "7f000000000000000000000000{}", "f3fe{:0>64}"],
    ids=["constant", "immutable", "argument"],
)
def test_an_address_is_found_however_it_is_written(written: str) -> None:
    text = "0x6080" + written.format(TARGET) + "5b"
    assert judge(text, "").named(["0x" + TARGET, "0x" + "11" * 20]) == ["0x" + TARGET]


def test_what_only_forwards_is_too_small_to_judge() -> None:
    proxy = f"363d3d373d3d3d363d73{TARGET}5af43d82803e903d91602b57fd5bf3"  # ERC-1167
    assert judge("0x3d602d80600a3d3981f3" + proxy, "0x" + proxy).p_value == 1.0


def test_recorded_contracts_are_scored_each_by_itself_and_in_order() -> None:
    names = ("SpotAttack", "Vault", "ToyERC20")
    subjects = [Contract(name, "", runtime(name)) for name in names]
    maker = HostMaker("core", {"gas-size": GasSize}, {}, lambda _chain: 64)
    rows = list(score_case("case", subjects, maker))
    assert [(row.order, row.tx) for row in rows] == list(enumerate(names))
    assert rows[0].score > max(rows[1].score, rows[2].score) > 0.0
    assert [row.alerted for row in rows] == [row.p_value <= 1 / 400 for row in rows]
    assert all(bool(row.detectors) is row.alerted for row in rows)
    again = [next(score_case("case", [subject], maker)) for subject in reversed(subjects)]
    assert [row.p_value for row in reversed(again)] == [row.p_value for row in rows]
