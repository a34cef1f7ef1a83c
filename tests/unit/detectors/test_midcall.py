"""What is done while somebody else's contract is at work: true cases, and those that look alike."""

import time

import pytest

from detectors.builtin.call_novelty import CallNovelty
from detectors.builtin.call_shape import CallShape
from detectors.midcall import brought, interrupted, kin, posing
from detectors.samples import address
from schemas.chain import Call, Transaction
from tests.unit.detectors.scenes import (
    OTHER,
    POOL,
    THIEF,
    TOKEN,
    USER,
    VAULT,
    call,
    flow,
    scope,
    tx,
)

MINE = frozenset({USER, THIEF})
LENDER, ORACLE = address(50), address(51)
EXIT, BORROW, PRICE = "0x11111111", "0x22222222", "0x33333333"


def shape(of: Transaction, name: str) -> float:
    return CallShape(scope()).features(of)[name]


def attack(*inside: Call) -> Transaction:
    """The thief's contract leaves the pool, which pays it in the middle of its work."""
    calls = (
        call(THIEF, "0x00000001"),
        call(POOL, EXIT, THIEF, 1),
        call(THIEF, "", POOL, 2, value="5"),
        *inside,
        call(TOKEN, "0x9dc29fac", POOL, 2),
    )
    return tx(to=THIEF, calls=calls, flows=(flow(POOL, THIEF, 5, "native"),))


READ_AND_RELIED_ON = (
    call(LENDER, BORROW, THIEF, 3),
    call(POOL, PRICE, LENDER, 4, kind="staticcall"),
)


def test_a_lender_that_reads_a_pool_in_the_middle_of_its_work_is_read_only_re_entry() -> None:
    of = attack(*READ_AND_RELIED_ON)
    assert shape(of, "reads_open") == 1.0
    assert shape(of, "reentry") == 1.0  # the thief's own contract alone
    shown = list(CallShape(scope()).evidence("reads_open", of))
    assert [item.call for item in shown] == [4]


@pytest.mark.parametrize(
    "inside",
    [
        (call(POOL, PRICE, THIEF, 3, kind="staticcall"),),
        (
            call(LENDER, PRICE, THIEF, 3, kind="staticcall"),
            call(POOL, PRICE, LENDER, 4, kind="staticcall"),
        ),
        (call(LENDER, BORROW, THIEF, 3), call(ORACLE, PRICE, LENDER, 4, kind="staticcall")),
    ],
    ids=["read by the thief alone", "nobody could act on it", "another contract was read"],
)
def test_reads_on_which_nobody_relies_are_none(inside: tuple[Call, ...]) -> None:
    assert shape(attack(*inside), "reads_open") == 0.0


def test_a_read_after_the_work_is_done_is_none() -> None:
    calls = (
        call(THIEF, "0x00000001"),
        call(POOL, EXIT, THIEF, 1),
        call(THIEF, "", POOL, 2, value="5"),
        call(LENDER, BORROW, THIEF, 1),
        call(POOL, PRICE, LENDER, 2, kind="staticcall"),
    )
    assert shape(tx(to=THIEF, calls=calls), "reads_open") == 0.0


def test_a_contract_that_reads_who_called_it_is_ordinary() -> None:
    calls = (
        call(VAULT, EXIT),
        call(POOL, BORROW, VAULT, 1),
        call(VAULT, PRICE, POOL, 2, kind="staticcall"),
    )
    assert shape(tx(calls=calls), "reads_open") == 0.0


def test_the_other_contract_of_the_protocol_entered_meanwhile_is_cross_contract_re_entry() -> None:
    of = attack(call(VAULT, BORROW, THIEF, 3))
    assert shape(of, "enters_beside") == 1.0
    shown = list(CallShape(scope()).evidence("enters_beside", of))
    assert [item.call for item in shown] == [3]


@pytest.mark.parametrize(
    "inside",
    [
        (call(LENDER, BORROW, THIEF, 3),),
        (call(VAULT, BORROW, THIEF, 3, kind="staticcall"),),
        (call(POOL, EXIT, THIEF, 3),),
    ],
    ids=["of somebody else", "read alone", "the same contract, which is plain re-entry"],
)
def test_other_calls_in_between_are_none(inside: tuple[Call, ...]) -> None:
    assert shape(attack(*inside), "enters_beside") == 0.0


def test_one_after_the_other_is_no_re_entry() -> None:
    calls = (
        call(THIEF, "0x00000001"),
        call(POOL, EXIT, THIEF, 1),
        call(THIEF, "", POOL, 2, value="5"),
        call(VAULT, BORROW, THIEF, 1),
    )
    assert shape(tx(to=THIEF, calls=calls), "enters_beside") == 0.0


