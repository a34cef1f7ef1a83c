"""What bonded halt requests must do and refuse, on a real node."""

import pytest

from responders.incentives import CHOICES, payoffs
from responders.incentives import Terms as Prices
from sandbox.evm import ETHER, Contract
from sandbox.node import LocalNode
from tests.integration.contracts.bonded import (
    CLAIM,
    EVIDENCE,
    HOUR,
    NOBODY,
    OTHER,
    TARGET,
    Bonded,
    Terms,
)
from tests.unit.responders.test_incentives import told

pytestmark = pytest.mark.node

ON, OFF = True, False


@pytest.fixture
def bonded(node: LocalNode) -> Bonded:
    return Bonded(node)


# ---------------------------------------------------------------------- how a request ends


def test_upheld_pays_bond_reward_and_the_challengers_stake(bonded: Bonded) -> None:
    name = bonded.requested()
    assert bonded.does(bonded.challenger, bonded.challenging(name))
    assert bonded.does(bonded.arbiter, bonded.requests.call("uphold", [name]))
    terms = bonded.terms
    assert bonded.owed(bonded.watcher) == terms.bond + terms.reward + terms.stake
    assert bonded.owed(bonded.challenger) == bonded.owed(bonded.harmed) == 0


def test_those_who_were_right_together_share_the_reward(bonded: Bonded) -> None:
    names = [bonded.requested(), bonded.requested(bonded.second)]
    before = bonded.ask("pool")
    assert bonded.does(bonded.arbiter, bonded.requests.call("uphold", names))
    terms = bonded.terms
    for account in (bonded.watcher, bonded.second):
        assert bonded.owed(account) == terms.bond + terms.reward // 2
    assert bonded.ask("pool") == before + terms.reward


def test_rejected_pays_the_harmed_and_the_challenger(bonded: Bonded) -> None:
    name = bonded.requested()
    assert bonded.does(bonded.challenger, bonded.challenging(name))
    assert bonded.does(bonded.arbiter, bonded.requests.call("reject", name))
    terms = bonded.terms
    assert bonded.owed(bonded.watcher) == 0
    assert bonded.owed(bonded.harmed) == terms.bond - terms.stake
    assert bonded.owed(bonded.challenger) == 2 * terms.stake
    assert bonded.ask("pool") == 4 * terms.reward


def test_where_nobody_challenged_the_harmed_has_all_of_a_rejected_bond(bonded: Bonded) -> None:
    name = bonded.requested()
    assert bonded.does(bonded.arbiter, bonded.requests.call("reject", name))
    assert bonded.owed(bonded.harmed) == bonded.terms.bond


@pytest.mark.parametrize("challenged", [False, True])
def test_an_arbiters_silence_gives_everyone_back_what_was_put_up(
    bonded: Bonded, *, challenged: bool
) -> None:
    name, terms = bonded.requested(), bonded.terms
    if challenged:
        assert bonded.does(bonded.challenger, bonded.challenging(name))
    bonded.chain.mine(terms.window + (terms.ruling if challenged else 0))
    assert bonded.does(bonded.second, bonded.requests.call("release", name))
    assert bonded.owed(bonded.watcher) == terms.bond
    assert bonded.owed(bonded.challenger) == (terms.stake if challenged else 0)
    assert bonded.ask("pool") == 4 * terms.reward


def test_what_is_owed_is_paid_once_and_wherever_its_owner_says(bonded: Bonded) -> None:
    name, wallet = bonded.requested(), "0x" + "cc" * 20
    bonded.chain.mine(bonded.terms.window)
    assert bonded.does(bonded.second, bonded.requests.call("release", name))
    withdraw = bonded.requests.call("withdraw", wallet)
    assert bonded.refusal(bonded.second, withdraw) == "NothingOwed"
    assert bonded.does(bonded.watcher, withdraw)
    assert bonded.chain.ether(wallet) == bonded.terms.bond
    assert bonded.refusal(bonded.watcher, withdraw) == "NothingOwed"


