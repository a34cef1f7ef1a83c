import pytest

from schemas.errors import PoisonRecordError
from schemas.units import INT256_MAX, UINT256_MAX, account, int256, split_account, uint

ADDRESS = "0x" + "ab" * 20


@pytest.mark.parametrize("number", [0, 1, 10, 2**53 + 1, UINT256_MAX])
def test_a_uint256_comes_back_exactly(number: int) -> None:
    assert uint(str(number)) == number


@pytest.mark.parametrize("number", [0, 1, -1, INT256_MAX, -INT256_MAX - 1])
def test_an_int256_comes_back_exactly(number: int) -> None:
    assert int256(str(number)) == number


NOT_A_NUMBER = [
    "", " ", "1 ", " 1", "1\n", "+1", "01", "00", "1.0", "1e18", "0x1", "1_000", "²",
    "\u0661", "\uff11", "nan", "-", "--1", "- 1", "9" * 79, "9" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("text", [*NOT_A_NUMBER, "-1", "-0", str(UINT256_MAX + 1)])
def test_a_uint256_is_plain_decimal_text_in_range(text: str) -> None:
    with pytest.raises(PoisonRecordError, match="decimal text"):
        uint(text)


@pytest.mark.parametrize(
    "text", [*NOT_A_NUMBER, "-0", "-01", str(INT256_MAX + 1), str(-INT256_MAX - 2)]
)
def test_an_int256_is_plain_decimal_text_in_range(text: str) -> None:
    with pytest.raises(PoisonRecordError, match="decimal text"):
        int256(text)


def test_a_refusal_is_short_whatever_it_refuses() -> None:
    with pytest.raises(PoisonRecordError) as refused:
        uint("9" * 1_000_000)

    assert len(str(refused.value)) < 200


def test_an_account_is_named_and_read_again() -> None:
    name = account("eip155:1", ADDRESS)

    assert name == f"eip155:1:{ADDRESS}"
    assert split_account(name) == ("eip155:1", ADDRESS)


@pytest.mark.parametrize(
    "name",
    ["", ":", "eip155:1", ADDRESS, f"eip155:{ADDRESS}", f"eip155:1:{ADDRESS}0", f":1:{ADDRESS}",
     f"eip155:1:{ADDRESS.upper()}", f"eip155:1:{ADDRESS}\n", f"a:b:c:{ADDRESS}"],
)  # fmt: skip
def test_what_is_not_an_account_is_refused(name: str) -> None:
    with pytest.raises(PoisonRecordError, match="CAIP-10"):
        split_account(name)
