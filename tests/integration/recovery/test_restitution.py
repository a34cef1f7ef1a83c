"""Paid back by a snapshot of balances: built from the node, claimed on it, once each."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

import contracts
from cli.main import app
from responders.recovery.merkle import tree, verified
from responders.recovery.restitution import Restitution, check
from sandbox.abi import Interface
from sandbox.evm import ETHER, Call, Contract
from sandbox.safe import NOBODY
from tests.integration.recovery.village import DAY, Village

pytestmark = [pytest.mark.node, pytest.mark.kafka]

ENDED = 30 * DAY


def bytes_of(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def snapshot(village: Village, token: Contract, block: int, fund: int, *flags: str) -> Path:
    into = village.folder / "restitution.json"
    arguments = [token.address, "--block", str(block), "--fund", str(fund), "--into", str(into)]
    result = CliRunner().invoke(app, ["recover", "restitution", *arguments, *flags])
    assert result.exit_code == 0, (result.output, result.exception)
    return into


def test_holders_at_a_block_claim_what_they_lost(village: Village) -> None:
    make, people, thief = village.deployer, village.people, village.thief
    share = make.create("ToyERC20", "Share", "SHR", 18, 1_000_003 * ETHER)
    money = make.create("ToyERC20", "Money", "MNY", 18, 10**9 * ETHER)
    for number, one in enumerate(people, 1):
        make.send([share.call("transfer", one.address, number * 1_000 * ETHER + number)])
    make.send([share.call("transfer", thief.address, 500 * ETHER)])
    make.settle()
    block = village.chain.mine()
    village.do(people[0], share.call("transfer", thief.address, 1_000 * ETHER))

    fund = 7_777 * ETHER + 1
    excluded = (thief.address, make.account.address)
    flags = [text for one in excluded for text in ("--exclude", one)]
    path = snapshot(village, share, block, fund, *flags)
    found = msgspec.json.decode(path.read_bytes(), type=Restitution)
    check(found)
    assert CliRunner().invoke(app, ["recover", "claims", str(path)]).exit_code == 0
    assert len(found.claims) == len(people), "neither the thief nor who holds the rest"
    assert int(found.total) <= fund

    end = village.chain.timestamp() + ENDED
    terms = (money.address, bytes_of(found.root), int(found.total), block, end)
    desk = make.create("Restitution", *terms, make.account.address)
    make.settle()
    (funded,) = village.chain.read(desk, "funded")
    assert not funded
    make.send([money.call("transfer", desk.address, fund)])
    make.settle()
    (funded,) = village.chain.read(desk, "funded")
    assert funded

    claims = []
    for entry in found.claims:
        account = entry.account.rpartition(":")[2]
        claims.append((account, int(entry.amount), [bytes_of(node) for node in entry.proof]))
    first, *others = claims
    account, amount, proof = first
    stranger = village.stranger
    for wrong in (
        (account, amount + 1, proof),
        (thief.address, amount, proof),
        (account, amount, [*proof, proof[0]]),
        (account, amount, proof[::-1]),
        (account, others[0][1], others[0][2]),
    ):
        assert not village.works(stranger, desk.call("claim", *wrong))
    for claim in claims:
        village.do(stranger, desk.call("claim", *claim))
        assert not village.works(stranger, desk.call("claim", *claim)), "once each"
        (holds,) = village.chain.read(money, "balanceOf", claim[0])
        assert holds == claim[1], "whoever sends it, the account is paid"
    (left,) = village.chain.read(money, "balanceOf", desk.address)
    assert left == fund - int(found.total)
    assert not village.works(stranger, desk.call("finish"))
    village.chain.mine(ENDED)
    before = village.chain.read(money, "balanceOf", make.account.address)[0]
    village.do(stranger, desk.call("finish"))
    assert village.chain.read(money, "balanceOf", make.account.address)[0] - before == left


def test_an_inner_node_cannot_be_claimed_and_a_root_over_more_than_the_total_pays_no_more(
    village: Village,
) -> None:
    make, people = village.deployer, village.people
    amounts = [(one.address, 100) for one in people]
    whole = tree(amounts)
    money = make.create("ToyERC20", "Money", "MNY", 18, 10**9)
    make.settle()
    end = village.chain.timestamp() + ENDED
    desk = make.create("Restitution", money.address, whole.root, 250, 1, end, make.account.address)
    make.send([money.call("transfer", desk.address, 1_000)])
    make.settle()

    left, right = sorted(whole.nodes[1:3])
    inner = "0x" + left[12:].hex(), int.from_bytes(right)
    assert not village.works(village.thief, desk.call("claim", *inner, []))
    paid = 0
    for account, amount in amounts:
        claim = desk.call("claim", account, amount, list(whole.proof(account)))
        assert verified(whole.root, account, amount, whole.proof(account))
        if village.works(village.stranger, claim):
            village.do(village.stranger, claim)
            paid += amount
    assert paid == 200, "a third would be within the fund, but beyond the total"


def test_a_holder_that_no_transfer_named_stops_the_snapshot(village: Village) -> None:
    make = village.deployer
    share = make.create("ToyERC20", "Share", "SHR", 18, 1_000)
    make.settle()
    block = village.chain.mine()
    arguments = [share.address, "--block", str(block), "--since", str(block), "--fund", "1"]
    into = ["--into", str(village.folder / "none.json")]
    result = CliRunner().invoke(app, ["recover", "restitution", *arguments, *into])
    assert "the supply is 1000" in str(result.exception)


def test_a_worthless_restitution_cannot_be_made(village: Village) -> None:
    one, code = village.stranger, contracts.load("Restitution")

    def creation(*terms: Any) -> Call:
        return Call(to=None, data=Interface(code.abi).creation(code.bytecode, *terms))

    village.chain.mine()
    good = [one.address, b"\1" * 32, 1, 0, village.chain.timestamp() + DAY, one.address]
    assert village.works(one, creation(*good))
    for place, bad in ((1, bytes(32)), (2, 0), (3, 10**9), (4, 1), (5, NOBODY)):
        assert not village.works(one, creation(*good[:place], bad, *good[place + 1 :]))