@pytest.mark.parametrize("challenged_itself", [False, True])
def test_a_griefer_loses_what_the_formula_says(bonded: Bonded, *, challenged_itself: bool) -> None:
    """By docs/incentives.md a griefer gains S + G - s (1 - x) B; here S + G = 0 and it is slashed,
    s = 1. One that does not think of challenging itself loses all of B."""
    griefer, friend, terms = bonded.watcher, bonded.challenger, bonded.terms

    def wealth() -> int:
        return sum(bonded.chain.ether(a.address) + bonded.owed(a) for a in (griefer, friend))

    before, fees = wealth(), 0
    name = bonded.requested()
    fees += _fee(bonded)
    if challenged_itself:
        assert bonded.does(friend, bonded.challenging(name))
        fees += _fee(bonded)
    assert bonded.does(bonded.arbiter, bonded.requests.call("reject", name))
    lost = before - wealth() - fees
    share = terms.share / 10_000 if challenged_itself else 0.0
    numbers = told(
        slashed_alone=0.999999999, slashed_watched=0.999999999, challenger_share=share
    ).model_copy(update={"short_profit": 0, "griefing_value": 0})
    table = payoffs(numbers, Prices(bond=float(terms.bond), reward=float(terms.reward)))
    assert lost == pytest.approx(-table[CHOICES.index("grief"), CHOICES.index("lazy")])


def _fee(bonded: Bonded) -> int:
    receipt = bonded.receipt
    return int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)


# ---------------------------------------------------------------------- refusals


def test_a_request_is_refused_that_is_not_on_the_terms(bonded: Bonded) -> None:
    watcher, terms = bonded.watcher, bonded.terms
    for value in (0, terms.bond - 1, terms.bond + 1):
        assert bonded.refusal(watcher, bonded.requesting(value=value)) == "WrongAmount"
    assert bonded.refusal(watcher, bonded.requesting("0x" + "a3" * 20)) == "UnknownTarget"
    more = bonded.requesting(least=terms.reward + 1)
    assert bonded.refusal(watcher, more) == "RewardMissing"
    bonded.requested()
    assert bonded.refusal(watcher, bonded.requesting()) == "AlreadyRequested"
    bonded.own("setTarget", OTHER, NOBODY)
    assert bonded.refusal(watcher, bonded.requesting(OTHER)) == "UnknownTarget"
    bonded.own("setArbiter", bonded.harmed.address)
    assert bonded.refusal(bonded.second, bonded.requesting()) == "OwnCause"


def test_a_request_that_ended_is_never_made_again(bonded: Bonded) -> None:
    name = bonded.requested()
    bonded.chain.mine(bonded.terms.window)
    assert bonded.does(bonded.watcher, bonded.requests.call("release", name))
    assert bonded.refusal(bonded.watcher, bonded.requesting()) == "AlreadyRequested"
    for call in (bonded.requests.call("release", name), bonded.challenging(name)):
        assert bonded.refusal(bonded.second, call) == "NotOpen"
    for call in (bonded.requests.call("uphold", [name]), bonded.requests.call("reject", name)):
        assert bonded.refusal(bonded.arbiter, call) == "NotOpen"


def test_without_a_pool_a_request_is_heard_for_no_reward(bonded: Bonded) -> None:
    bonded.own("reclaim", 4 * bonded.terms.reward)
    assert bonded.refusal(bonded.watcher, bonded.requesting(least=1)) == "RewardMissing"
    name = bonded.requested()
    assert bonded.does(bonded.arbiter, bonded.requests.call("uphold", [name]))
    assert bonded.owed(bonded.watcher) == bonded.terms.bond


