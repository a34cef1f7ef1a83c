"""What the bucket must do, on a real node."""

import pytest

from responders.bucket import Limits
from sandbox.evm import ETHER
from sandbox.node import LocalNode
from tests.integration.contracts.vaulted import (
    CREDIT,
    DEPOSITS,
    HOUR,
    IN_ETHER,
    LIMITS,
    NATIVE,
    RAMP,
    Vaulted,
)

pytestmark = pytest.mark.node

ON, OFF = True, False


@pytest.fixture
def vaulted(node: LocalNode) -> Vaulted:
    return Vaulted(node)


def test_no_more_than_the_bucket_leaves_and_it_refills(vaulted: Vaulted) -> None:
    assert not vaulted.withdraw(LIMITS.capacity + 1)
    assert vaulted.withdraw(LIMITS.capacity)
    assert not vaulted.withdraw(LIMITS.rate * 12 + 1)
    assert vaulted.withdraw(LIMITS.rate * 24)
    call = vaulted.vault.call("withdraw", ETHER)
    assert vaulted.refusal(vaulted.depositor, call) == "OutflowExceeded"


def test_an_attack_loses_no_more_than_c_plus_rt_with_nobody_there(vaulted: Vaulted) -> None:
    """The reentrant drain takes all there is from `Vault`. Nothing of ours runs here."""
    attack = vaulted.create("ReentrancyAttack", vaulted.vault.address)
    before, began = vaulted.held(), vaulted.chain.timestamp()
    taken = 0
    for rounds in (1001, 500, 101, 21, 11, 10, 6, 3, 2) * 4:
        drain = attack.call("drain", rounds, value=ETHER, gas=25_000_000)
        taken += vaulted.does(vaulted.owner, drain)
    seconds = vaulted.chain.timestamp() - began
    lost = before - vaulted.held()
    assert taken > 1
    assert 0 < lost <= LIMITS.loss(seconds)
    assert lost >= 9 * ETHER
    assert vaulted.held() >= DEPOSITS


def test_capital_that_goes_in_and_out_takes_nothing_from_others(vaulted: Vaulted) -> None:
    whale = vaulted.funded("whale")
    for _ in range(3):
        assert vaulted.does(whale, vaulted.vault.call("deposit", value=500 * ETHER))
        assert vaulted.withdraw(500 * ETHER, whale)
    assert vaulted.available() == LIMITS.capacity
    assert vaulted.withdraw(LIMITS.capacity, vaulted.user)


def test_credit_is_its_owners_and_ends(vaulted: Vaulted) -> None:
    whale = vaulted.funded("whale")
    assert vaulted.does(whale, vaulted.vault.call("deposit", value=50 * ETHER))
    assert not vaulted.withdraw(LIMITS.capacity + 1)
    told = vaulted.chain.read(
        vaulted.bucket, "creditOf", vaulted.vault.address, NATIVE, whale.address
    )
    assert told == (50 * ETHER, vaulted.chain.timestamp() - 12 + CREDIT)
    assert not vaulted.withdraw(LIMITS.capacity + 1, whale, after=CREDIT)


def test_credit_cannot_be_kept_alive(vaulted: Vaulted) -> None:
    whale = vaulted.funded("whale")
    assert vaulted.does(whale, vaulted.vault.call("deposit", value=50 * ETHER))
    assert vaulted.does(whale, vaulted.vault.call("deposit", value=1), after=CREDIT - 1)
    assert not vaulted.withdraw(50 * ETHER, whale, after=1)


def test_where_claims_can_be_handed_on_credit_is_pooled(node: LocalNode) -> None:
    vaulted = Vaulted(node, (*IN_ETHER[:-1], ON))
    whale = vaulted.funded("whale")
    assert vaulted.does(whale, vaulted.vault.call("deposit", value=50 * ETHER))
    assert vaulted.withdraw(50 * ETHER)
    assert vaulted.available() == LIMITS.capacity


