"""Cover that pays when a case is confirmed: what it must do and refuse, on a real node."""

import pytest
from eth_utils.crypto import keccak

from sandbox.evm import ETHER
from sandbox.node import LocalNode
from tests.integration.underwriting.covered import CASE, DAY, EVIDENCE, HOUR, Covered

pytestmark = pytest.mark.node

OTHER = keccak(text="another case")
COVER = 100 * ETHER
TRUE, FALSE = True, False


@pytest.fixture
def covered(chain_node: LocalNode) -> Covered:
    return Covered(chain_node)


# ---------------------------------------------------------------------- what pays, and how much


def test_a_confirmed_case_pays_the_cover_once_and_wherever_its_holder_says(
    covered: Covered,
) -> None:
    policy, wallet = covered.bought(), "0x" + "cc" * 20
    name = covered.asserted()
    covered.settled(name)
    before = covered.owed(covered.holder)
    assert covered.does_pool(covered.holder, "claim", policy, name)
    assert covered.owed(covered.holder) - before == COVER
    assert covered.no(covered.holder, "claim", policy, name) == "NotOpen"
    owed = covered.owed(covered.holder)
    assert covered.does_pool(covered.holder, "withdraw", wallet)
    assert covered.chain.ether(wallet) == owed
    assert covered.no(covered.holder, "withdraw", wallet) == "NothingOwed"
    assert covered.told("committed") == 0
    assert covered.solvent()


