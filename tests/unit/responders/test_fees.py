import pytest
from hypothesis import given
from hypothesis import strategies as st

from responders.fees import MIN_TIP, Fee, ahead, opening, raised
from tests.unit.responders.fakes import GWEI

CAP = 500 * GWEI

fee = st.builds(Fee, ceiling=st.integers(0, 10**13), tip=st.integers(0, 10**13))


def test_the_first_offer_leaves_room_for_the_base_fee_to_rise() -> None:
    fee = opening(30 * GWEI, GWEI, CAP)
    assert fee.tip == MIN_TIP
    assert fee.ceiling >= 30 * GWEI * (9 / 8) ** 11 + fee.tip


def test_a_chain_without_fees_still_gets_a_tip() -> None:
    assert opening(0, 0, CAP) == Fee(MIN_TIP, MIN_TIP)


@pytest.mark.parametrize(("base_fee", "tip"), [(400, 1), (1000, 1), (1, 2000)])
def test_no_offer_exceeds_the_cap(base_fee: int, tip: int) -> None:
    fee = opening(base_fee * GWEI, tip * GWEI, CAP)
    assert fee.tip <= fee.ceiling <= CAP


@pytest.mark.parametrize("ceiling", [1, 7, 10 * GWEI, 10 * GWEI + 1])
def test_a_replacement_pays_ten_percent_more_of_both(ceiling: int) -> None:
    before = Fee(ceiling, ceiling)
    after = raised(before, Fee(0, 0), CAP)
    assert after is not None
    assert 10 * after.ceiling >= 11 * before.ceiling
    assert 10 * after.tip >= 11 * before.tip


def test_a_replacement_follows_the_market_when_that_is_higher() -> None:
    assert raised(Fee(GWEI, GWEI), Fee(90 * GWEI, 5 * GWEI), CAP) == Fee(90 * GWEI, 5 * GWEI)


def test_a_replacement_beyond_the_cap_is_none() -> None:
    assert raised(Fee(460 * GWEI, GWEI), Fee(900 * GWEI, GWEI), CAP) is None
    assert raised(Fee(450 * GWEI, GWEI), Fee(900 * GWEI, GWEI), CAP) is not None


def test_a_replacement_never_exceeds_the_cap() -> None:
    after = raised(Fee(300 * GWEI, GWEI), Fee(900 * GWEI, 900 * GWEI), CAP)
    assert after == Fee(CAP, CAP)


@given(fee, fee, st.integers(1, 10**13))
def test_ahead_is_above_the_attack_in_both_fields_wherever_the_cap_allows(
    wanted: Fee, attack: Fee, cap: int
) -> None:
    found = ahead(wanted, attack, cap)
    assert found.tip <= found.ceiling <= cap
    if 1.2 * max(attack.ceiling, attack.tip) + 2 < cap:
        assert found.tip > attack.tip
        assert found.ceiling > attack.ceiling
