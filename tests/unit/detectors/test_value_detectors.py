"""What acts are worth: each detector alerts on its attack, and not on the honest act beside it."""

import math
from collections.abc import Callable

import pytest

from detectors.builtin.approval_drain import ApprovalDrain
from detectors.builtin.liquidation import Liquidation
from detectors.builtin.mint_bridge import MintBridge
from detectors.builtin.oracle_gap import OracleGap
from detectors.builtin.share_price import SharePrice
from detectors.flows import NOBODY
from detectors.samples import address
from schemas.alerts import Alert
from schemas.chain import Flow, Log
from tests.unit.detectors.acts import (
    ADMIN,
    E18,
    ORACLE,
    PAIR,
    POOL,
    THIEF,
    TOKEN,
    VAULT,
    Life,
    event,
    flow,
    lived,
    said,
)

# share price


def deposit(assets: int, shares: int) -> Log:
    return event(
        VAULT, "Deposit", sender=ADMIN, owner=ADMIN, assets=str(assets), shares=str(shares)
    )


def vault(count: int = 300) -> Life:
    """A vault whose share price grows by a thousandth of a percent a day."""
    life = Life(SharePrice)
    for number in range(count):
        life.quiet(1, deposit(round(E18 * (1 + 1e-5 * number)), E18))
    return life


def test_a_share_price_that_jumps_alerts() -> None:
    alert = vault().take(deposit(3 * E18, E18))
    assert alert is not None
    assert "is worth" in said(alert)


def test_interest_and_its_rounding_are_quiet() -> None:
    vault(500)


def test_a_deposit_that_buys_no_share_alerts_without_any_history() -> None:
    life = Life(SharePrice)
    life.quiet(3)
    alert = life.take(deposit(E18, 0))
    assert alert is not None
    assert "got no share" in said(alert)


def test_the_price_of_a_compound_market_is_read_from_its_mints() -> None:
    life = Life(SharePrice)
    names = ("mintAmount", "mintTokens")
    for number in range(200):
        amounts = dict(zip(names, (str(E18 + number * 10**12), str(50 * E18)), strict=True))
        life.quiet(1, event(POOL, "Mint", minter=ADMIN, **amounts))
    jump = dict(zip(names, (str(40 * E18), str(50 * E18)), strict=True))
    assert life.take(event(POOL, "Mint", minter=THIEF, **jump)) is not None


def test_rewards_that_are_paid_in_as_a_habit_are_quiet() -> None:
    life = Life(SharePrice)
    for _ in range(20):
        life.quiet(20)
        life.take(flows=[flow(TOKEN, ADMIN, VAULT, E18)])
    assert life.take(flows=[flow(TOKEN, ADMIN, VAULT, E18)]) is None


# mint and bridge


def minted(amount: int, *others: Flow) -> list[Flow]:
    return [*others, flow(TOKEN, NOBODY, THIEF, amount)]


def test_an_unlimited_mint_alerts() -> None:
    life = Life(MintBridge)
    paid = flow(address(71), ADMIN, POOL, E18)
    for number in range(300):
        life.quiet(1, flows=minted((1 + number % 5) * E18, paid))
    alert = life.take(flows=minted(10**12 * E18), sender=THIEF)
    assert alert is not None
    assert "were minted" in said(alert)


def test_mints_of_ordinary_size_for_something_are_quiet() -> None:
    life = Life(MintBridge)
    for number in range(300):
        paid = flow(address(71), ADMIN, POOL, E18)
        life.quiet(1, flows=minted((1 + number % 5) * E18, paid))


def message(name: str) -> Log:
    return event(address(72), "ProcessId", messageId=name)


def test_a_message_that_takes_effect_twice_alerts() -> None:
    life = Life(MintBridge)
    for number in range(200):
        life.quiet(1, message(f"0x{number:064x}"))
    alert = life.take(message(f"0x{7:064x}"))
    assert alert is not None
    assert "took effect before" in said(alert)


def arrived(told: int, got: int) -> Alert | None:
    """A bridge mints, after a history of minting just what its messages tell."""
    life = Life(MintBridge)
    for number in range(300):
        amount = (1 + number % 5) * E18
        guid = f"0x{number:064x}"
        told_so = event(TOKEN, "OFTReceived", guid=guid, amountReceivedLD=str(amount))
        life.quiet(1, told_so, flows=minted(amount))
    last = event(TOKEN, "OFTReceived", guid="0x" + "f" * 64, amountReceivedLD=str(told))
    return life.take(last, flows=minted(got))


def test_more_minted_than_the_message_tells_alerts() -> None:
    alert = arrived(told=2 * E18, got=3 * E18)
    assert alert is not None
    assert "than the messages from elsewhere tell" in said(alert)