def test_a_share_is_what_is_paid_and_the_rest_is_free_again(covered: Covered) -> None:
    policy = covered.bought()
    name = covered.asserted(share=2_500)
    covered.settled(name)
    before, capital = covered.owed(covered.holder), covered.told("capital")
    assert covered.does_pool(covered.holder, "claim", policy, name)
    assert covered.owed(covered.holder) - before == COVER // 4
    assert (covered.told("capital"), covered.told("committed")) == (capital - COVER // 4, 0)


def test_nobody_else_spends_a_cover_on_a_small_case(covered: Covered) -> None:
    policy = covered.bought()
    small, large = covered.asserted(share=1), covered.asserted(OTHER)
    covered.settled(small)
    covered.settled(large)
    for account in (covered.stranger, covered.owner, covered.asserter):
        assert covered.no(account, "claim", policy, small) == "NotHolder"
    before = covered.owed(covered.holder)
    assert covered.does_pool(covered.holder, "claim", policy, large)
    assert covered.owed(covered.holder) - before == COVER


def test_the_bond_comes_back_to_who_was_right_unchallenged(covered: Covered) -> None:
    covered.settled(covered.asserted())
    assert covered.owed(covered.asserter) == covered.terms.bond
    assert covered.solvent()


# ---------------------------------------------------------------------- disputes


def test_a_false_assertion_is_slashed_and_pays_nothing(covered: Covered) -> None:
    policy, capital = covered.bought(), covered.told("capital")
    name = covered.asserted()
    covered.disputed(name)
    assert covered.solvent(bonds=2)
    assert covered.does_pool(covered.arbiter, "rule", name, FALSE)
    bond = covered.terms.bond
    assert (covered.owed(covered.asserter), covered.owed(covered.disputer)) == (0, bond + bond // 2)
    assert covered.told("capital") == capital + bond // 2
    assert covered.no(covered.holder, "claim", policy, name) == "WrongFate"
    assert covered.solvent()


def test_a_false_dispute_is_slashed_and_the_case_pays(covered: Covered) -> None:
    policy = covered.bought()
    name = covered.asserted()
    covered.disputed(name)
    assert covered.does_pool(covered.arbiter, "rule", name, TRUE)
    bond = covered.terms.bond
    assert (covered.owed(covered.asserter), covered.owed(covered.disputer)) == (bond + bond // 2, 0)
    assert covered.does_pool(covered.holder, "claim", policy, name)
    assert covered.solvent()


def test_an_arbiters_silence_gives_bonds_back_and_pays_nothing(covered: Covered) -> None:
    policy = covered.bought()
    name = covered.asserted()
    covered.disputed(name)
    assert covered.no(covered.stranger, "release", name) == "OutOfTime"
    assert covered.no(covered.stranger, "settle", name) == "WrongFate"
    late = covered.terms.liveness + covered.terms.ruling
    assert covered.does_pool(covered.stranger, "release", name, after=late)
    assert covered.no(covered.arbiter, "rule", name, TRUE) == "WrongFate"
    bond = covered.terms.bond
    assert covered.owed(covered.asserter) == covered.owed(covered.disputer) == bond
    assert covered.no(covered.holder, "claim", policy, name) == "WrongFate"
    assert covered.solvent()


def test_only_the_named_arbiter_rules_and_in_time(covered: Covered) -> None:
    name = covered.asserted()
    assert covered.no(covered.arbiter, "rule", name, TRUE) == "WrongFate"  # nobody asked it
    covered.disputed(name)
    for account in (covered.owner, covered.holder, covered.asserter):
        assert covered.no(account, "rule", name, TRUE) == "NotArbiter"
    covered.chain.mine(covered.terms.liveness + covered.terms.ruling)
    assert covered.no(covered.arbiter, "rule", name, TRUE) == "OutOfTime"


def test_nothing_is_settled_before_its_time_nor_disputed_after_it(covered: Covered) -> None:
    name, bond = covered.asserted(), covered.terms.bond
    assert covered.no(covered.stranger, "settle", name) == "OutOfTime"
    assert covered.no(covered.disputer, "dispute", name, value=bond - 1) == "WrongAmount"
    covered.chain.mine(covered.terms.liveness)
    assert covered.no(covered.disputer, "dispute", name, value=bond) == "OutOfTime"
    assert covered.no(covered.stranger, "settle", name) == ""


# ---------------------------------------------------------------------- what a claim needs


def test_a_case_is_confirmed_once(covered: Covered) -> None:
    first, second = covered.asserted(share=9_000), covered.asserted(share=10_000)
    covered.settled(first)
    assert covered.does_pool(covered.stranger, "settle", second)
    assert (covered.fate(first), covered.fate(second)) == ("true", "released")
    assert covered.told("confirmed", CASE) == first
    again = covered.asserting()
    assert covered.refusal(covered.asserter, again, covered.pool) == "AlreadyConfirmed"
    assert covered.solvent()


def test_the_same_words_are_not_said_twice(covered: Covered) -> None:
    when = covered.now
    covered.asserted(at=when)
    again = covered.asserting(at=when)
    assert covered.refusal(covered.asserter, again, covered.pool) == "AlreadyAsserted"


def test_a_case_outside_of_the_covers_time_pays_nothing(covered: Covered) -> None:
    before = covered.now
    covered.reported(1.0)
    assert covered.does(covered.holder, covered.buying(days=1))
    policy = covered.told("policies")
    early = covered.now + HOUR
    covered.chain.mine(covered.terms.waiting)
    for case, when in ((CASE, early), (OTHER, before)):
        name = covered.asserted(case, at=when)
        covered.settled(name)
        assert covered.no(covered.holder, "claim", policy, name) == "NotWithin"
    covered.chain.mine(2 * DAY)
    late = covered.asserted(keccak(text="a late case"))
    covered.settled(late)
    assert covered.no(covered.holder, "claim", policy, late) == "NotWithin"


def test_a_wrong_name_or_policy_pays_nothing(covered: Covered) -> None:
    policy, name = covered.bought(), covered.asserted()
    covered.settled(name)
    assert covered.no(covered.holder, "claim", policy, OTHER) == "WrongFate"
    assert covered.no(covered.holder, "claim", policy + 1, name) == "NotOpen"


def test_a_cover_pays_for_one_case_only(covered: Covered) -> None:
    policy = covered.bought()
    names = [covered.asserted(case) for case in (CASE, OTHER)]
    for name in names:
        covered.chain.mine(covered.terms.liveness)
        assert covered.does_pool(covered.stranger, "settle", name)
    assert covered.does_pool(covered.holder, "claim", policy, names[0])
    assert covered.no(covered.holder, "claim", policy, names[1]) == "NotOpen"


def test_claims_end_and_covers_lapse_only_after_them(covered: Covered) -> None:
    policy = covered.bought(days=1)
    name = covered.asserted()
    covered.settled(name)
    assert covered.no(covered.stranger, "lapse", policy) == "OutOfTime"
    covered.chain.mine(covered.terms.ruling + covered.terms.claim_within)
    assert covered.no(covered.holder, "claim", policy, name) == "OutOfTime"
    covered.chain.mine(30 * DAY)
    assert covered.does_pool(covered.stranger, "lapse", policy)
    assert covered.no(covered.stranger, "lapse", policy) == "NotOpen"
    assert covered.told("committed") == 0


@pytest.mark.parametrize(
    ("case", "evidence", "age", "share", "reason"),
    [
        (bytes(32), EVIDENCE, 0, 10_000, "OutOfRange"),
        (CASE, bytes(32), 0, 10_000, "OutOfRange"),
        (CASE, EVIDENCE, 0, 0, "OutOfRange"),
        (CASE, EVIDENCE, 0, 10_001, "OutOfRange"),
        (CASE, EVIDENCE, -HOUR, 10_000, "OutOfTime"),
        (CASE, EVIDENCE, 3 * DAY + 1, 10_000, "OutOfTime"),
    ],
)
def test_what_cannot_be_is_not_asserted(
    covered: Covered, case: bytes, evidence: bytes, age: int, share: int, reason: str
) -> None:
    told = case, evidence, covered.now - age, share
    bond = covered.terms.bond
    assert covered.no(covered.asserter, "assertCase", *told, value=bond) == reason
    assert covered.no(covered.asserter, "assertCase", *told, value=bond - 1) == "WrongAmount"
