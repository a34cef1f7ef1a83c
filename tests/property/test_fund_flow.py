"""Whatever moves: netting keeps every sum, purses keep every unit, trails add up."""

from collections import Counter, defaultdict
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from forensics.cases.accounts import Subject, fund_flow, unexplained
from forensics.cases.following import Follower
from forensics.cases.labels import Label
from forensics.cases.purse import Lot, Purse, stolen_in
from forensics.cases.settlement import nets, settle
from forensics.cases.trail import FEES, Limits, Surroundings
from forensics.cases.transactions import Movement, Transaction
from schemas.units import NATIVE

ADDRESSES = [f"0x{number:040x}" for number in range(1, 9)]
VICTIM, POOL, MIXER, THIEF, *PEOPLE = ADDRESSES
TOKENS = [NATIVE, "0x" + "aa" * 20, "0x" + "bb" * 20]
WEALTH = 10**6

movements = st.lists(
    st.builds(
        Movement,
        st.sampled_from(TOKENS),
        st.sampled_from(ADDRESSES),
        st.sampled_from(ADDRESSES),
        st.integers(1, 1000),
    ).filter(lambda move: move.sender != move.to),
    max_size=12,
)


@given(movements)
def test_what_givers_gave_is_what_takers_got(moved: list[Movement]) -> None:
    settled = settle(moved)
    again = [Movement(one.token, one.giver, one.taker, one.amount) for one in settled]
    assert nets(again) == nets(moved)
    roles: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for one in settled:
        assert one.amount > 0
        roles[one.token][0].add(one.giver)
        roles[one.token][1].add(one.taker)
    for givers, takers in roles.values():
        assert givers.isdisjoint(takers), "nobody both gives and takes a token"


@given(movements)
def test_ways_are_ways_that_there_were(moved: list[Movement]) -> None:
    steps = {(move.token, move.sender, move.to) for move in moved}
    for one in settle(moved):
        path = [one.giver, *one.via, one.taker]
        assert all((one.token, a, b) in steps for a, b in pairwise(path))


def test_one_transaction_that_pays_twenty_thousand_is_settled() -> None:
    crowd = [f"0x{number:040x}" for number in range(10**6, 10**6 + 20_000)]
    moved = [
        Movement(NATIVE, THIEF, POOL, len(crowd)),
        *(Movement(NATIVE, POOL, c, 1) for c in crowd),
    ]
    settled = settle(moved)
    assert [one.taker for one in settled] == crowd
    assert {one.via for one in settled} == {(POOL,)}


@given(st.lists(st.tuples(st.integers(-50, 50), st.booleans()), max_size=40), st.integers(0, 99))
def test_a_purse_loses_no_unit(changes: list[tuple[int, bool]], opening: int) -> None:
    purse = Purse(opening)
    order = [False] * opening
    for amount, is_stolen in changes:
        if amount >= 0:
            purse.put([Lot(amount, is_stolen)])
            order += [is_stolen] * amount
        else:
            expected, order = order[:-amount], order[-amount:]
            lots = purse.take(-amount)
            assert sum(lot.amount for lot in lots) == -amount
            assert stolen_in(lots) == sum(expected), "those that came first leave first"
    assert purse.stolen == sum(order)
    assert purse.total == len(order)


@st.composite
def lives(draw: st.DrawFn) -> list[Transaction]:
    """Transactions of people who only give what they have."""
    held = {(name, token): WEALTH for name in ADDRESSES for token in TOKENS}
    found = []
    for number in range(draw(st.integers(1, 12))):
        moved = []
        for move in draw(movements):
            if held[move.sender, move.token] >= move.amount:
                held[move.sender, move.token] -= move.amount
                held[move.to, move.token] += move.amount
                moved.append(move)
        sender = draw(st.sampled_from([THIEF, *PEOPLE]))
        fee = draw(st.integers(0, 9))
        held[sender, NATIVE] -= fee
        named = {sender} | {name for move in moved for name in (move.sender, move.to)}
        found.append(
            Transaction(
                hash=f"0x{number:064x}",
                block=1 + number // 3,
                index=number % 3,
                timestamp=number,
                sender=sender,
                to=VICTIM,
                ok=True,
                fee=fee,
                movements=tuple(moved),
                touched=frozenset(named),
            )
        )
    return found


@given(lives(), st.sets(st.integers(0, 11)))
def test_every_trail_adds_up_with_itself_and_with_the_chain(
    life: list[Transaction], thefts: set[int]
) -> None:
    def balance(account: str, token: str, block: int) -> int:
        total = 0 if account == FEES else WEALTH
        for tx in life:
            if tx.block <= block:
                total += nets(tx.movements).get(account, {}).get(token, 0)
                total -= tx.fee if token == NATIVE and tx.sender == account else 0
        return total

    around = Surroundings(
        victims=frozenset({VICTIM}),
        protocol={},
        labels={MIXER: Label(f"eip155:1:{MIXER}", "mixer")},
        balance=balance,
        has_code=lambda name: name == POOL,
    )
    follower = Follower(around, {THIEF}, Limits())
    for number, tx in enumerate(life):
        follower.apply(tx, theft=number in thefts)
    subject = Subject(chain="eip155:1", protocol="p", incident="0" * 64, first=1, last=9)
    flow = fund_flow(subject, follower.trail, around, {THIEF}, lambda _: ("T", 2))

    placed: Counter[str] = Counter()
    for node in flow.nodes:
        for holding in (*node.stays, *node.exchanged):
            placed[holding.token] += int(holding.amount)
    for token in flow.tokens:
        assert placed[token.token] == int(token.stolen) + int(token.received)
    stolen = sum(
        one.amount
        for number, tx in enumerate(life)
        if number in thefts
        for one in settle(tx.movements)
        if one.giver == VICTIM and one.token != VICTIM
    )
    assert sum(int(token.stolen) for token in flow.tokens) == stolen
    assert unexplained(follower.trail, balance, 99) == {}
    assert {node.kind for node in flow.nodes if node.address == MIXER} <= {"mixer"}
