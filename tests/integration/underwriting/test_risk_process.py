"""`firebreak risk publish` as its own process: real Kafka, a real node, a feed and a page."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_account import Account

from runtime.kafka import KafkaBroker
from runtime.signatures import Signer, generate, load_signer
from sandbox.node import LocalNode
from sandbox.ports import free_port
from sandbox.process import ChildProcess
from schemas.chain import Block
from schemas.codec import encode
from schemas.topics import ALERTS, BLOCKS, DEAD_LETTERS, INCIDENTS, RISK
from tests.integration.underwriting.insured import PROTOCOL, Insured
from tests.unit.underwriting.worlds import CHAIN, alert
from tests.waiting import until

pytestmark = [pytest.mark.node, pytest.mark.kafka]

MANIFEST = """
protocol = "{protocol}"
chain = "{chain}"

[[contracts]]
address = "{pool}"
role = "pool"

[[tokens]]
address = "{token}"
symbol = "USD"
decimals = 6

[halt]
false_halt_cost = 1
value_exposed = 1
loss_per_second = 1

[loss]
detect_seconds = 1
decide_seconds = 1
include_seconds = 12

[[assets]]
token = "USD"
price = 1
allowable = 1_000_000
loss_per_second = 1

[underwriting]
cover = 1_000_000
feed = "{feed}"
"""
POOL = "0x" + "a1" * 20
HELD = 3_000_000
FIREBREAK = str(Path(sys.executable).with_name("firebreak"))


class Process(Insured):
    """The service beside a chain whose blocks we publish."""

    def __init__(self, node: LocalNode, broker: KafkaBroker, namespace: str, folder: Path) -> None:
        super().__init__(node)
        broker.create([ALERTS, BLOCKS, INCIDENTS, RISK, DEAD_LETTERS])
        self.producer = broker.producer()
        token = self.create("ToyERC20", "Dollar", "USD", 6, 10**18)
        assert self.does(self.owner, token.call("transfer", POOL, HELD * 10**6))
        (folder / "protocols").mkdir()
        (folder / "protocols" / "meadow.toml").write_text(
            MANIFEST.format(
                protocol=PROTOCOL, chain=CHAIN, pool=POOL, token=token.address,
                feed=self.feed.address,
            )
        )  # fmt: skip
        self.detector: Signer = load_signer(generate(folder / "trusted", "detector"))
        keystore, password = folder / "risk.json", folder / "password"
        for path, text in (
            (keystore, json.dumps(Account.encrypt(self.reporter.signer.key, "secret"))),
            (password, "secret\n"),
        ):
            path.touch(mode=0o600)
            path.write_text(text)
        self.web, self.health = free_port(), free_port()
        self.environment = {
            "FIREBREAK_KAFKA__NAMESPACE": namespace,
            "FIREBREAK_PROTOCOLS": str(folder / "protocols"),
            "FIREBREAK_HOME": str(folder),
            "FIREBREAK_RESPOND__TRUSTED_KEYS": str(folder / "trusted"),
            "FIREBREAK_RISK__SIGNING_KEY": str(generate(folder / "own", "risk")),
            "FIREBREAK_RISK__ENDPOINTS": str(node.ipc),
            "FIREBREAK_RISK__KEYSTORE": str(keystore),
            "FIREBREAK_RISK__KEYSTORE_PASSWORD_FILE": str(password),
            "FIREBREAK_RISK__WEB_PORT": str(self.web),
            "FIREBREAK_HEALTH__PORT": str(self.health),
        }
        self.folder = folder

    def start(self, bootstrap: str, *options: str) -> ChildProcess:
        """Run it."""
        self.environment["FIREBREAK_KAFKA__BOOTSTRAP_SERVERS"] = bootstrap
        command = [FIREBREAK, "risk", "publish", *options]
        return ChildProcess(command, self.folder / "risk.log", environment=self.environment)

    def mined(self) -> bool:
        """Make a block, and publish it as ingest does; true, for what is waited for beside it."""
        self.chain.mine()
        head = self.node.rpc("eth_getBlockByNumber", "latest", False)  # noqa: FBT003 - the interface's: headers only
        block = Block(
            id=head["hash"][2:],
            chain=CHAIN,
            number=int(head["number"], 16),
            hash=head["hash"],
            parent=head["parentHash"],
            timestamp=int(head["timestamp"], 16),
            transactions=0,
        )
        self.producer.send(BLOCKS.name, encode(block), key=CHAIN.encode())
        self.producer.flush()
        return True

    def alert(self) -> None:
        """Publish an alert of the newest block."""
        value = encode(alert(p_value=1e-12, at=self.now))
        proof = self.detector.sign(value, sequence=1, expires=10_000)
        self.producer.send(ALERTS.name, value, key=PROTOCOL.encode(), headers=proof)
        self.producer.flush()

    def page(self, path: str) -> Any:
        """Return what the page answers, None while it does not."""
        try:
            found = httpx.get(f"http://127.0.0.1:{self.web}{path}", timeout=5)
        except httpx.TransportError:
            return None
        return found.json() if found.status_code == 200 else None


@pytest.fixture
def process(node: LocalNode, broker: KafkaBroker, namespace: str, tmp_path: Path) -> Process:
    return Process(node, broker, namespace, tmp_path)


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
        again = subprocess.run(
            [FIREBREAK, "risk", "rederive", PROTOCOL],
            env=os.environ | process.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert again.returncode == 0, again.stdout + again.stderr
        assert "records are what their inputs give" in again.stdout
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
