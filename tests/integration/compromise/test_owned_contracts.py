"""Who owns, writes to or judges for one of our contracts, in a thief's hands, on a real node: every
function that changes anything is accounted for, and the worst of each holder has its bound."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest

import contracts
from sandbox.evm import ETHER, Account, Contract
from sandbox.node import LocalNode, RpcError
from tests.integration.contracts.bonded import Bonded
from tests.integration.contracts.hands import Hands
from tests.integration.underwriting.covered import CASE, Covered
from tests.integration.underwriting.insured import ON, Insured
from tests.integration.underwriting.turned import CERTAIN, Turned

pytestmark = pytest.mark.node

OWNED = {"acceptOwnership": "heir", "renounceOwnership": "nobody", "transferOwnership": "owner"}

DOORS: Mapping[str, Mapping[str, str]] = {
    "RiskFeed": OWNED | {"report": "anybody", "setMaxDelay": "owner", "setReporter": "owner"},
    "RiskDial": OWNED | {"setRule": "owner", "turn": "anybody"},
    "ParametricCover": OWNED
    | dict.fromkeys(
        ("assertCase", "buy", "claim", "deposit", "dispute", "lapse", "release", "settle",
         "withdraw"),
        "anybody",
    )
    | {"reclaim": "owner", "rule": "arbiter"},
    "BondedRequests": OWNED
    | dict.fromkeys(("challenge", "fund", "release", "request", "withdraw"), "anybody")
    | dict.fromkeys(("reclaim", "setArbiter", "setTarget", "setTerms"), "owner")
    | dict.fromkeys(("reject", "uphold"), "arbiter"),
    "CometKeeper": OWNED | {"renounceOwnership": "owner", "set": "owner", "tighten": "brake"},
    "RecordAnchor": {"anchor": "writer"},
    "SignalRegistry": {"publish": "anybody"},
}  # fmt: skip
"""By contract and function: for whom the door is there at all. What is anybody's asks for something
else: a signature, a bond, something owed."""

LOCKS = {
    "owner": "OwnableUnauthorizedAccount",
    "arbiter": "NotArbiter",
    "writer": "NotTheWriter",
    "brake": "NotBrake",
}


class Village:
    """Each of them, with whoever holds it."""

    def __init__(self, node: LocalNode) -> None:
        covered, bonded, turned = Covered(node), Bonded(node), Turned(node)
        hands = Hands(node, "deployer")
        writer, brake = hands.funded("writer"), hands.funded("brake")
        self.node = node
        self.stranger = hands.funded("stranger")
        self.all: dict[str, Contract] = {
            "RiskFeed": covered.feed,
            "RiskDial": turned.dial,
            "ParametricCover": covered.pool,
            "BondedRequests": bonded.requests,
            "CometKeeper": hands.create("CometKeeper", hands.owner.address, brake.address),
            "RecordAnchor": hands.create("RecordAnchor", writer.address, sha256(b"log").digest()),
            "SignalRegistry": hands.create("SignalRegistry"),
        }
        self.holders: dict[str, dict[str, Account]] = {
            "RiskFeed": {"owner": covered.owner},
            "RiskDial": {"owner": turned.owner},
            "ParametricCover": {"owner": covered.owner, "arbiter": covered.arbiter},
            "BondedRequests": {"owner": bonded.owner, "arbiter": bonded.arbiter},
            "CometKeeper": {"owner": hands.owner, "brake": brake},
            "RecordAnchor": {"writer": writer},
            "SignalRegistry": {},
        }
        covered.bought()
        disputed = covered.asserted()
        covered.disputed(disputed)
        self.open = {"ParametricCover": disputed, "BondedRequests": bonded.requested()}
        """What an arbiter may rule on: nobody is asked who they are where there is nothing."""

    def locked(self, name: str, function: str, account: Account) -> bool:
        """Say whether a contract refuses a function for who it is that calls."""
        its = self.all[name]
        question = {"from": account.address, "to": its.address, "data": self._call(name, function)}
        try:
            self.node.rpc("eth_call", question, "latest")
        except RpcError as error:
            said = its.interface.error(bytes.fromhex(error.data[2:])) if error.data else ""
            return said in LOCKS.values()
        return False

    def _call(self, name: str, function: str) -> str:
        """Return a call that says little: who may not call is refused whatever it says."""
        its, about = self.all[name].interface, self.open.get(name, b"\0" * 32)
        inputs = next(entry["inputs"] for entry in its.abi if entry.get("name") == function)
        return "0x" + its.encode(function, *(little(one, about) for one in inputs)).hex()


def little(given: dict[str, Any], about: bytes) -> Any:
    """Return a small value of an argument's type; one of 32 bytes is `about`."""
    kind: str = given["type"]
    if kind == "tuple":
        return tuple(little(one, about) for one in given["components"])
    values: dict[str, Any] = {
        "address": "0x" + "11" * 20,
        "bool": False,
        "string": "",
        "bytes": b"",
        "bytes32": about,
        "bytes32[]": [about],
    }
    return values.get(kind, 1)


