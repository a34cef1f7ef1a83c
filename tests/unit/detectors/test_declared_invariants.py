"""Invariants of the manifest, on transactions: what holds, what is broken, what nobody can know."""

import time
from typing import Any

import orjson
import pytest

from detectors.api import Scope
from detectors.builtin.asset_outflow import AssetOutflow
from detectors.builtin.declared_invariants import DeclaredInvariants
from detectors.flows import NOBODY
from detectors.host import Host
from detectors.rules import Rules
from detectors.samples import CHAIN, PROTOCOL, address, make
from schemas.alerts import Alert
from schemas.chain import MAX_FLOWS, MAX_WRITES, Flow, Log, Transaction, Write
from schemas.codec import encode
from schemas.manifest import Manifest

VAULT, POOL, USER = address(1), address(2), address(99)
AUSD, SHARE = address(20), address(21)
BIG = 2**255 + 1


def manifest(*rules: str | dict[str, Any], **more: Any) -> Manifest:
    invariants = [
        rule if isinstance(rule, dict) else {"name": f"r{number}", "expression": rule}
        for number, rule in enumerate(rules)
    ]
    return Manifest.model_validate(
        {
            "protocol": PROTOCOL,
            "chain": CHAIN,
            "contracts": [
                {"address": VAULT, "role": "vault", "name": "vault"},
                {"address": POOL, "role": "pool", "name": "the pool"},
            ],
            "tokens": [
                {"address": AUSD, "symbol": "AUSD", "decimals": 6},
                {"address": SHARE, "symbol": "SHARE", "decimals": 18},
            ],
            "known": [
                {"token": AUSD, "holder": VAULT, "amount": 1_000, "block": 0},
                {"token": SHARE, "amount": 1_000, "block": 0},
            ],
            "invariants": invariants,
            **more,
        }
    )


def detector(*rules: str | dict[str, Any], **more: Any) -> DeclaredInvariants:
    return DeclaredInvariants(Scope(CHAIN, PROTOCOL, manifest(*rules, **more)))


def flow(token: str, sender: str, to: str, amount: int) -> Flow:
    return Flow(token=token, sender=sender, to=to, amount=str(amount))


def broken(subject: DeclaredInvariants, tx: Transaction) -> set[str]:
    return {name.removeprefix("broken:") for name in subject.features(tx) if "broken:" in name}


def judged(rule: str, **parts: Any) -> bool:
    """Whether a rule is broken by a transaction of block 1."""
    return bool(broken(detector(rule), make(3, block=1, **parts)))


DEPOSIT = Log(log=4, contract=VAULT, name="Deposit", arguments={"assets": str(BIG), "by": USER})


