"""What the code that a transaction deploys says of the transaction."""

import math
from collections.abc import Iterator

import pytest

import contracts
from detectors.builtin.deployed_code import NAME
from detectors.bytecode.judgement import judge
from detectors.deployed import code_p_value, joined
from detectors.scoring import Row, Subject, score_case, with_code
from detectors.sets import HostMaker
from runtime.bytecode import split_creation
from tests.births import born
from tests.unit.detectors.fakes import GasSize
from tests.unit.detectors.scenes import tx

BUDGET = 1 / 400
MINIMAL_PROXY = "0x363d3d373d3d3d363d73" + "2d" * 20 + "5af43d82803e903d91602b57fd5bf3"
"""ERC-1167."""


def runtime(name: str) -> str:
    _, deployed = split_creation(bytes.fromhex(contracts.load(name).bytecode[2:]))
    return "0x" + deployed.hex()


ATTACK, TOKEN = runtime("SpotAttack"), runtime("ToyERC20")


def rows(subjects: Iterator[Subject] | list[Subject]) -> list[Row]:
    maker = HostMaker("core", {"gas-size": GasSize}, {}, lambda _chain: 64)
    return list(score_case("case", subjects, maker))


def test_the_strangest_of_its_codes_speaks_and_each_of_them_costs() -> None:
    strange = judge("0x", ATTACK).p_value
    assert code_p_value([born(ATTACK)]) == strange
    assert code_p_value([born(ATTACK)] * 400) == strange, "one code, however often"
    assert code_p_value([born(TOKEN), born(ATTACK)]) == 2 * strange


@pytest.mark.parametrize("code", ["0x", MINIMAL_PROXY], ids=["not seen", "code is elsewhere"])
def test_code_that_is_not_there_says_nothing(code: str) -> None:
    assert code_p_value([born(code)]) == 1.0
    assert code_p_value([]) == 1.0


def test_code_adds_at_most_a_tenth_to_what_alerts() -> None:
    assert joined(0.5, BUDGET / 10) == pytest.approx(BUDGET)
    assert joined(0.5, BUDGET) > BUDGET
    assert joined(1e-6, 1e-3) == 1e-6, "ordinary code excuses nothing"


def test_a_row_is_as_rare_as_the_code_and_names_who_said_so() -> None:
    row = Row("case", 0, "0x1", 0.1, 10**-0.1, alerted=False, detectors=(), evidence={"gas": 0.2})
    assert with_code(row, 1.0, BUDGET) == row
    strange = with_code(row, 1e-5, BUDGET)
    assert strange.p_value == pytest.approx(1e-4)
    assert strange.score == pytest.approx(4.0)
    assert (strange.alerted, strange.detectors) == (True, (NAME,))
    assert strange.evidence == {"gas": 0.2, NAME: pytest.approx(-math.log(1e-5))}
    unsure = with_code(row, BUDGET, BUDGET)
    assert (unsure.alerted, unsure.detectors) == (False, ())


def test_a_deployment_counts_for_its_own_transaction_alone_and_has_no_row() -> None:
    first, second, third = tx(1), tx(2), tx(3)
    plain = rows([first, second, third])
    told = rows([first, born(ATTACK, second.tx), born(TOKEN, "0x99"), second, third])
    assert [row.tx for row in told] == [row.tx for row in plain]
    assert (told[0], told[2]) == (plain[0], plain[2])
    assert told[1].p_value == min(plain[1].p_value, 10 * judge("0x", ATTACK).p_value)
