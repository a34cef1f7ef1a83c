"""Recorded attacks on real chains: what they moved adds up, and the loot is where it is known to
have gone. No address or hash is known here but by the recordings' own index."""

import csv
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from forensics.cases.accounts import Subject, fund_flow
from forensics.cases.following import Follower
from forensics.cases.settlement import nets, settle
from forensics.cases.trail import Limits, Surroundings
from forensics.cases.transactions import Movement, Transaction, read_transaction
from schemas.fundflow import FundFlow
from schemas.units import NATIVE

BLOCK = "balancer_sta_block/block_10355807_with_receipts.json.gz"
SUBJECT = Subject(chain="eip155:1", protocol="p", incident="0" * 64, first=0, last=2**40)


def index(data: Path) -> dict[str, dict[str, str]]:
    with (data / "exploit_traces" / "INDEX.csv").open(newline="") as file:
        return {row["tx"]: row for row in csv.DictReader(file)}


def traces(data: Path) -> dict[str, Mapping[str, Any]]:
    found = {}
    for path in sorted((data / "exploit_traces").glob("*/*.json*")):
        packed = path.read_bytes()
        tree = json.loads(gzip.decompress(packed) if path.suffix == ".gz" else packed)
        found[path.name.partition(".")[0]] = tree.get("result", tree)
    return found


def of_trace(name: str, tree: Mapping[str, Any]) -> Transaction:
    """The transaction of a call tree: coin only, for the recordings have no logs."""
    receipt = {"status": "0x1", "transactionHash": name, "logs": []}
    return read_transaction(tree, receipt, 0, tree)


def followed(tx: Transaction, victims: frozenset[str], attackers: set[str]) -> FundFlow:
    around = Surroundings(
        victims=victims,
        protocol={},
        labels={},
        balance=lambda *_: 0,
        has_code=lambda name: name not in attackers,
    )
    follower = Follower(around, attackers, Limits())
    follower.apply(tx, theft=True)
    return fund_flow(SUBJECT, follower.trail, around, attackers, lambda _: ("", None))


def test_every_recorded_call_tree_adds_up(data: Path) -> None:
    found = traces(data)
    assert len(found) >= 60
    gains = 0
    for name, tree in found.items():
        tx = of_trace(name, tree)
        settled = [Movement(t.token, t.giver, t.taker, t.amount) for t in settle(tx.movements)]
        changes = nets(tx.movements)
        assert nets(settled) == changes
        side = {tx.sender, tx.to}
        victims = frozenset(
            account
            for account, tokens in changes.items()
            if tokens.get(NATIVE, 0) < 0 and account not in side
        )
        flow = followed(tx, victims, side)
        for token in flow.tokens:
            ended = sum(int(amount) for _, amount in token.ended)
            assert int(token.stolen) + int(token.received) == (
                int(token.held) + int(token.returned) + int(token.exchanged) + ended
            )
        gains += any(int(token.held) for token in flow.tokens)
    assert gains >= 10, "attackers who left with coin are seen to hold it"


def test_a_recorded_theft_of_five_tokens_is_told_token_by_token(data: Path) -> None:
    block = json.loads(gzip.decompress((data / BLOCK).read_bytes()))
    known = index(data)
    attack = next(envelope for envelope in block["transactions"] if envelope["hash"] in known)
    receipt = attack["receipt"] | {"transactionHash": attack["hash"]}
    tree = traces(data)[attack["hash"]]
    tx = read_transaction(attack, receipt, 0, tree)
    thief = known[tx.hash]["attacker"].lower()
    assert tx.sender == thief

    givers: dict[str, set[str]] = {}
    for transfer in settle(tx.movements):
        givers.setdefault(transfer.giver, set()).add(transfer.token)
    robbed = max(givers, key=lambda giver: len(givers[giver]))
    flow = followed(tx, frozenset({robbed}), {thief, tx.to})

    gained = {t: n for t, n in nets(tx.movements)[thief].items() if n > 0}
    held = {
        holding.token: int(holding.amount)
        for node in flow.nodes
        if node.address == thief
        for holding in node.stays
    }
    assert set(held) == set(gained)
    assert len(held) == 4, "three tokens, and coin for the wrapped coin that was the fourth"
    assert held == gained
    exchanged = [node for node in flow.nodes if node.kind == "pool" and node.exchanged]
    assert len(exchanged) == 2, "a pool that took the fifth token for coin, and the wrapper"
