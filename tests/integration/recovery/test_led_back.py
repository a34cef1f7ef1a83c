"""From the pause after an attack to the release: decided by votes, or by a Safe's owners."""

import orjson
import pytest

from runtime.broker import Message, Partition, read_all
from runtime.kafka import KafkaBroker
from sandbox.evm import ETHER, Call
from schemas.codec import decode
from schemas.incidents import Recovery
from schemas.topics import RECOVERIES
from tests.forensic_log import disordered
from tests.integration.recovery.village import CAP, DELAY, Village

pytestmark = [pytest.mark.node, pytest.mark.kafka]


def decide(village: Village) -> None:
    """Take what is staged through propose, vote, queue and execute, as the command gives it."""
    send = orjson.loads(village.said("propose", "--json"))["send"]
    at, (first, *others) = village.assembly.address, village.people

    def call(verb: str) -> Call:
        return Call(to=at, data=bytes.fromhex(send[verb][2:]))

    village.do(first, call("propose"))
    assert "pending" in village.refused("approve")
    village.chain.mine()
    for one in (first, *others):
        village.do(one, call("vote"))
    assert "active" in village.refused("approve")
    for _ in range(6):
        village.chain.mine()
    village.said("approve")
    village.do(first, call("queue"))
    assert not village.works(first, call("execute")), "the timelock's delay"
    assert "queued" in village.refused("done")
    village.chain.mine(DELAY + 1)
    village.do(village.stranger, call("execute"))
    village.said("done")


def settle(village: Village) -> None:
    village.said("watch")
    for _ in range(3):
        village.chain.mine()
    assert "green in a row" in village.said("watch")
    assert "more blocks" not in village.said("show")


def test_governance_releases_what_was_paused_after_an_attack(village: Village) -> None:
    village.govern()
    village.rob()
    assert "people only" in village.said("open", "--evidence", "T2")
    assert "root cause" in village.refused("propose")
    village.said("cause", "withdraw() pays whoever asks")
    shown = village.said("propose")
    assert f"upgradeToAndCall({village.mended.address}, 0x)" in shown
    assert "red: solvent" in shown, "the upgrade mends the code; what was taken is still missing"
    decide(village)
    assert "phase: recover" in village.said("show")
    assert village.recover("watch").exit_code == 1, "red while it is not refilled"
    assert "leave red: solvent" in village.refused("propose")
    village.do(village.stranger, village.granary.call("refill", value=30 * ETHER))
    settle(village)

    decide(village)
    assert "released: 10 %" in village.said("show")
    honest, granary = village.people[0], village.granary
    assert not village.works(village.thief, granary.call("withdraw", ETHER)), "the flaw is gone"
    assert village.works(honest, granary.call("withdraw", CAP // 10))
    assert not village.works(honest, granary.call("withdraw", CAP // 10 + 1))
    settle(village)

    decide(village)
    assert village.works(honest, granary.call("withdraw", CAP // 10 + 1))
    settle(village)
    said = village.said("show")
    assert "phase: closed" in said
    assert "missing" not in said


def turns(broker: KafkaBroker) -> list[Recovery]:
    """Return what was told of the case, in its order."""
    found: list[Message] = []
    for number in range(RECOVERIES.partitions):
        read_all(broker, Partition(RECOVERIES.name, number), found.append)
    return [decode(message.value or b"", Recovery) for message in found]


def test_a_safe_releases_with_its_owners_signatures_over_decoded_calls(
    village: Village, broker: KafkaBroker
) -> None:
    village.guard_by_safe()
    village.rob()
    village.said("open", "--evidence", "T2")
    village.said("cause", "withdraw() pays whoever asks")
    village.do(village.stranger, village.granary.call("refill", value=30 * ETHER))
    first, second, third, outsider = village.people
    for words in ("fix", "a tenth", "in full"):
        rows = orjson.loads(village.said("propose", "--json"))["transactions"]
        nonce = rows[0]["typed"]["message"]["nonce"]

        signed = {
            who.name: [village.sign(row["typed"], who) for row in rows] for who in village.people
        }
        village.said("approve", *signed[first.name])
        village.said("approve", *signed[first.name])
        assert "no signer" in village.refused("approve", *signed[outsider.name])
        calls = [
            Call(
                to=row["typed"]["message"]["to"],
                data=bytes.fromhex(row["typed"]["message"]["data"][2:]),
            )
            for row in rows
        ]
        village.said("approve", *signed[second.name])
        if len(rows) > 1:
            mixed = [signed[first.name][0], signed[third.name][1]]
            assert "different accounts" in village.refused("approve", *mixed)
        txs = village.carry_out_by_safe(calls, nonce)
        if words == "a tenth":
            assert "do not show" in village.refused("done", txs[0])
        village.said("done", *txs)
        settle(village)
    assert "phase: closed" in village.said("show")
    assert not village.works(village.thief, village.granary.call("withdraw", ETHER))

    told = turns(broker)
    events = [record.turn.event for record in told if record.turn]
    one_step = ["staged", "approved", "approved", "approved", "carried-out"]
    assert events == ["opened", "cause-recorded", *3 * one_step], "each by itself, in its order"
    assert disordered(*told) == []
    assert told[-1].progress.released == 10_000


def test_a_step_that_would_revert_is_not_put_before_anybody(village: Village) -> None:
    village.govern()
    village.said("open", "--evidence", "T2")
    village.said("cause", "withdraw() pays whoever asks")
    plan = village.plan.read_text()
    village.plan.write_text(plan.replace('"0x"] }]', '"0x12345678"] }]'))
    assert "would revert" in village.refused("propose")
    village.plan.write_text(plan.replace(village.mended.address, village.votes.address))
    assert "is not the build GranaryMended.json" in village.refused("propose")
    village.plan.write_text(plan.replace(village.mended.address, village.people[0].address))
    assert "there is no code" in village.refused("propose")
    assert "nothing is staged" in village.refused("approve")
    assert "the case is open" in village.refused("open")


def test_a_brake_that_was_set_again_begins_the_course_anew(village: Village) -> None:
    village.govern()
    manifest = next(village.manifests.glob("*.toml"))
    manifest.write_text(manifest.read_text().replace('scope = "T2"', 'scope = "T1"'))
    assert "evidence for T2" in village.refused("open")
    soon = str(village.chain.timestamp() + 600)
    assert "no expiry can be promised" in village.refused("open", "--expires-at", soon)
    village.said("open", "--evidence", "T2")
    village.said("cause", "withdraw() pays whoever asks")
    village.said("propose")
    assert "released by people only" in village.said("again", "--evidence", "T2")
    assert "root cause: not recorded" in village.said("show")
    assert "nothing is staged" in village.refused("approve")
