"""An emergency upgrade by the protocol's own fast path: a council's Safe, an AccessManager."""

import json

import pytest

from sandbox.evm import ETHER, Call
from tests.integration.recovery.test_led_back import settle
from tests.integration.recovery.village import Village

pytestmark = [pytest.mark.node, pytest.mark.kafka]


@pytest.fixture
def robbed(village: Village) -> Village:
    village.guard_by_council()
    return ready(village)


def ready(village: Village) -> Village:
    """Have it robbed, refilled, and ready for its mending."""
    village.rob()
    village.said("open", "--evidence", "T2")
    village.said("cause", "withdraw() pays whoever asks")
    village.do(village.stranger, village.granary.call("refill", value=30 * ETHER))
    return village


def decide(village: Village) -> list[str]:
    """Have two of the council sign what is staged, and anybody carry it out."""
    rows = village.transactions()
    for who in village.people[:2]:
        village.said("approve", *(village.sign(row["typed"], who) for row in rows))
    terms = [row["typed"]["message"] for row in rows]
    calls = [Call(to=one["to"], data=bytes.fromhex(one["data"][2:])) for one in terms]
    return village.carry_out_by_safe(calls, terms[0]["nonce"])


def test_the_council_upgrades_and_releases_at_once_and_sees_what_arrives(robbed: Village) -> None:
    village, granary = robbed, robbed.granary
    shown = village.said("propose")
    assert f"{granary.address}: upgradeToAndCall({village.mended.address}, 0x)" in shown
    assert f"made by the fast path {village.manager.address}" in shown
    village.said("done", *decide(village))
    assert not village.works(village.thief, granary.call("withdraw", ETHER))
    settle(village)
    for _ in range(2):
        village.said("propose")
        village.said("done", *decide(village))
        settle(village)
    assert "phase: closed" in village.said("show")
    assert village.works(village.people[0], granary.call("withdraw", ETHER))


def test_a_security_council_upgrades_by_its_executor(village: Village) -> None:
    village.guard_by_executor()
    ready(village)
    assert "made by the fast path" in village.said("propose")
    village.said("done", *decide(village))
    assert not village.works(village.thief, village.granary.call("withdraw", ETHER))


def test_who_governs_with_a_delay_has_no_fast_path(robbed: Village) -> None:
    village, slow = robbed, robbed.people[3]
    upgrade = village.granary.call("upgradeToAndCall", village.mended.address, b"")
    hurried = village.manager.call("execute", village.granary.address, upgrade.data)
    assert not village.works(slow, hurried)


def test_signers_are_shown_what_becomes_of_the_code(robbed: Village) -> None:
    words = json.loads(robbed.said("propose", "--json"))["words"]
    told = [line.strip().removeprefix(f"{robbed.granary.address}: ") for line in words]
    assert "storage as it was; new: uint256 withdrawals at slot 5, byte 0" in told
    assert "functions that go: none" in told
    assert "functions that come: withdrawals() view returns (uint256)" in told
    old, new = (next(line for line in told if line.startswith(which)) for which in ("old", "new"))
    assert robbed.mended.address in new
    for line in (old, new):
        assert line.endswith("it is the build that the plan names")


def test_only_the_manifest_names_a_fast_path(robbed: Village) -> None:
    plan, manifest = robbed.plan.read_text(), robbed.manifests / "granary.toml"
    own = '[fast_path]\ncontract = "0x' + "77" * 20 + '"\nkind = "access-manager"\n'
    robbed.plan.write_text(plan + own)
    assert "the manifest names it" in robbed.refused("propose")
    robbed.plan.write_text(plan)
    manifest.write_text(manifest.read_text().partition("[fast_path]")[0])
    assert "manifest names none" in robbed.refused("propose")
