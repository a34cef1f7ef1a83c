"""`firebreak risk publish` as its own process, beside a chain whose blocks the test publishes."""

import json
import sys
from pathlib import Path
from typing import Any

import httpx
from eth_account import Account

from runtime.kafka import KafkaBroker
from runtime.keepers import key_of
from runtime.signatures import Signer, generate, load_signer, signed
from sandbox.evm import Contract
from sandbox.node import LocalNode
from sandbox.ports import free_port
from sandbox.process import ChildProcess
from schemas.chain import Block
from schemas.codec import encode
from schemas.incidents import Incident
from schemas.topics import ALERTS, BLOCKS, DEAD_LETTERS, INCIDENTS, RISK
from tests.integration.underwriting.insured import PROTOCOL, Insured
from tests.unit.underwriting.worlds import CHAIN, alert

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
dials = [{dials}]
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
        self.manifest = folder / "protocols" / "meadow.toml"
        self.token = token
        self.describe()
        self.detector: Signer = load_signer(generate(folder / "trusted", "detector"))
        self.keeper: Signer = load_signer(generate(folder / "keepers", "incidents"))
        self.teller = generate(folder / "own", "risk")
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
            "FIREBREAK_INCIDENTS__TRUSTED_KEYS": str(folder / "keepers"),
            "FIREBREAK_RISK__SIGNING_KEY": str(self.teller),
            "FIREBREAK_RISK__ENDPOINTS": str(node.ipc),
            "FIREBREAK_RISK__KEYSTORE": str(keystore),
            "FIREBREAK_RISK__KEYSTORE_PASSWORD_FILE": str(password),
            "FIREBREAK_RISK__WEB_PORT": str(self.web),
            "FIREBREAK_HEALTH__PORT": str(self.health),
        }
        self.folder = folder

    def describe(self, *dials: Contract) -> None:
        """Write the manifest, with dials to turn."""
        told = MANIFEST.format(
            protocol=PROTOCOL, chain=CHAIN, pool=POOL, token=self.token.address,
            feed=self.feed.address, dials=", ".join(f'"{one.address}"' for one in dials),
        )  # fmt: skip
        self.manifest.write_text(told)

    def start(self, bootstrap: str, *options: str) -> ChildProcess:
        """Run it."""
        self.environment["FIREBREAK_KAFKA__BOOTSTRAP_SERVERS"] = bootstrap
        command = [FIREBREAK, "risk", "publish", *options]
        return ChildProcess(command, self.folder / "risk.log", environment=self.environment)

    def mined(self, after: int = 12) -> bool:
        """Make a block so many seconds later, and publish it as ingest does; true, for what is
        waited for beside it."""
        self.chain.mine(after)
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

    def tell(self, case: Incident) -> None:
        """Publish the state of a case, as who keeps cases does."""
        value = encode(case)
        self.producer.send(
            INCIDENTS.name, value, key=key_of(case), headers=signed(value, self.keeper)
        )
        self.producer.flush()

    def page(self, path: str) -> Any:
        """Return what the page answers, None while it does not."""
        try:
            found = httpx.get(f"http://127.0.0.1:{self.web}{path}", timeout=5)
        except httpx.TransportError:
            return None
        return found.json() if found.status_code == 200 else None