def unwatched(*inside: Call) -> Transaction:
    """The same where no manifest says what belongs together."""
    of = attack(*inside)
    return tx(to=THIEF, calls=of.calls, flows=(flow(TOKEN, THIEF, 5),))


def test_without_a_manifest_contracts_with_a_third_in_common_belong_together() -> None:
    subject = CallShape(type(scope())("eip155:1", "case"))
    related = unwatched(
        call(LENDER, BORROW, THIEF, 3),
        call(ORACLE, PRICE, LENDER, 4, kind="staticcall"),
        call(POOL, "0x44444444", LENDER, 4),
    )
    strangers = unwatched(call(LENDER, BORROW, THIEF, 3))
    assert subject.features(related)["enters_beside"] == 1.0
    assert subject.features(strangers)["enters_beside"] == 0.0


def test_code_that_the_sender_brought_is_told_from_libraries_and_proxies() -> None:
    library = call(ORACLE, PRICE, VAULT, 1, kind="delegatecall")
    proxy = call(POOL, EXIT, VAULT, 1, code=ORACLE)
    borrowed = call(THIEF, "0x00000002", VAULT, 2, kind="delegatecall")
    through = call(POOL, EXIT, THIEF, 1, code=THIEF)
    root = call(THIEF, "0x00000001")
    assert brought([root, library, proxy], MINE).foreign == []
    assert brought([root, borrowed], MINE).foreign == [1]
    assert brought([root, through], MINE).foreign == [1]
    assert shape(tx(to=THIEF, calls=(root, borrowed)), "foreign_code") == 1.0


def test_code_born_in_the_transaction_is_foreign_and_ones_own_proxy_is_not() -> None:
    newborn = address(77)
    born = (call(THIEF, "0x00000001"), call(newborn, "", THIEF, 1, kind="create"))
    runs = call(newborn, "0x00000002", VAULT, 1, kind="delegatecall")
    own = call(newborn, "0x00000002", THIEF, 1, kind="delegatecall")
    assert shape(tx(to=THIEF, created=(newborn,), calls=(*born, runs)), "foreign_code") == 1.0
    assert shape(tx(to=THIEF, created=(newborn,), calls=(*born, own)), "foreign_code") == 0.0


def test_a_delegatecall_of_the_protocol_to_code_it_never_ran_stands_out() -> None:
    subject = CallNovelty(scope())

    def borrowing(code: str) -> Transaction:
        return tx(calls=(call(VAULT, EXIT), call(code, PRICE, VAULT, 1, kind="delegatecall")))

    for _ in range(200):
        subject.learn_one(subject.features(borrowing(ORACLE)), 1.0)
    known, unknown = subject.features(borrowing(ORACLE)), subject.features(borrowing(OTHER))
    assert subject.score_one(unknown) > subject.score_one(known) + 4.0
    told = subject.explain_one(unknown, borrowing(OTHER)).reasons
    assert any(reason.feature == "code" for reason in told)


def test_a_contract_that_others_take_for_a_token_is_posing_and_a_borrower_is_not() -> None:
    root = call(THIEF, "0x00000001")
    burned = call(THIEF, "0x9dc29fac", VAULT, 2)
    asked = call(THIEF, "0x6f307dc3", VAULT, 2, kind="staticcall")
    lent = call(THIEF, "0x23e30c8b", VAULT, 2)  # onFlashLoan, as ERC-3156 wants it
    paid = call(THIEF, "", VAULT, 2, value="1")
    asks, borrows = call(VAULT, EXIT, THIEF, 1), call(VAULT, BORROW, THIEF, 1)
    assert posing(brought([root, asks, burned, asked], MINE).back) == {"0x9dc29fac", "0x6f307dc3"}
    assert posing(brought([root, borrows, lent, paid], MINE).back) == set()


@pytest.mark.parametrize("names", [5, 10_000])
def test_a_deep_hostile_tree_costs_little(names: int) -> None:
    mine = frozenset({address(0)})
    calls = [
        call(
            address(n % 2 * (n % names)),
            EXIT,
            address((n + 1) % 2 * (n % names)),
            n % 1000,
            kind="staticcall" if n % 3 == 0 else "call",
        )
        for n in range(10_000)
    ]
    start = time.process_time()
    reads, entries = interrupted(calls, mine)
    kin(calls, mine)
    assert len(reads) + len(entries) <= 128
    assert time.process_time() - start < 1.0