def test_what_was_locked_elsewhere_may_be_minted_less_a_fee() -> None:
    assert arrived(told=3 * E18, got=3 * E18) is None
    assert arrived(told=3 * E18, got=3 * E18 - 10**15) is None


def test_a_token_that_is_minted_for_messages_alone_is_not_minted_without_one() -> None:
    life = Life(MintBridge)
    for number in range(300):
        told_so = event(
            TOKEN, "OFTReceived", guid=f"0x{number:064x}", amountReceivedLD=str(3 * E18)
        )
        life.quiet(1, told_so, flows=minted(3 * E18))
    alert = life.take(flows=minted(3 * E18))
    assert alert is not None
    assert "nothing came in for it" in said(alert)


def test_new_messages_are_quiet_and_a_retry_that_failed_before_is_none() -> None:
    life = Life(MintBridge)
    for number in range(300):
        life.quiet(1, message(f"0x{number:064x}"))
    failed = event(
        address(72), "ExecutionStateChanged", sequenceNumber="1", messageId="0x01", state="3"
    )
    done = event(
        address(72), "ExecutionStateChanged", sequenceNumber="1", messageId="0x01", state="2"
    )
    life.quiet(1, failed)
    life.quiet(1, done)


# approvals


def test_one_who_takes_from_many_for_nothing_alerts() -> None:
    taken = [flow(TOKEN, address(900 + n), THIEF, E18) for n in range(12)]
    alert = lived(ApprovalDrain).take(sender=address(667), flows=taken)
    assert alert is not None
    assert "12 accounts paid and got nothing" in said(alert)


def test_a_signed_approval_that_is_used_at_once_alerts() -> None:
    victim = address(900)
    approval = event(TOKEN, "Approval", owner=victim, spender=THIEF, value=str(2**256 - 1))
    taken = [flow(TOKEN, victim, THIEF, E18)]
    assert lived(ApprovalDrain).take(approval, sender=THIEF, flows=taken) is not None


def test_people_who_get_something_for_it_are_quiet() -> None:
    trades = []
    for number in range(12):
        person = address(900 + number)
        trades += [flow(TOKEN, person, POOL, E18), flow(address(71), POOL, person, E18)]
    assert lived(ApprovalDrain).take(sender=address(667), flows=trades) is None


def test_people_who_pay_the_protocol_itself_are_quiet() -> None:
    paid = [flow(TOKEN, address(900 + n), POOL, E18) for n in range(12)]
    assert lived(ApprovalDrain).take(sender=address(667), flows=paid) is None


# liquidation


def liquidation(user: str) -> Log:
    return event(POOL, "LiquidationCall", user=user, debtToCover="1", collateralAsset=TOKEN)


def test_a_cascade_in_one_transaction_alerts() -> None:
    life = Life(Liquidation)
    life.quiet(100)
    life.quiet(30, liquidation(address(900)))
    alert = life.take(*(liquidation(address(900 + n)) for n in range(25)))
    assert alert is not None
    assert "25 positions were liquidated at once" in said(alert)


def test_single_liquidations_are_quiet_from_the_first() -> None:
    life = Life(Liquidation)
    life.quiet(5)
    life.quiet(50, liquidation(address(900)))


def minutes(count: int) -> int:
    return 1_700_000_000 + 60 * count


def test_a_cascade_of_single_liquidations_alerts_before_it_is_over() -> None:
    life = lived(Liquidation, 50)
    alerts = [life.take(liquidation(address(900 + n)), timestamp=minutes(n)) for n in range(40)]
    first = next(n for n, alert in enumerate(alerts) if alert is not None)
    assert 3 < first < 30
    assert "one after the other" in said(alerts[first])  # type: ignore[arg-type]  # there is one


def test_as_many_liquidations_over_a_week_are_quiet() -> None:
    life = lived(Liquidation, 50)
    for number in range(40):
        life.quiet(1, liquidation(address(900 + number)), timestamp=minutes(250 * number))


