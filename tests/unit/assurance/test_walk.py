"""What a contract's code can reach, and what only stands in it."""

import pytest

import contracts
from assurance.values import Term
from assurance.walk import Act, Walk, walk
from runtime.bytecode import split_creation
from tests.unit.assurance.assembler import assembled, dispatch

KILL, RUN = 0x41C0E1B5, 0x12345678
NOTHING = (0, 0, 0, 0)
METADATA = bytes.fromhex(
    "a264697066735822" + "1220" + "ff" * 32 + "64736f6c6343" + "000824" + "0033"
)


def kinds(found: Walk) -> set[str]:
    return {act.kind for act in found.acts}


def deployed(name: str) -> bytes:
    """The code that one of our contracts deploys, before a constructor fills anything in."""
    return split_creation(bytes.fromhex(contracts.load(name).bytecode[2:]))[1]


def test_what_can_be_reached_counts_by_the_function_that_leads_there() -> None:
    found = walk(assembled(*dispatch((KILL, "kill")), "STOP :kill CALLER SELFDESTRUCT"))
    assert found.complete
    assert found.functions == {KILL}
    assert found.acts == {Act("destroy", KILL, Term("caller"))}


@pytest.mark.parametrize(
    "code",
    [
        assembled("STOP CALLER SELFDESTRUCT"),
        assembled("STOP", b"\xff" * 40),
        assembled("STOP", METADATA),
        assembled(0xFF, "POP STOP"),
        assembled(int.from_bytes(b"\x5b\x33\xff", "big"), "POP STOP"),
        assembled("STOP :never CALLER SELFDESTRUCT"),
        assembled("INVALID :never CALLER SELFDESTRUCT"),
    ],
    ids=["behind", "data", "metadata", "constant", "in a constant", "no way", "invalid"],
)
def test_what_cannot_be_reached_does_not_count(code: bytes) -> None:
    found = walk(code)
    assert found.complete
    assert found.acts == set()


def test_a_return_address_on_the_stack_leads_back() -> None:
    code = assembled(
        "@back @sub JUMP :back CALLER SELFDESTRUCT :sub JUMP",
    )
    assert kinds(walk(code)) == {"destroy"}


def test_a_loop_is_left() -> None:
    code = assembled(0, ":loop", 1, "ADD DUP1", 1000, "LT @loop JUMPI CALLER SELFDESTRUCT")
    found = walk(code)
    assert found.complete
    assert kinds(found) == {"destroy"}


def test_a_jump_to_who_knows_where_is_told_and_every_place_is_looked_at() -> None:
    found = walk(assembled(0, "CALLDATALOAD JUMP :hidden CALLER SELFDESTRUCT"))
    assert not found.complete
    assert found.acts == {Act("destroy", None, Term("caller"))}


@pytest.mark.parametrize(
    ("target", "term"),
    [
        ((4, "CALLDATALOAD"), Term("calldata")),
        ((4, "CALLDATALOAD", 2**160 - 1, "AND"), Term("calldata")),
        ((7, "SLOAD"), Term("storage", 7)),
        ((7, "SLOAD", 8, "SHR", 2**160 - 1, "AND"), Term("storage", 7)),
        ((4, "CALLDATALOAD SLOAD"), Term("storage")),
        ((0x40, "MLOAD"), Term("memory")),
        ((0xABCDEF,), 0xABCDEF),
        ((0xAB, 8, "SHL"), 0xAB00),
    ],
)
def test_where_the_code_comes_from_that_is_run(target: tuple[str | int, ...], term: object) -> None:
    (act,) = walk(assembled(*NOTHING, *target, "GAS DELEGATECALL STOP")).acts
    assert (act.kind, act.target) == ("delegate call", term)


@pytest.mark.parametrize(
    ("how", "value"),
    [("XOR ISZERO", 0), ("SUB ISZERO", 0), ("EQ", 0), ("EQ ISZERO ISZERO", 0)],
)
def test_selectors_are_compared_in_many_ways(how: str, value: int) -> None:
    code = assembled(0, "CALLDATALOAD", 224, "SHR", KILL, how, "@kill JUMPI STOP",
                     ":kill CALLER SELFDESTRUCT")  # fmt: skip
    assert walk(code).acts == {Act("destroy", KILL, Term("caller"))}
    assert value == 0


def test_old_compilers_divide_to_get_at_the_selector() -> None:
    code = assembled(2**224, 0, "CALLDATALOAD DIV", 0xFFFFFFFF, "AND", KILL, "EQ @kill JUMPI STOP",
                     ":kill CALLER SELFDESTRUCT")  # fmt: skip
    assert walk(code).functions == {KILL}


def test_a_call_is_known_by_what_is_written_in_front_of_it() -> None:
    transfer = 0xA9059CBB
    code = assembled(
        transfer, 224, "SHL", 0, "MSTORE", *NOTHING, 0, 4, "CALLDATALOAD GAS CALL STOP"
    )
    assert walk(code).acts == {Act("call", None, Term("calldata"), transfer)}
    sent = assembled(*NOTHING, "CALLDATASIZE", 4, "CALLDATALOAD GAS CALL STOP")
    assert walk(sent).acts == {Act("call", None, Term("calldata"), 0, sends=True)}


def test_the_origin_counts_only_where_it_is_compared() -> None:
    told = assembled("ORIGIN", 0, "SSTORE STOP")
    assert "origin compared" not in kinds(walk(told))
    compared = walk(assembled(0, "SLOAD ORIGIN EQ @on JUMPI STOP :on STOP"))
    assert compared.acts == {Act("origin compared", None, Term("storage", 0))}


def test_code_of_ours_is_followed_to_its_end() -> None:
    for name in ("LendingPool", "Vault", "BrakeGate", "OutflowBucket", "ToyERC20"):
        found = walk(deployed(name))
        assert found.complete, name
        abi = [one for one in contracts.load(name).abi if one["type"] == "function"]
        assert len(found.functions) == len(abi), name
