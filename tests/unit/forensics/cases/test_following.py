"""Rules of the trail, each by the smallest chain that shows it."""

from collections.abc import Callable
from itertools import count

import pytest

from forensics.cases.accounts import Subject, fund_flow
from forensics.cases.folding import REST
from forensics.cases.following import Follower
from forensics.cases.labels import Label
from forensics.cases.trail import Limits, Surroundings
from forensics.cases.transactions import Movement, Transaction
from schemas.codec import encode
from schemas.fundflow import MAX_NODES, FlowNode, FundFlow
from schemas.units import NATIVE

VICTIM, THIEF, ONE, TWO, POOL, OTHER, MIXER, SPLITTER, COIN = (
    f"0x{number:040x}" for number in range(0xA1, 0xAA)
)
USD, EUR = "0x" + "cc" * 20, "0x" + "dd" * 20
CONTRACTS = {VICTIM, POOL, OTHER, SPLITTER, COIN, USD, EUR}


class Chain:
    """A follower, and transactions for it in the order in which they are made."""

    def __init__(
        self,
        balances: dict[tuple[str, str], int] | None = None,
        limits: Limits | None = None,
        balance: Callable[[str, str, int], int | None] | None = None,
    ) -> None:
        known = balances or {}
        self.around = Surroundings(
            victims=frozenset({VICTIM}),
            protocol={},
            labels={MIXER: Label(f"eip155:1:{MIXER}", "mixer", "Mixer")},
            balance=balance or (lambda account, token, _: known.get((account, token), 0)),
            has_code=lambda account: account in CONTRACTS,
        )
        self.attackers = {THIEF}
        self.follower = Follower(self.around, self.attackers, limits or Limits())
        self._blocks = count(1)

    def tx(self, *moved: Movement, theft: bool = False, fee: int = 0, sender: str = "") -> None:
        number = next(self._blocks)
        named = {name for move in moved for name in (move.sender, move.to)}
        tx = Transaction(
            hash=f"0x{number:064x}",
            block=number,
            index=0,
            timestamp=number,
            sender=sender or (moved[0].sender if moved else THIEF),
            to=VICTIM,
            ok=True,
            fee=fee,
            movements=moved,
            touched=frozenset(named | {sender}),
        )
        self.follower.apply(tx, theft=theft)

    def flow(self) -> FundFlow:
        subject = Subject(chain="eip155:1", protocol="p", incident="0" * 64, first=1, last=9)
        trail, around = self.follower.trail, self.around
        return fund_flow(subject, trail, around, self.attackers, lambda token: (token[:4], 2))

    def stays(self) -> dict[str, dict[str, int]]:
        return {
            node.address: {one.token: int(one.amount) for one in node.stays}
            for node in self.flow().nodes
            if node.stays
        }

    def node(self, address: str) -> FlowNode:
        return next(node for node in self.flow().nodes if node.address == address)


@pytest.fixture
def robbed() -> Chain:
    chain = Chain({(ONE, USD): 30})
    chain.tx(Movement(USD, VICTIM, THIEF, 100), theft=True)
    return chain


def test_what_was_there_before_leaves_first(robbed: Chain) -> None:
    robbed.tx(Movement(USD, THIEF, ONE, 100))
    robbed.tx(Movement(USD, ONE, TWO, 50))
    assert robbed.stays() == {ONE: {USD: 80}, TWO: {USD: 20}}


def test_honest_income_later_leaves_last(robbed: Chain) -> None:
    robbed.tx(Movement(USD, THIEF, TWO, 100))
    robbed.tx(Movement(USD, ONE, TWO, 30))
    robbed.tx(Movement(USD, TWO, MIXER, 110))
    assert robbed.stays() == {MIXER: {USD: 100}}


def test_a_contract_that_only_passes_on_is_no_station(robbed: Chain) -> None:
    robbed.tx(
        Movement(USD, THIEF, SPLITTER, 100),
        Movement(USD, SPLITTER, ONE, 60),
        Movement(USD, SPLITTER, TWO, 40),
    )
    assert robbed.stays() == {ONE: {USD: 60}, TWO: {USD: 40}}
    assert SPLITTER not in {node.address for node in robbed.flow().nodes}


def test_a_loan_that_is_returned_does_not_carry_the_loot_away() -> None:
    chain = Chain()
    chain.tx(
        Movement(USD, POOL, THIEF, 10_000),
        Movement(USD, VICTIM, THIEF, 100),
        Movement(USD, THIEF, POOL, 10_009),
        theft=True,
        sender=THIEF,
    )
    assert chain.stays() == {THIEF: {USD: 91}, POOL: {USD: 9}}


def test_an_exchange_goes_on_in_the_other_token(robbed: Chain) -> None:
    robbed.tx(Movement(USD, THIEF, POOL, 100), Movement(EUR, POOL, THIEF, 90))
    assert robbed.stays() == {THIEF: {EUR: 90}}
    assert [(one.token, one.amount) for one in robbed.node(POOL).exchanged] == [(USD, "100")]


def test_an_exchange_of_partly_honest_units_is_stolen_in_proportion(robbed: Chain) -> None:
    robbed.tx(Movement(USD, THIEF, ONE, 100))
    robbed.tx(Movement(USD, ONE, POOL, 70), Movement(EUR, POOL, ONE, 7))
    assert robbed.stays() == {ONE: {USD: 60, EUR: 4}}, "40 of 70 are stolen: 4 of 7"


