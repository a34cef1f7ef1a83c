"""An account that signs by itself is refused when a gate on chain obeys it."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.apart import require_apart
from runtime.evm import Endpoints
from runtime.settings import load
from schemas.errors import ConfigurationError
from schemas.manifest import Brake, Contract, Manifest
from tests.integration.contracts.conftest import Bench
from tests.unit.responders.examples import costs

pytestmark = pytest.mark.node


def refusal(bench: Bench, address: str, settings: dict[str, Any] | None = None) -> str:
    """Return why an account is refused, '' when it is not."""
    world, pool = bench.world, bench.world.pool.address
    brake = Brake(name="pause", adapter="pausable", target=pool, gate=world.gate.address)
    chain = f"eip155:{bench.chain.id}"
    known = Manifest(
        protocol="meadow", chain=chain, contracts=(Contract(address=pool, role="pool"),),
        brakes=(brake,), halt=costs(),
    )  # fmt: skip
    nodes = Endpoints([str(bench.node.ipc)])
    try:
        require_apart("risk.keystore", address, load(settings), nodes, [known])
    except ConfigurationError as error:
        return str(error)
    finally:
        nodes.close()
    return ""


def test_whom_a_gate_obeys_may_not_report(bench: Bench) -> None:
    gate = bench.world.gate.address
    assert f"may brake through the gate {gate}" in refusal(bench, bench.responder.address)
    told = refusal(bench, bench.heartbeat.address)
    assert f"renews the authority through the gate {gate}" in told
    assert refusal(bench, bench.stranger.address) == ""


def test_nor_may_the_account_of_this_machine_s_responder(bench: Bench, tmp_path: Path) -> None:
    keystore = tmp_path / "responder.json"
    keystore.write_text(json.dumps({"address": bench.stranger.address[2:].upper()}))
    told = refusal(bench, bench.stranger.address, {"respond": {"keystore": str(keystore)}})
    assert "is that of respond.keystore" in told
    keystore.write_text("[]")
    assert refusal(bench, bench.stranger.address, {"respond": {"keystore": str(keystore)}}) == ""
