from detectors.flows import (
    NOBODY,
    books,
    free_gains,
    initiators,
    loans,
    net_flows,
    only_losing,
    together,
)
from detectors.samples import address, make
from schemas.chain import Call, Flow

USER, POOL, BOT, LENDER, PAIR = (address(n) for n in range(1, 6))
GOLD, SILVER = address(100), address(101)


def flow(token: str, sender: str, to: str, amount: int) -> Flow:
    return Flow(token=token, sender=sender, to=to, amount=str(amount))


def test_net_flows_are_exact_before_they_become_floats() -> None:
    huge = 2**255
    net = net_flows([flow(GOLD, USER, POOL, huge + 1), flow(GOLD, POOL, USER, huge)])
    assert net == {USER: {GOLD: -1.0}, POOL: {GOLD: 1.0}}


def test_what_comes_back_with_a_small_fee_was_a_loan() -> None:
    flows = [
        flow(GOLD, LENDER, BOT, 1_000),
        flow(GOLD, BOT, PAIR, 1_000),
        flow(SILVER, PAIR, BOT, 500),
        flow(SILVER, BOT, POOL, 500),
        flow(GOLD, POOL, BOT, 1_200),
        flow(GOLD, BOT, LENDER, 1_003),
    ]
    assert [(loan.lender, loan.token) for loan in loans(flows)] == [(LENDER, GOLD)]


def test_passing_a_token_on_is_no_loan() -> None:
    flows = [flow(GOLD, USER, BOT, 10), flow(GOLD, BOT, POOL, 10), flow(GOLD, POOL, BOT, 10)]
    assert [loan.lender for loan in loans(flows)] == []


def test_much_more_coming_back_is_trade_not_a_loan() -> None:
    flows = [flow(GOLD, LENDER, BOT, 100), flow(GOLD, BOT, LENDER, 150)]
    assert loans(flows) == []


def test_a_swap_has_no_party_that_only_loses() -> None:
    flows = [flow(GOLD, USER, PAIR, 5), flow(SILVER, PAIR, USER, 7)]
    assert only_losing(books(flows), besides=frozenset()) == []


def test_a_drained_pool_only_loses_and_its_attacker_gains_for_nothing() -> None:
    tx = make(0, sender=USER, to=BOT, calls=(Call(depth=0, kind="call", sender=USER, to=BOT),))
    flows = [flow(GOLD, POOL, BOT, 5), flow(SILVER, POOL, BOT, 7)]
    own = initiators(tx, protocol=frozenset({POOL}))
    assert own == {USER, BOT}
    assert only_losing(books(flows), besides=own) == [POOL]
    assert sorted(free_gains(together(net_flows(flows), own))) == [GOLD, SILVER]


def test_one_who_pays_has_no_free_gain() -> None:
    net = net_flows([flow(GOLD, POOL, USER, 5), flow(SILVER, USER, POOL, 1)])
    assert free_gains(net[USER]) == []


def test_minting_is_nobodys_loss() -> None:
    assert only_losing(books([flow(GOLD, NOBODY, USER, 5)]), besides=frozenset()) == []


def test_the_protocols_own_contracts_never_act_for_the_sender() -> None:
    tx = make(0, sender=USER, to=POOL, created=(BOT,))
    assert initiators(tx, protocol=frozenset({POOL})) == {USER, BOT}


def test_the_most_repeated_movement_is_counted() -> None:
    flows = [flow(GOLD, POOL, BOT, n) for n in range(1, 8)] + [flow(GOLD, BOT, POOL, 1)]
    assert books(flows).repeats == 7
    assert books([]).repeats == 0
