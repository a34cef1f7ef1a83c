"""`firebreak risk publish` as its own process: real Kafka, a real node, a feed and a page."""

import os
import subprocess
from pathlib import Path

import pytest

from runtime.kafka import KafkaBroker
from sandbox.node import LocalNode
from tests.integration.underwriting.insured import PROTOCOL
from tests.integration.underwriting.process import FIREBREAK, HELD, Process
from tests.waiting import until

pytestmark = [pytest.mark.node, pytest.mark.kafka]


@pytest.fixture
def process(node: LocalNode, broker: KafkaBroker, namespace: str, tmp_path: Path) -> Process:
    return Process(node, broker, namespace, tmp_path)


def rederived(process: Process, keys: str) -> subprocess.CompletedProcess[str]:
    """Compute the records again, and believe those that a key of this folder signed."""
    trusting = {"FIREBREAK_CONSOLE__RISK_KEYS": str(process.folder / keys)}
    return subprocess.run(
        [FIREBREAK, "risk", "rederive", PROTOCOL],
        env=os.environ | process.environment | trusting,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_alert_is_on_the_page_and_on_chain_and_all_of_it_comes_out_again(
    process: Process, bootstrap: str
) -> None:
    service = process.start(bootstrap, "--armed")

    def standing(at: int) -> bool:
        service.require_running()
        return process.mined() and bool(process.ask("latestReport")[10] == at)

    try:
        until(lambda: process.mined() and process.page(f"/v1/risk/{PROTOCOL}"))
        calm = process.page(f"/v1/risk/{PROTOCOL}")
        assert calm["inputs"]["held"] == {"value": float(HELD), "source": "chain"}
        until(lambda: standing(0) and process.ask("latestReport")[0])
        process.alert()
        until(lambda: standing(1))
        told = process.page(f"/v1/risk/{PROTOCOL}")
        history = process.page(f"/v1/risk/{PROTOCOL}/history")["records"]
        reported = process.ask("latestReport")
        (record,) = [one for one in history if one["id"] == reported[11].hex()]
        likely = {one["name"]: one for one in record["figures"]}["probability"]
        assert reported[3] == pytest.approx(likely["value"] * 10**8, abs=1)
        assert told["inputs"]["standing"] == "alerted"
        assert likely["value"] > 5 * calm["figures"][0]["value"]
        again = rederived(process, "own")
        assert again.returncode == 0, again.stdout + again.stderr
        assert "records are what their inputs give" in again.stdout
        strange = rederived(process, "trusted")
        assert strange.returncode == 1
        assert "signed by unknown key" in strange.stdout
    finally:
        service.stop()


@pytest.mark.slow
def test_disarmed_it_tells_and_serves_and_sends_nothing(process: Process, bootstrap: str) -> None:
    sent = process.node.rpc("eth_getTransactionCount", process.reporter.address, "latest")
    service = process.start(bootstrap)
    try:
        until(lambda: process.mined() and process.page(f"/v1/risk/{PROTOCOL}"))
        until(lambda: process.mined() and len(process.page("/v1/risk")["risk"]))
        service.require_running()
        pending = process.node.rpc("eth_getTransactionCount", process.reporter.address, "pending")
        assert pending == sent
    finally:
        service.stop()