def test_a_challenge_is_refused_late_twice_or_for_another_stake(bonded: Bonded) -> None:
    name, challenger = bonded.requested(), bonded.challenger
    for value in (0, bonded.terms.stake - 1, bonded.terms.stake + 1):
        call = bonded.challenging(name, value=value)
        assert bonded.refusal(challenger, call) == "WrongAmount"
    assert bonded.refusal(challenger, bonded.challenging(b"\1" * 32)) == "NotOpen"
    before = bonded.node.rpc("evm_snapshot")
    bonded.chain.mine(bonded.terms.window - 1)
    assert bonded.refusal(challenger, bonded.challenging(name)) == ""
    bonded.chain.mine(1)
    assert bonded.refusal(challenger, bonded.challenging(name)) == "TooLateToChallenge"
    bonded.node.rpc("evm_revert", before)
    assert bonded.does(challenger, bonded.challenging(name))
    assert bonded.refusal(bonded.second, bonded.challenging(name)) == "AlreadyChallenged"


def test_only_the_arbiter_rules_and_only_in_time(bonded: Bonded) -> None:
    name = bonded.requested()
    rulings = bonded.requests.call("uphold", [name]), bonded.requests.call("reject", name)
    release = bonded.requests.call("release", name)
    for call in rulings:
        for account in (bonded.owner, bonded.harmed, bonded.watcher):
            assert bonded.refusal(account, call) == "NotArbiter"
    assert bonded.refusal(bonded.watcher, release) == "TooEarlyToRelease"
    bonded.chain.mine(bonded.terms.window)
    for call in rulings:
        assert bonded.refusal(bonded.arbiter, call) == "TooLateToRule"
    assert bonded.refusal(bonded.watcher, release) == ""


def test_a_challenge_gives_the_arbiter_more_time(bonded: Bonded) -> None:
    name, terms = bonded.requested(), bonded.terms
    assert bonded.does(bonded.challenger, bonded.challenging(name))
    bonded.chain.mine(terms.window)
    release = bonded.requests.call("release", name)
    assert bonded.refusal(bonded.watcher, release) == "TooEarlyToRelease"
    assert bonded.refusal(bonded.arbiter, bonded.requests.call("reject", name)) == ""
    bonded.chain.mine(terms.ruling)
    late = bonded.requests.call("reject", name)
    assert bonded.refusal(bonded.arbiter, late) == "TooLateToRule"


def test_only_requests_about_one_target_are_upheld_together(bonded: Bonded) -> None:
    here, there = bonded.requested(), bonded.requested(bonded.second, OTHER)
    for names, reason in (
        ([], "NotTogether"),
        ([here, there], "NotTogether"),
        ([here] * 17, "NotTogether"),
        ([here, here], "NotOpen"),
    ):
        call = bonded.requests.call("uphold", names)
        assert bonded.refusal(bonded.arbiter, call) == reason


def test_what_the_owner_changes_holds_for_requests_to_come(bonded: Bonded) -> None:
    name, terms = bonded.requested(), bonded.terms
    bonded.own("setTerms", Terms(bond=1, reward=0, window=600, ruling=600, share=0))
    bonded.own("setArbiter", bonded.owner.address)
    bonded.own("setTarget", TARGET, bonded.owner.address)
    bonded.own("reclaim", 3 * terms.reward)
    reject = bonded.requests.call("reject", name)
    assert bonded.refusal(bonded.owner, reject) == "NotArbiter"
    assert bonded.does(bonded.challenger, bonded.challenging(name))
    bonded.chain.mine(700)
    assert bonded.does(bonded.arbiter, bonded.requests.call("uphold", [name]))
    assert bonded.owed(bonded.watcher) == terms.bond + terms.reward + terms.stake


@pytest.mark.parametrize(
    "changes",
    [
        {"bond": 0},
        {"window": 599},
        {"window": 14 * 24 * HOUR + 1},
        {"ruling": 599},
        {"ruling": 14 * 24 * HOUR + 1},
        {"share": 10_000},
    ],
)
def test_terms_are_bounded(bonded: Bonded, changes: dict[str, int]) -> None:
    call = bonded.requests.call("setTerms", bonded.terms._replace(**changes))
    assert bonded.refusal(bonded.owner, call) == "OutOfRange"


