"""Functions in an order, by a kind of caller, that the protocol never saw."""

from detectors.builtin.call_novelty import CallNovelty
from schemas.chain import Transaction
from tests.unit.detectors.scenes import POOL, THIEF, USER, VAULT, call, scope, tx

DEPOSIT, WITHDRAW, SWEEP = "0xb6b55f25", "0x2e1a7d4d", "0x7b9967a5"


def ordinary(number: int) -> Transaction:
    selector = DEPOSIT if number % 2 else WITHDRAW
    return tx(number, calls=(call(VAULT, selector), call(POOL, "0x022c0d9f", VAULT, 1)))


def taught() -> CallNovelty:
    found = CallNovelty(scope())
    for number in range(200):
        found.learn_one(found.features(ordinary(number)), 1.0)
    return found


def score(subject: CallNovelty, of: Transaction) -> float:
    return subject.score_one(subject.features(of))


def test_the_usual_functions_in_the_usual_order_surprise_nobody() -> None:
    subject = taught()
    assert score(subject, ordinary(7)) < 1.5


def test_a_function_that_nobody_ever_called_stands_out() -> None:
    subject = taught()
    sweep = tx(1, calls=(call(VAULT, SWEEP),))
    assert score(subject, sweep) > 6.0
    reasons = subject.explain_one(subject.features(sweep), sweep).reasons
    assert reasons[0].feature == "fn"
    assert SWEEP in reasons[0].text


def test_known_functions_in_a_new_order_stand_out_a_little() -> None:
    subject = taught()
    both = tx(1, calls=(call(VAULT, DEPOSIT), call(VAULT, WITHDRAW)))
    assert score(subject, both) > score(subject, ordinary(1)) + 2.0


def test_a_contract_instead_of_an_account_is_another_kind_of_caller() -> None:
    subject = taught()
    by_contract = tx(
        1,
        to=THIEF,
        calls=(call(THIEF, "0x11111111"), call(VAULT, DEPOSIT, THIEF, 1)),
    )
    assert score(subject, by_contract) > 4.0


def test_many_entries_stand_out() -> None:
    subject = taught()
    loop = tx(1, calls=tuple(call(VAULT, DEPOSIT) for _ in range(40)))
    assert score(subject, loop) > score(subject, tx(1, calls=(call(VAULT, DEPOSIT),))) + 3.0


def test_what_happens_elsewhere_and_what_only_reads_is_no_news() -> None:
    subject = taught()
    elsewhere = tx(1, calls=(call(THIEF, SWEEP), call(VAULT, SWEEP, USER, kind="staticcall")))
    assert subject.features(elsewhere) == {}