@pytest.fixture(scope="module")
def village(shared_node: LocalNode) -> Village:
    return Village(shared_node)


@pytest.mark.parametrize("name", DOORS)
def test_a_stolen_key_opens_its_own_doors_and_no_other(village: Village, name: str) -> None:
    views = {"renounceOwnership"}  # where it only refuses
    changing = {
        entry["name"]
        for entry in contracts.load(name).abi
        if entry["type"] == "function"
        and (entry["stateMutability"] not in ("view", "pure") or entry["name"] in views)
    }
    assert changing == DOORS[name].keys(), "a function that nobody accounted for"
    for function, whose in DOORS[name].items():
        assert village.locked(name, function, village.stranger) == (whose != "anybody"), function
        for holder, account in village.holders[name].items():
            asked = whose in (holder, "anybody") or (whose, holder) == ("nobody", "owner")
            assert village.locked(name, function, account) != asked, (function, holder)


def test_a_feeds_stolen_owner_names_a_liar_and_a_dial_moves_to_solo_at_most(
    chain_node: LocalNode,
) -> None:
    insured, turned = Insured(chain_node), Turned(chain_node)
    thief = insured.funded("thief")
    named = insured.feed.call("setReporter", thief.address, ON)
    assert insured.does(insured.owner, named)
    dial = turned.create(
        "RiskDial",
        turned.owner.address,
        insured.feed.address,
        turned.sources[1].address,
        turned.rule,
    )
    for _ in range(30):
        turned.says(0.0, 0.0)
        lie = insured.report(100.0, probability_high=CERTAIN)
        assert insured.does(insured.stranger, insured.reporting(lie, by=thief))
        assert insured.does(insured.stranger, dial.call("turn"), after=60)
    assert 0 < turned.ask(dial, "tightness") <= turned.rule.solo


def test_a_covers_stolen_owner_takes_what_nobody_was_promised(chain_node: LocalNode) -> None:
    covered = Covered(chain_node)
    covered.bought(100 * ETHER)
    capital, promised = covered.told("capital"), covered.told("committed")
    assert covered.no(covered.owner, "reclaim", capital - promised + 1) == "NotCovered"
    assert covered.does_pool(covered.owner, "reclaim", capital - promised)
    assert covered.solvent(), "who bought cover is paid all the same"


def test_a_covers_stolen_arbiter_has_covers_paid_to_their_holders_and_nothing_else(
    chain_node: LocalNode,
) -> None:
    covered = Covered(chain_node)
    sold, capital = covered.bought(100 * ETHER), covered.told("capital")
    change = covered.owed(covered.holder)
    false = covered.asserted(CASE)
    covered.disputed(false)
    ruling = covered.pool.call("rule", false, ON)
    assert covered.does(covered.arbiter, ruling)
    assert covered.fate(false) == "true"
    assert covered.does_pool(covered.holder, "claim", sold, false)
    assert covered.owed(covered.holder) - change == 100 * ETHER, "what was sold, never more"
    assert covered.owed(covered.arbiter) == 0
    assert covered.told("capital") == capital + covered.terms.bond // 2 - 100 * ETHER
    assert covered.solvent()


def test_the_stolen_arbiter_of_requests_gives_friends_rewards_and_cannot_touch_the_pool(
    chain_node: LocalNode,
) -> None:
    bonded = Bonded(chain_node)
    before = bonded.balance()
    name = bonded.requested()
    assert bonded.does(bonded.arbiter, bonded.requests.call("uphold", [name]), after=1)
    assert bonded.owed(bonded.watcher) == bonded.terms.bond + bonded.terms.reward
    assert bonded.owed(bonded.arbiter) == 0
    draw = bonded.requests.call("withdraw", bonded.watcher.address)
    assert bonded.does(bonded.watcher, draw)
    assert bonded.balance() == before - bonded.terms.reward, "one reward of those that were put in"


@pytest.mark.parametrize("owner", ["RiskFeed", "RiskDial", "ParametricCover", "BondedRequests"])
def test_what_a_stolen_owner_keeps_is_not_lost_by_a_slip(village: Village, owner: str) -> None:
    """Ownership moves in two steps and never to nobody, so that who finds the theft can still be
    told who owns it."""
    its, holder = village.all[owner], village.holders[owner]["owner"]
    hands = Hands(village.node, "deployer")
    snapshot = village.node.rpc("evm_snapshot")
    assert hands.does(holder, its.call("transferOwnership", village.stranger.address))
    assert hands.chain.read(its, "owner")[0] == holder.address
    assert not hands.does(holder, its.call("renounceOwnership"))
    assert village.node.rpc("evm_revert", snapshot)