@pytest.mark.parametrize(
    ("rule", "parts", "is_broken"),
    [
        ("minted(SHARE) > 0 implies inflow(AUSD) > 0",
         {"flows": (flow(SHARE, NOBODY, USER, 5),)}, True),
        ("minted(SHARE) > 0 implies inflow(AUSD) > 0",
         {"flows": (flow(SHARE, NOBODY, USER, 5), flow(AUSD, USER, VAULT, 5))}, False),
        ("outflow(AUSD) <= 1 AUSD", {"flows": (flow(AUSD, VAULT, USER, 1_000_000),)}, False),
        ("outflow(AUSD) <= 1 AUSD", {"flows": (flow(AUSD, VAULT, USER, 1_000_001),)}, True),
        ("outflow(AUSD) == 0", {"flows": (flow(AUSD, VAULT, POOL, 7),)}, False),
        ('outflow(AUSD, vault) == inflow(AUSD, "the pool")',
         {"flows": (flow(AUSD, VAULT, POOL, 7),)}, False),
        ("net(AUSD, vault) >= 0", {"flows": (flow(AUSD, VAULT, POOL, 7),)}, True),
        ("burned(SHARE) == 0", {"flows": (flow(SHARE, USER, NOBODY, 1),)}, True),
        (f"total(Deposit.assets) == {BIG}", {"logs": (DEPOSIT,)}, False),
        (f"total(Deposit.assets, vault) == {BIG - 1}", {"logs": (DEPOSIT,)}, True),
        ('total(Deposit.assets, "the pool") == 0', {"logs": (DEPOSIT,)}, False),
        ("count(Deposit) == 2", {"logs": (DEPOSIT, DEPOSIT)}, False),
        ("least(Deposit.assets) > 1 and most(Deposit.assets) < 2", {"logs": (DEPOSIT,)}, True),
        ("total(Deposit.by) == 0", {"logs": (DEPOSIT,)}, False),  # no number: unknown
        ("most(Deposit.assets) == 1", {}, False),  # none: unknown
        ("written(vault, 3) == 8", {"writes": (Write(contract=VAULT, slot="3", value="9"),)}, True),
        ("written(vault, 4) == 8", {"writes": (Write(contract=VAULT, slot="3", value="9"),)},
         False),
        ("supply(SHARE) <= balance(AUSD, vault)",
         {"flows": (flow(SHARE, NOBODY, USER, 1),)}, True),
        ("supply(SHARE) <= balance(AUSD, vault)",
         {"flows": (flow(AUSD, USER, VAULT, 1), flow(SHARE, NOBODY, USER, 1))}, False),
        ("before(supply(SHARE)) == supply(SHARE) - minted(SHARE) + burned(SHARE)",
         {"flows": (flow(SHARE, NOBODY, USER, 3),)}, False),
        ("1 / outflow(AUSD) > 1", {}, False),  # by nought: unknown
        ("inflow(AUSD) > 0", {"seen": ("logs",)}, False),  # not seen: unknown
        ("inflow(AUSD) > 0", {}, True),
        ("inflow(AUSD) > 0", {"cut": 1}, False),  # cut: unknown
    ],
)  # fmt: skip
def test_a_rule_is_broken_or_not(rule: str, parts: dict[str, Any], is_broken: bool) -> None:  # noqa: FBT001 - a case
    assert judged(rule, **parts) is is_broken


def test_a_tolerance_is_a_share() -> None:
    rule = {"name": "near", "expression": "minted(SHARE) == burned(SHARE)", "tolerance": 0.01}
    moves = (flow(SHARE, NOBODY, USER, 1_000), flow(SHARE, USER, NOBODY, 990))
    assert not broken(detector(rule), make(3, block=1, flows=moves))
    assert broken(detector(rule | {"tolerance": 0.009}), make(3, block=1, flows=moves))


def test_amounts_and_slots_are_tracked_from_final_transactions() -> None:
    subject = detector("balance(AUSD, vault) >= 0", "stored(vault, 7) >= before(stored(vault, 7))")
    first = make(
        3, block=1, flows=(flow(AUSD, USER, VAULT, BIG),),
        writes=(Write(contract=VAULT, slot="7", value=str(BIG)),),
    )  # fmt: skip
    subject.learn_one(subject.features(first), 0.05)
    again = detector("balance(AUSD, vault) >= 0", "stored(vault, 7) >= before(stored(vault, 7))")
    again.load(orjson.loads(orjson.dumps(subject.dump())))
    assert sorted(again.dump()["ledger"].values()) == sorted([str(BIG), str(BIG)])
    lower = make(6, block=2, writes=(Write(contract=VAULT, slot="7", value=str(BIG - 1)),))
    assert broken(again, lower) == {"r1"}
    assert broken(again, make(6, block=2)) == set()
    leaving = make(6, block=2, flows=(flow(AUSD, VAULT, USER, BIG + 1_001),))
    assert broken(again, leaving) == {"r0"}


def test_what_happened_up_to_the_known_block_is_counted_in_already() -> None:
    known = [{"token": AUSD, "holder": VAULT, "amount": 5, "block": 10}]
    subject = detector("balance(AUSD, vault) == 5", known=known)
    for block in (9, 10):
        tx = make(3, block=block, flows=(flow(AUSD, USER, VAULT, 7),))
        assert broken(subject, tx) == set()
        subject.learn_one(subject.features(tx), 1.0)
    assert broken(subject, make(3, block=11)) == set()