def test_what_comes_from_outside_makes_no_room(vaulted: Vaulted) -> None:
    node, vault = vaulted.node, vaulted.vault.address
    node.rpc("anvil_setBalance", vault, hex(vaulted.held() + 100 * ETHER))
    assert not vaulted.withdraw(LIMITS.capacity + 1)
    assert vaulted.withdraw(LIMITS.capacity)


def test_assets_that_left_unasked_are_charged_to_the_next_and_recognised_by_the_owner(
    vaulted: Vaulted,
) -> None:
    node, vault = vaulted.node, vaulted.vault.address
    node.rpc("anvil_setBalance", vault, hex(vaulted.held() - 100 * ETHER))
    assert not vaulted.withdraw(1)
    vaulted.own("enrol", vault, NATIVE, ON)
    assert vaulted.withdraw(1)


def test_a_tightening_narrows_at_once_stands_and_heals_unaided(vaulted: Vaulted) -> None:
    tight = Limits(ETHER, 0)
    vaulted.tighten(tight, HOUR)
    began = vaulted.chain.timestamp()
    assert vaulted.limits() == tight
    assert not vaulted.withdraw(ETHER + 1)
    assert vaulted.withdraw(ETHER)
    assert not vaulted.withdraw(1, after=HOUR - 24)
    passed = vaulted.chain.timestamp() - began
    healing = vaulted.chain.read(vaulted.bucket, "healing", NATIVE)
    assert healing == (HOUR - passed, HOUR + RAMP - passed, *LIMITS)
    vaulted.chain.mine(RAMP // 2 + 12)
    assert ETHER < vaulted.limits().capacity < LIMITS.capacity
    vaulted.chain.mine(RAMP // 2)
    assert vaulted.limits() == LIMITS
    assert 0 < vaulted.available() < LIMITS.capacity
    vaulted.chain.mine(HOUR)
    assert vaulted.withdraw(LIMITS.capacity)


@pytest.mark.parametrize("wider", [Limits(2**128 - 1, 2**128 - 1), Limits(5 * ETHER, 2**100)])
def test_tightening_never_widens(vaulted: Vaulted, wider: Limits) -> None:
    vaulted.tighten(Limits(ETHER, 5), HOUR)
    vaulted.tighten(wider, 1)
    assert vaulted.limits() == Limits(ETHER, 5)
    healing = vaulted.chain.read(vaulted.bucket, "healing", NATIVE)
    assert healing == (HOUR - 12, HOUR + RAMP - 12, *LIMITS)


def test_only_who_may_tighten_does_and_only_the_owner_widens(vaulted: Vaulted) -> None:
    tighten = vaulted.bucket.call("tighten", NATIVE, 0, 0, HOUR)
    assert vaulted.refusal(vaulted.user, tighten) == "MayNotTighten"
    assert vaulted.refusal(vaulted.owner, tighten) == "MayNotTighten"
    for name, *arguments in (
        ("setLimits", NATIVE, 0, 0),
        ("list", NATIVE, IN_ETHER, 0, 0),
        ("enrol", vaulted.vault.address, NATIVE, OFF),
        ("setMayTighten", vaulted.user.address, ON),
    ):
        call = vaulted.bucket.call(name, *arguments)
        assert vaulted.refusal(vaulted.responder, call) == "OwnableUnauthorizedAccount"
    vaulted.own("setMayTighten", vaulted.responder.address, OFF)
    assert vaulted.refusal(vaulted.responder, tighten) == "MayNotTighten"


def test_the_owner_widens_by_ramp_and_narrows_at_once(vaulted: Vaulted) -> None:
    vaulted.own("setLimits", NATIVE, 2 * LIMITS.capacity, 0)
    assert vaulted.limits() == Limits(LIMITS.capacity, 0)
    vaulted.chain.mine(RAMP // 2)
    assert vaulted.limits() == Limits(LIMITS.capacity * 3 // 2, 0)
    vaulted.own("setLimits", NATIVE, ETHER, 0)
    assert vaulted.limits() == Limits(ETHER, 0)


def test_the_owner_ends_a_tightening_by_ramp(vaulted: Vaulted) -> None:
    vaulted.tighten(Limits(0, 0), 30 * 24 * HOUR)
    vaulted.own("setLimits", NATIVE, *LIMITS)
    assert vaulted.limits() == Limits(0, 0)
    assert vaulted.available() == 0
    vaulted.chain.mine(RAMP)
    assert vaulted.limits() == LIMITS
    assert 0 < vaulted.available() <= LIMITS.capacity // 2


def test_other_terms_start_from_nothing(vaulted: Vaulted) -> None:
    """Another price or unit would widen what the limits mean, at once."""
    vaulted.own("list", NATIVE, (*IN_ETHER[:4], 10**9, *IN_ETHER[5:]), *LIMITS)
    assert vaulted.limits() == Limits(0, 0)
    assert vaulted.available() == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"low": 0, "high": 0},
        {"low": 2, "high": 1},
        {"high": 2},
        {"unit": 0},
        {"heartbeat": 31 * 24 * HOUR},
        {"ramp": HOUR - 1},
        {"ramp": 31 * 24 * HOUR},
        {"credit": 24 * HOUR + 1},
    ],
)
def test_terms_out_of_range_are_refused(vaulted: Vaulted, changed: dict[str, int]) -> None:
    names = ("feed", "heartbeat", "low", "high", "unit", "ramp", "credit", "pooled")
    terms = dict(zip(names, IN_ETHER, strict=True)) | changed
    call = vaulted.bucket.call("list", NATIVE, tuple(terms.values()), 1, 1)
    assert vaulted.refusal(vaulted.owner, call) == "OutOfRange"


def test_strangers_and_unlisted_assets_are_refused(vaulted: Vaulted) -> None:
    bucket, user = vaulted.bucket, vaulted.user
    assert vaulted.refusal(user, bucket.call("open", NATIVE, 0)) == "NotEnrolled"
    settle = bucket.call("settle", NATIVE, user.address)
    assert vaulted.refusal(user, settle) == "NotEnrolled"
    unlisted = "0x" + "11" * 20
    enrol = bucket.call("enrol", vaulted.vault.address, unlisted, ON)
    assert vaulted.refusal(vaulted.owner, enrol) == "NotListed"
    vaulted.tighten(Limits(1, 1), HOUR)
    for duration in (0, 30 * 24 * HOUR + 1):
        call = bucket.call("tighten", NATIVE, 0, 0, duration)
        assert vaulted.refusal(vaulted.responder, call) == "OutOfRange"


def test_ownership_is_never_given_up(vaulted: Vaulted) -> None:
    call = vaulted.bucket.call("renounceOwnership")
    assert vaulted.refusal(vaulted.owner, call) == "OwnerRequired"


def test_it_costs_a_withdrawal_little(vaulted: Vaulted) -> None:
    assert vaulted.withdraw(ETHER)
    assert int(vaulted.receipt["gasUsed"], 16) < 110_000


def test_a_tokens_bucket_counts_what_the_token_says(vaulted: Vaulted) -> None:
    """Here the source is an account that holds the token and settles by itself."""
    source, token = vaulted.owner, vaulted.create("ToyERC20", "Toy", "TOY", 6, 10_000)
    terms = (*IN_ETHER[:5], RAMP, 0, OFF)
    vaulted.own("list", token.address, terms, 100, 1)
    vaulted.own("enrol", source.address, token.address, ON)
    settle = vaulted.bucket.call("settle", token.address, source.address)
    assert vaulted.does(source, token.call("transfer", vaulted.user.address, 100))
    assert vaulted.does(source, settle)
    assert vaulted.does(source, token.call("transfer", vaulted.user.address, 100))
    assert vaulted.refusal(source, settle) == "OutflowExceeded"
    assert vaulted.does(source, settle, after=100)
    assert vaulted.chain.read(vaulted.bucket, "available", NATIVE) == (LIMITS.capacity,)
