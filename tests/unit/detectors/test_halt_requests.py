"""A bonded request from outside: who is heard, what it weighs."""

import math
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from detectors.api import Scope
from detectors.builtin.halt_requests import HaltRequests, score
from detectors.host import Host
from detectors.rules import Rules
from detectors.samples import CHAIN, PROTOCOL, address
from responders.halt import posterior
from schemas.alerts import Alert
from schemas.chain import Log, Transaction
from schemas.manifest import Contract, Halt, Manifest
from schemas.watchers import Watchers
from tests.unit.detectors.scenes import POOL, USER, VAULT, tx

REQUESTS, LEAST = address(30), 10**18
HALT = Halt(
    prior=0.001,
    false_halt_cost=Decimal(1),
    value_exposed=Decimal(1),
    loss_per_second=Decimal(1),
)


def watchers(**changes: Any) -> Watchers:
    values: dict[str, Any] = {
        "attack_probability": 0.02,
        "watch_cost": Decimal(300),
        "short_profit": Decimal(20_000),
        "least_bond": LEAST,
        "most_bond": Decimal(100_000),
        "most_reward": Decimal(200_000),
    }
    return Watchers(**values | changes)


def manifest(**changes: Any) -> Manifest:
    values: dict[str, Any] = {
        "protocol": PROTOCOL,
        "chain": CHAIN,
        "contracts": (
            Contract(address=VAULT, role="vault"),
            Contract(address=POOL, role="pool"),
            Contract(address=REQUESTS, role="requests", holds_value=False),
        ),
        "halt": HALT,
        "watchers": watchers(),
    }
    return Manifest(**values | changes)


def request(**changes: Any) -> Transaction:
    """Return a transaction that asks for a halt of the pool."""
    phase = changes.pop("phase", "head")
    where = changes.pop("contract", REQUESTS)
    name = changes.pop("name", "HaltRequested")
    arguments = {"target": POOL, "watcher": USER, "bond": str(LEAST)} | changes
    log = Log(log=7, contract=where, name=name, arguments=arguments)
    return tx(1, phase=phase, logs=(log,), flows=())


def heard(given: Transaction, of: Manifest | None = None) -> Alert | None:
    """Return what a host says that has learned nothing."""
    scope = Scope(CHAIN, PROTOCOL, of or manifest())
    rules = Rules(set_name="acts", finality=0, budget=1 / 400)
    return Host(scope, rules, {"halt-requests": HaltRequests}).take(given)[1]


def test_a_request_alerts_and_names_what_should_stand_still() -> None:
    alert = heard(request())
    assert alert is not None
    (vote,) = alert.votes
    assert (vote.tail, vote.made_from, vote.alerted) == ("rule", ("requests",), True)
    assert vote.reasons[0].feature == f"requested:{POOL}"
    assert vote.evidence[0].log == 7
    assert USER in alert.summary


@pytest.mark.parametrize(
    "changes",
    [
        {"bond": str(LEAST - 1)},
        {"bond": "9" * 79},
        {"bond": "much"},
        {"bond": LEAST},
        {"target": USER},
        {"target": None},
        {"contract": POOL},
        {"name": "HaltRequestUpheld"},
        {"phase": "pending"},
    ],
)
def test_what_is_not_a_sufficient_request_is_not_heard(changes: dict[str, Any]) -> None:
    assert heard(request(**changes)) is None


def test_it_weighs_what_an_honest_watchers_word_is_worth() -> None:
    alert = heard(request())
    assert alert is not None
    p = posterior(0.001, alert.p_value)
    assert p / (1 - p) == pytest.approx(0.02 * 0.8 / (0.98 * 0.01))


def test_it_weighs_no_more_than_the_halt_rule_believes_and_no_less_than_nothing() -> None:
    for never_wrong in (0.0, 1e-9):
        sure = score(watchers(false_requests=never_wrong), HALT)
        assert 1 / (math.e * math.exp(-sure) * sure) == pytest.approx(1e4)
    assert score(watchers(false_requests=0.99, found=0.01), HALT) == pytest.approx(1.0, abs=1e-6)


def test_a_request_that_weighs_nothing_raises_no_alert() -> None:
    useless = manifest(watchers=watchers(false_requests=0.99, found=0.01))
    assert heard(request(), useless) is None


def test_without_watchers_nobody_is_heard() -> None:
    plain = manifest(contracts=(Contract(address=POOL, role="pool"),), watchers=None)
    assert heard(request(), plain) is None
    scope = Scope(CHAIN, PROTOCOL)
    assert HaltRequests(scope).features(request()) == {}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"watchers": None}, "least_bond"),
        ({"watchers": watchers(least_bond=None)}, "least_bond"),
    ],
)
def test_a_manifest_says_what_a_request_has_to_put_up(changes: Any, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        manifest(**changes)


def test_bonds_are_not_the_protocols() -> None:
    with pytest.raises(ValidationError, match="holds_value = false"):
        Contract(address=REQUESTS, role="requests")