def test_what_only_the_owner_may_and_what_not_even_the_owner(bonded: Bonded) -> None:
    calls = {
        "setTerms": (bonded.terms,),
        "setArbiter": (bonded.watcher.address,),
        "setTarget": (TARGET, NOBODY),
        "reclaim": (1,),
        "renounceOwnership": (),
    }
    for name, arguments in calls.items():
        call = bonded.requests.call(name, *arguments)
        for account in (bonded.arbiter, bonded.watcher):
            assert bonded.refusal(account, call) == "OwnableUnauthorizedAccount"
    bonded.requested()
    for name, arguments, reason in (
        ("reclaim", (3 * bonded.terms.reward + 1,), "OutOfRange"),
        ("setArbiter", (NOBODY,), "OutOfRange"),
        ("setTarget", (NOBODY, bonded.harmed.address), "OutOfRange"),
        ("renounceOwnership", (), "OwnerRequired"),
    ):
        call = bonded.requests.call(name, *arguments)
        assert bonded.refusal(bonded.owner, call) == reason


def test_it_takes_no_coins_that_it_would_owe_to_nobody(bonded: Bonded) -> None:
    bare = bonded.requests.call("terms", value=1)
    assert not bonded.does(bonded.second, bare)


# ---------------------------------------------------------------------- hostile watchers


def greedy(bonded: Bonded) -> tuple[Contract, bytes]:
    """Return a contract that asks for more while it is paid, owed a bond; and its request."""
    watcher = bonded.create("GreedyWatcher", bonded.requests.address)
    call = watcher.call("request", TARGET, CLAIM, value=bonded.terms.bond)
    assert bonded.does(bonded.second, call)
    name = bonded.ask("idOf", watcher.address, TARGET, CLAIM, bytes(32))
    bonded.chain.mine(bonded.terms.window)
    assert bonded.does(bonded.second, bonded.requests.call("release", name))
    return watcher, name


def test_who_asks_for_more_while_it_is_paid_gets_no_more(bonded: Bonded) -> None:
    bonded.requested()
    watcher, _ = greedy(bonded)
    before = bonded.balance()
    assert bonded.does(bonded.second, watcher.call("withdraw", watcher.address))
    assert before - bonded.balance() == bonded.terms.bond
    assert bonded.chain.read(watcher, "paid") == (1,)
    assert bonded.chain.read(watcher, "gotMore") == (False,)
    assert bonded.balance() == bonded.ask("held")


def test_a_watcher_that_takes_no_coins_blocks_nobody_and_is_paid_elsewhere(
    bonded: Bonded,
) -> None:
    watcher, _ = greedy(bonded)
    assert bonded.does(bonded.second, watcher.call("setTakes", OFF))
    assert not bonded.does(bonded.second, watcher.call("withdraw", watcher.address))
    assert bonded.owed(watcher.address) == bonded.terms.bond
    wallet = "0x" + "cd" * 20
    assert bonded.does(bonded.second, watcher.call("withdraw", wallet))
    assert bonded.chain.ether(wallet) == bonded.terms.bond


def test_coins_forced_in_change_nothing(bonded: Bonded) -> None:
    name = bonded.requested()
    bonded.node.rpc("anvil_setBalance", bonded.requests.address, hex(1000 * ETHER))
    assert bonded.ask("pool") == 3 * bonded.terms.reward
    assert bonded.does(bonded.arbiter, bonded.requests.call("uphold", [name]))
    assert bonded.owed(bonded.watcher) == bonded.terms.bond + bonded.terms.reward


def test_the_event_names_request_target_and_watcher(bonded: Bonded) -> None:
    name = bonded.requested()
    (log,) = bonded.receipt["logs"]
    assert log["topics"][1] == "0x" + name.hex()
    assert log["topics"][2].endswith(TARGET[2:])
    assert log["topics"][3].endswith(bonded.watcher.address[2:])
    assert log["data"].startswith("0x" + CLAIM.hex() + EVIDENCE.hex())