def test_an_exchange_over_several_pools_is_one(robbed: Chain) -> None:
    robbed.tx(
        Movement(USD, THIEF, POOL, 100),
        Movement(EUR, POOL, COIN, 50),
        Movement(NATIVE, COIN, TWO, 49),
    )
    assert robbed.stays() == {TWO: {NATIVE: 49}}


def test_pools_that_wait_for_each_other_come_to_an_end(robbed: Chain) -> None:
    robbed.tx(
        Movement(USD, THIEF, POOL, 100),
        Movement(EUR, POOL, OTHER, 50),
        Movement(NATIVE, OTHER, POOL, 20),
        Movement(NATIVE, OTHER, TWO, 20),
    )
    assert robbed.stays()[TWO] == {NATIVE: 20}


def test_wrapping_is_an_exchange_with_the_wrapper() -> None:
    chain = Chain()
    chain.tx(Movement(NATIVE, VICTIM, THIEF, 100), theft=True)
    chain.tx(Movement(NATIVE, THIEF, COIN, 100), Movement(COIN, COIN, THIEF, 100))
    assert chain.stays() == {THIEF: {COIN: 100}}


def test_what_others_take_from_a_pool_afterwards_is_not_followed(robbed: Chain) -> None:
    robbed.tx(Movement(USD, THIEF, POOL, 100))
    robbed.tx(Movement(USD, POOL, ONE, 100))
    assert robbed.stays() == {POOL: {USD: 100}}
    assert robbed.node(POOL).kind == "pool"


def test_honest_units_that_arrive_together_with_stolen_ones_are_not_lost(robbed: Chain) -> None:
    robbed.tx(Movement(USD, VICTIM, THIEF, 1), theft=True)
    robbed.tx(Movement(USD, OTHER, TWO, 50), Movement(USD, THIEF, TWO, 10))
    assert robbed.follower.trail.purses[TWO, USD].total == 60


def test_labels_end_the_trail_and_are_told(robbed: Chain) -> None:
    robbed.tx(Movement(USD, THIEF, MIXER, 99))
    node = robbed.node(MIXER)
    assert (node.kind, node.label, node.ended) == ("mixer", "Mixer", "labelled as mixer")


def test_what_comes_back_is_returned(robbed: Chain) -> None:
    robbed.tx(Movement(USD, THIEF, VICTIM, 60))
    (token,) = robbed.flow().tokens
    assert (token.stolen, token.returned, token.held) == ("100", "60", "40")


def test_fees_are_paid_from_the_loot_too() -> None:
    chain = Chain()
    chain.tx(Movement(NATIVE, VICTIM, THIEF, 100), theft=True)
    chain.tx(fee=7, sender=THIEF)
    (token,) = chain.flow().tokens
    assert (token.held, token.ended) == ("93", (("fees", "7"),))


def test_a_contract_of_the_attackers_is_followed_through(robbed: Chain) -> None:
    robbed.attackers.add(SPLITTER)
    robbed.tx(Movement(USD, THIEF, SPLITTER, 100))
    robbed.tx(Movement(USD, SPLITTER, TWO, 100), sender=THIEF)
    assert robbed.stays() == {TWO: {USD: 100}}
    assert robbed.node(SPLITTER).kind == "contract"


@pytest.mark.parametrize("limits", [Limits(hops=1), Limits(accounts=1)])
def test_bounds_end_the_trail_and_say_so(limits: Limits) -> None:
    chain = Chain(limits=limits)
    chain.tx(Movement(USD, VICTIM, THIEF, 100), theft=True)
    chain.tx(Movement(USD, THIEF, ONE, 100))
    chain.tx(Movement(USD, ONE, TWO, 100))
    assert chain.stays() == {ONE: {USD: 100}}
    assert "more than 1 accounts" in chain.node(ONE).ended


def test_loot_that_is_scattered_over_thousands_is_still_told(robbed: Chain) -> None:
    crowd = [f"0x{number:040x}" for number in range(10**6, 10**6 + 3000)]
    chain = Chain(limits=Limits(accounts=100))
    chain.tx(Movement(USD, VICTIM, THIEF, 3100), theft=True)
    for start in range(0, 3000, 1000):
        part = crowd[start : start + 1000]
        chain.tx(*(Movement(USD, THIEF, one, 1) for one in part))
    flow = chain.flow()
    assert len(flow.nodes) == MAX_NODES
    rest = next(node for node in flow.nodes if node.address == REST)
    assert rest.label == "1,003 more accounts"
    assert sum(int(one.amount) for node in flow.nodes for one in node.stays) == 3100
    ways = sum(int(edge.amount) for edge in flow.edges if edge.kind == "transfer")
    assert ways == 3000
    assert encode(flow)


def test_unknown_balances_are_a_gap_that_is_told() -> None:
    chain = Chain(balance=lambda *_: None)
    chain.tx(Movement(USD, VICTIM, THIEF, 100), theft=True)
    assert "makes the stolen part larger" in chain.flow().gaps[0]


def test_shares_that_a_victim_issues_are_not_stolen_but_may_be_exchanged(robbed: Chain) -> None:
    robbed.tx(Movement(VICTIM, VICTIM, ONE, 5), theft=True, sender=THIEF)
    assert robbed.stays() == {THIEF: {USD: 100}}
    robbed.tx(Movement(USD, THIEF, VICTIM, 100), Movement(VICTIM, VICTIM, THIEF, 9))
    assert robbed.stays() == {THIEF: {VICTIM: 9}}


def test_an_honest_transaction_of_the_protocol_steals_nothing(robbed: Chain) -> None:
    robbed.tx(Movement(USD, VICTIM, TWO, 500))
    assert robbed.stays() == {THIEF: {USD: 100}}