def test_hours_that_are_busy_as_a_habit_are_quiet() -> None:
    life = lived(Liquidation, 50)
    pace = [n // 6 * 180 + n % 6 * 3 for n in range(300)]
    for number, minute in enumerate(pace):
        life.quiet(1, liquidation(address(900 + number)), timestamp=minutes(minute))


def test_ones_own_position_that_is_liquidated_at_once_alerts() -> None:
    borrow = event(POOL, "Borrow", reserve=TOKEN, user=THIEF, onBehalfOf=THIEF, amount="1")
    alert = lived(Liquidation).take(borrow, liquidation(THIEF), sender=THIEF)
    assert alert is not None
    assert "opened in the same transaction" in said(alert)


def test_debt_that_nothing_covers_alerts_once_there_is_a_history_without() -> None:
    loss = event(POOL, "DeficitCreated", user=THIEF, debtAsset=TOKEN, amountCreated="5")
    assert lived(Liquidation).take(loss) is not None


def test_a_funding_rate_that_jumps_alerts_and_its_ordinary_life_does_not() -> None:
    life = Life(Liquidation)
    for number in range(200):
        rate = str(1_000 + number % 300)
        life.quiet(1, event(POOL, "UpdateFundingRate", token=TOKEN, fundingRate=rate))
    jump = event(POOL, "UpdateFundingRate", token=TOKEN, fundingRate="9000000")
    assert life.take(jump) is not None


# oracle gap


def answer(price: float) -> Log:
    return event(ORACLE, "AnswerUpdated", current=str(int(price * 1e8)), roundId="1", updatedAt="1")


def sync(price: float, pool: str = PAIR) -> Log:
    return event(pool, "Sync", reserve0=str(E18), reserve1=str(int(price * 1e6)))


def market(life: Life) -> None:
    for number in range(150):
        price = 1800.0 * (1 + 0.02 * (number % 11 - 5) / 5)
        life.quiet(1, answer(price), sync(price * (1 + 0.001 * (number % 3))))


@pytest.mark.parametrize("factor", [1.3, 0.7])
def test_an_oracle_that_moves_alone_alerts(factor: float) -> None:
    life = Life(OracleGap)
    market(life)
    alert = life.take(answer(1800.0 * factor))
    assert alert is not None
    assert "farther apart than they used to" in said(alert)


def test_an_oracle_and_a_pool_that_move_together_are_quiet() -> None:
    life = Life(OracleGap)
    market(life)
    assert life.take(answer(900.0), sync(900.0)) is None


def inverse(price: float) -> Log:
    return event(PAIR, "Sync", reserve0=str(int(price * 1e6)), reserve1=str(E18))


def dealt(price: float) -> Log:
    return event(VAULT, "PositionModified", account=ADMIN, lastPrice=str(int(price * 1e8)))


def prices(count: int = 150) -> list[float]:
    return [1800.0 * (1 + 0.02 * math.sin(number / 3)) for number in range(count)]


@pytest.mark.parametrize("pool", [sync, inverse])
def test_a_pool_is_read_the_way_round_that_the_oracle_keeps_to(pool: Callable[..., Log]) -> None:
    life = Life(OracleGap)
    for number, price in enumerate(prices()):
        life.quiet(1, answer(price), pool(price * (1 + 0.001 * (number % 3))))
    assert life.take(answer(1800.0), pool(900.0)) is not None
    assert life.take(answer(900.0), pool(900.0)) is None


def test_an_oracle_that_says_nothing_is_seen_where_it_is_used() -> None:
    life = Life(OracleGap)
    for price in prices():
        life.quiet(1, sync(price))
        life.quiet(1, dealt(price * 1.001))
    assert life.take(dealt(2700.0)) is not None
    life.quiet(1, sync(1500.0))  # nobody dealt meanwhile: nothing says what at


def test_a_market_that_crashes_before_it_is_final_is_no_gap() -> None:
    life = Life(OracleGap, finality=64)
    for price in prices(300):
        life.quiet(1, sync(price))
        life.quiet(1, answer(price * 1.001))
    for block in range(1, 16):
        life.quiet(1, sync(1800.0 * (1 - 0.01 * block)))
        life.quiet(1, answer(1800.0 * (1 - 0.01 * block)))
    assert life.take(answer(1800.0 * 0.5)) is not None


def test_what_left_the_chain_is_no_price_any_more() -> None:
    life = Life(OracleGap, finality=64)
    for price in prices(300):
        life.quiet(1, sync(price))
        life.quiet(1, answer(price * 1.001))
    assert life.take(sync(900.0)) is not None
    life.host.retract(life.block, f"b{life.block}")
    life.quiet(1, answer(1800.0))


def test_a_pool_of_something_else_says_nothing_of_an_oracle() -> None:
    life = Life(OracleGap)
    for number, price in enumerate(prices(300)):
        life.quiet(1, sync(price))
        life.quiet(1, answer(price * 1.001))
        life.quiet(1, sync(70.0 + number % 7, POOL))
    life.quiet(1, sync(40.0, POOL))
    life.quiet(1, answer(1801.0))
    assert life.take(answer(2700.0)) is not None


def test_a_new_market_is_quiet_until_it_is_known_which_pool_is_whose() -> None:
    tellers = {PAIR: (1800.0, answer), POOL: (70.0, dealt)}
    life = Life(OracleGap, finality=256)

    def blocks(count: int) -> None:
        for number in range(count):
            for phase, (pool, (middle, tell)) in enumerate(tellers.items()):
                price = middle * (1 + 0.045 * math.sin(phase + number / 7))
                for told in (tell(price * 1.0005), sync(price, pool)):
                    life.quiet(1, told)

    blocks(90)
    assert life.take(answer(2700.0)) is not None, "90 blocks are enough to know"
    blocks(60)