def test_another_starting_point_begins_anew() -> None:
    known = [{"token": AUSD, "holder": VAULT, "amount": 5, "block": 0}]
    subject = detector("balance(AUSD, vault) == 5", known=known)
    subject.learn_one(subject.features(make(3, flows=(flow(AUSD, USER, VAULT, 7),), block=1)), 1.0)
    fresh = detector("balance(AUSD, vault) == 5", known=[known[0] | {"amount": 6}])
    fresh.load(subject.dump())
    assert fresh.dump() == {"ledger": {}}


def alerting(rule: dict[str, Any], transactions_per_false_alert: int = 400) -> Alert:
    about = manifest(rule, budget={"transactions_per_false_alert": transactions_per_false_alert})
    rules = Rules(set_name="core", finality=2, budget=1 / transactions_per_false_alert)
    sources = {"asset-outflow": AssetOutflow, "declared-invariants": DeclaredInvariants}
    host = Host(Scope(CHAIN, PROTOCOL, about), rules, sources)
    moves = (flow(SHARE, NOBODY, USER, 1_500_000_000_000_000_000),)
    transfer = Log(log=7, contract=SHARE, name="Transfer", arguments={})
    for block in range(1, 50):
        _, alert = host.take(make(block * 3, block=block, index=0, block_hash=f"0x{block}"))
        assert alert is None
    _, alert = host.take(
        make(150, block=50, index=0, block_hash="0xaa", flows=moves, logs=(transfer,))
    )
    assert alert is not None
    return alert


RULE = {
    "name": "no-free-shares",
    "expression": "minted(SHARE) > 0 implies inflow(AUSD) > 0",
    "technique": "ADT3012.004",
}


@pytest.mark.parametrize("severity", ["low", "medium", "high", "critical"])
@pytest.mark.parametrize("budget", [400, 1_000_000])
def test_a_broken_rule_alerts_whatever_the_history(severity: str, budget: int) -> None:
    alert = alerting(RULE | {"severity": severity}, budget)
    assert alert.severity == severity
    (vote,) = [vote for vote in alert.votes if vote.alerted]
    assert (vote.detector, vote.tail) == ("declared-invariants", "rule")
    assert vote.technique == "ADT3012.004"
    encode(alert)


def test_the_alert_says_which_rule_with_every_number_and_where() -> None:
    alert = alerting(RULE)
    assert alert.p_value <= 1e-11
    assert alert.summary.split("; ")[0] == (
        "the rule no-free-shares is broken: minted(SHARE) > 0 implies inflow(AUSD) > 0, "
        "where minted(SHARE) = 1.5 SHARE, inflow(AUSD) = 0 AUSD"
    )
    vote = alert.votes[0]
    assert [item.log for item in vote.evidence] == [7]
    assert (vote.reasons[0].observed, vote.reasons[0].expected) == (1.5e18, 0.0)


def test_without_rules_nothing_is_said() -> None:
    for scope in (Scope(CHAIN, PROTOCOL), Scope(CHAIN, PROTOCOL, manifest())):
        subject = DeclaredInvariants(scope)
        assert subject.features(make(3)) == {}
        assert subject.score_one({}) == 0.0


def test_numbers_that_are_none_are_refused() -> None:
    subject = detector("inflow(AUSD) > 0")
    for step in (subject.score_one, lambda x: subject.learn_one(x, 1.0)):
        with pytest.raises(ValueError, match="is nan"):
            step({"broken:r0": float("nan")})


def test_the_heaviest_transaction_takes_a_moment() -> None:
    rule = " and ".join(["net(AUSD, vault) + outflow(AUSD) * 7 >= supply(SHARE) / 3"] * 10)
    subject = detector(*[rule] * 64)
    tx = make(
        3,
        block=1,
        flows=tuple(flow(AUSD, address(n), VAULT, BIG) for n in range(MAX_FLOWS)),
        writes=tuple(Write(contract=VAULT, slot=str(n), value=str(BIG)) for n in range(MAX_WRITES)),
    )
    spent = []
    for _ in range(3):  # the best of three: other work on the machine slows the same steps down
        start = time.process_time()
        subject.features(tx)
        spent.append(time.process_time() - start)
    assert min(spent) < 0.1
