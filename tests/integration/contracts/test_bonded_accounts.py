"""Random sequences against the contract: it has what it owes, and nobody gets more than is due."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox import fetch
from sandbox.evm import Account, Call, Chain
from sandbox.node import LocalNode, NodeOptions
from tests.integration.contracts.bonded import HOUR, NOBODY, OTHER, TARGET, Bonded, Terms

pytestmark = pytest.mark.node

TERMS = Terms(bond=1_000_003, reward=500_009, share=3_333)
"""Amounts that divide badly."""

WAYS = ["request", "request", "challenge", "uphold", "uphold", "reject", "release", "withdraw"]
steps = st.lists(
    st.tuples(
        st.sampled_from([*WAYS, "reclaim", "fund"]),
        st.integers(0, 2),
        st.integers(0, 2),
        st.sampled_from([12] * 8 + [HOUR // 2, HOUR]),
    ),
    min_size=8,
    max_size=20,
)


@pytest.fixture(scope="module")
def bonded(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bonded]:
    """The contract on a node that all examples share; each finds it as it was."""
    anvil = fetch.anvil(cache, lambda line: None)
    folder = tmp_path_factory.mktemp("bonded")
    with LocalNode(folder, anvil, NodeOptions(mining=False)) as node:
        yield Bonded(node, TERMS)


@dataclass
class Asked:
    """A request as the model knows it."""

    watcher: str
    target: str
    made: int
    reward: int
    challenger: str = ""

    @property
    def deadline(self) -> int:
        return self.made + TERMS.window + (TERMS.ruling if self.challenger else 0)


@dataclass
class Model:
    """What the contract owes, by the words of its documentation alone."""

    pool: int
    owed: dict[str, int] = field(default_factory=dict)
    open: dict[bytes, Asked] = field(default_factory=dict)
    known: list[bytes] = field(default_factory=list)

    @property
    def due(self) -> int:
        """All that is held for anyone."""
        asked = self.open.values()
        locked = sum(TERMS.bond + a.reward + (TERMS.stake if a.challenger else 0) for a in asked)
        return self.pool + locked + sum(self.owed.values())

    def named(self, who: int, whom: int) -> list[bytes]:
        """Choose one to three requests: such as are open, more often than not, or any."""
        among = (list(self.open) if who else []) or self.known or [bytes(32)]
        return [among[(whom + more) % len(among)] for more in range(1 + who)]

    def credit(self, account: str, amount: int) -> None:
        self.owed[account] = self.owed.get(account, 0) + amount

    def request(self, name: bytes, watcher: str, target: str, now: int) -> bool:
        if name in self.known:
            return False
        reward = min(TERMS.reward, self.pool)
        self.pool -= reward
        self.known.append(name)
        self.open[name] = Asked(watcher, target, now, reward)
        return True

    def challenge(self, name: bytes, challenger: str, now: int) -> bool:
        asked = self.open.get(name)
        if asked is None or asked.challenger or now >= asked.made + TERMS.window:
            return False
        asked.challenger = challenger
        return True

    def uphold(self, names: list[bytes], now: int) -> bool:
        asked = [self.open.get(name) for name in names]
        there = [a for a in asked if a is not None and now < a.deadline]
        alike = len({a.target for a in there}) == 1
        if len(there) < len(names) or len(set(names)) < len(names) or not alike:
            return False
        for name, its in zip(names, there, strict=True):
            part = its.reward // len(names)
            self.pool += its.reward - part
            self.credit(its.watcher, TERMS.bond + part + (TERMS.stake if its.challenger else 0))
            del self.open[name]
        return True

    def reject(self, name: bytes, harmed: str, now: int) -> bool:
        its = self.open.get(name)
        if its is None or now >= its.deadline:
            return False
        self.pool += its.reward
        self.credit(harmed, TERMS.bond - (TERMS.stake if its.challenger else 0))
        if its.challenger:
            self.credit(its.challenger, 2 * TERMS.stake)
        del self.open[name]
        return True

    def release(self, name: bytes, now: int) -> bool:
        its = self.open.get(name)
        if its is None or now < its.deadline:
            return False
        self.pool += its.reward
        self.credit(its.watcher, TERMS.bond)
        if its.challenger:
            self.credit(its.challenger, TERMS.stake)
        del self.open[name]
        return True

    def end_all(self, now: int) -> None:
        for name in list(self.open):
            assert self.release(name, now)


Step = tuple[str, int, int, int]


def take(bonded: Bonded, model: Model, step: Step) -> tuple[Account, Call, bool]:
    """Return who calls what, and whether the model lets it."""
    what, who, whom, wait = step
    now = bonded.chain.timestamp() + wait
    account = (bonded.watcher, bonded.second, bonded.challenger)[who]
    target, claim = (TARGET, OTHER)[whom // 2], bytes([whom]) * 32
    names = model.named(who, whom)
    name, requests = names[0], bonded.requests
    if what == "request":
        own = bonded.name(account.address, target, claim)
        taken = model.request(own, account.address, target, now)
        return account, bonded.requesting(target, claim), taken
    if what == "challenge":
        return account, bonded.challenging(name), model.challenge(name, account.address, now)
    if what == "release":
        return account, requests.call("release", name), model.release(name, now)
    if what == "withdraw":
        there = [a for a in bonded.people if model.owed.get(a.address)] or [account]
        taker, wallet = there[whom % len(there)], "0x" + f"{who + 0xD00:040x}"
        return taker, requests.call("withdraw", wallet), model.owed.pop(taker.address, 0) > 0
    if what in ("fund", "reclaim"):
        return rewards(bonded, model, what, (1, TERMS.reward, 5 * TERMS.reward)[who])
    return ruling(bonded, model, what, names, now)


def rewards(bonded: Bonded, model: Model, what: str, amount: int) -> tuple[Account, Call, bool]:
    """Put into the pool, or let the owner take back."""
    if what == "fund":
        model.pool += amount
        return bonded.second, bonded.requests.call("fund", value=amount), True
    allowed = amount <= model.pool
    if allowed:
        model.pool -= amount
        model.credit(bonded.owner.address, amount)
    return bonded.owner, bonded.requests.call("reclaim", amount), allowed


def ruling(
    bonded: Bonded, model: Model, what: str, names: list[bytes], now: int
) -> tuple[Account, Call, bool]:
    """Let the arbiter rule."""
    if what == "uphold":
        call = bonded.requests.call("uphold", names)
        return bonded.arbiter, call, model.uphold(names, now)
    call = bonded.requests.call("reject", names[0])
    return bonded.arbiter, call, model.reject(names[0], bonded.harmed.address, now)


def agrees(bonded: Bonded, model: Model) -> None:
    """Hold the contract against the model."""
    assert bonded.balance() == bonded.ask("held") == model.due
    assert bonded.ask("pool") == model.pool
    for account in bonded.people:
        assert bonded.owed(account) == model.owed.get(account.address, 0)


unhurried = settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@settings(unhurried, max_examples=20)
@given(steps)
def test_it_always_has_what_it_owes_and_pays_what_is_due(bonded: Bonded, plan: list[Step]) -> None:
    holds(bonded, plan)


@pytest.mark.slow
@settings(unhurried, max_examples=300)
@given(steps)
def test_it_does_for_hundreds_of_sequences(bonded: Bonded, plan: list[Step]) -> None:
    holds(bonded, plan)


def holds(bonded: Bonded, plan: list[Step]) -> None:
    """Play a sequence, then let everybody take what is theirs."""
    snapshot = bonded.node.rpc("evm_snapshot")
    bonded.chain = Chain(bonded.node)
    model = Model(pool=4 * TERMS.reward)
    for step in plan:
        account, call, allowed = take(bonded, model, step)
        assert bonded.does(account, call, after=step[3]) is allowed, step
        agrees(bonded, model)
    # Whatever happened, all bonds come free without anybody's leave, and nothing stays behind.
    bonded.chain.mine(TERMS.window + TERMS.ruling)
    for name in list(model.open):
        assert bonded.does(bonded.second, bonded.requests.call("release", name))
    model.end_all(bonded.chain.timestamp())
    if model.pool:
        bonded.own("reclaim", model.pool)
    for account in bonded.people:
        if bonded.owed(account):
            wallet = "0x" + "ee" * 20
            assert bonded.does(account, bonded.requests.call("withdraw", wallet))
    assert bonded.balance() == bonded.ask("held") == 0
    assert NOBODY not in model.owed
    bonded.node.rpc("evm_revert", snapshot)
