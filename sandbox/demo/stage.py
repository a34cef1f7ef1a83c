"""Everything the demo needs, started in order and ended however the demo ends."""

import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from runtime import signatures
from runtime.broker import Partition
from runtime.kafka import KafkaBroker
from sandbox import fetch
from sandbox.arming import armed_by_two
from sandbox.demo.people import identity, settings_of
from sandbox.demo.record import Record
from sandbox.deploy import deploy
from sandbox.kafka import LocalKafka
from sandbox.keystore import write_keystore
from sandbox.node import LocalNode, NodeOptions
from sandbox.ports import HOST, free_port
from sandbox.process import ChildProcess
from sandbox.world import Scenario, World
from schemas.errors import UnsafeToContinueError
from schemas.topics import TOPICS

FINALITY = 5
"""Blocks after which the sandbox's chain counts as final."""

READY_TIMEOUT = 90.0
"""Seconds within which every service is ready; Faust takes longest, about ten."""

SERVICES: Mapping[str, tuple[str, ...]] = {
    "ingest": ("ingest", "evm"),
    "detect": ("detect", "--set", "core"),
    "respond": ("respond",),
    "incidents": ("incidents",),
}

WATCHED: Mapping[str, tuple[str, ...]] = {
    **SERVICES,
    "forensics": ("audit", "keep"),
    "console": ("console",),
}
"""With the page for people to look at, and the log that proves each of its lines."""

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be set up, and where."""

    folder: Path
    """For everything of this run; short, because sockets live in it."""
    cache: Path
    scenario: Scenario
    armed: bool
    services: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: SERVICES)
    """What runs, by name, each a command of `firebreak`."""
    pending: bool = False
    """Whether transactions that wait in the pool are simulated."""
    alone: bool = False
    """Whether one detector may pull the brake, whatever the scenario."""
    early: bool = False
    """Whether the creation of a contract may pull the brake."""


class Stage:
    """Everything that runs; `start` it, and it ends with its context, however that is left."""

    world: World
    node: LocalNode
    broker: KafkaBroker

    def __init__(self, plan: Plan, report: Report) -> None:
        self.plan = plan
        self._report = report
        self._ends = ExitStack()
        self._services: dict[str, tuple[ChildProcess, int]] = {}
        self.addresses: dict[str, str] = {}
        """Where to look around, by what is there."""
        self.record: Record | None = None
        """The transparency log; None where none is kept."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ends.close()

    def start(self) -> None:
        """Start everything, and return once every service is ready."""
        plan, report = self.plan, self._report
        fetch.everything(plan.cache, report)
        report("starting Apache Kafka")
        kafka = self._ends.enter_context(
            LocalKafka(
                plan.folder / "kafka",
                fetch.kafka_libs(plan.cache, report),
                fetch.java(plan.cache, report),
            )
        )
        self.broker = KafkaBroker({"bootstrap.servers": kafka.bootstrap})
        self.broker.create(TOPICS.values())
        report("starting the EVM node")
        self.node = self.new_node("node")
        report("deploying Uniswap V2, WETH, a Safe, the gate, a lending pool and a vault")
        self.world = deploy(self.node, lambda name: fetch.npm_package(plan.cache, name, report))
        folder = plan.folder / "protocols"
        self.world.write_manifest(folder, plan.scenario, alone=plan.alone, early=plan.early)
        self.addresses |= {"Kafka": kafka.bootstrap, "EVM node": self.node.http}
        environment = self._environment(kafka.bootstrap)
        for name, command in plan.services.items():
            report(f"starting firebreak {' '.join(command)}")
            self._start(name, command, environment)
        self._await_ready()

    def new_node(self, name: str, load_state: Path | None = None) -> LocalNode:
        """Start another chain, ended with the stage."""
        anvil = fetch.anvil(self.plan.cache, self._report)
        options = NodeOptions(mining=False, load_state=load_state)
        node = LocalNode(self.plan.folder / name, anvil, options)
        return self._ends.enter_context(node)

    def _environment(self, bootstrap: str) -> dict[str, str]:
        """Write keys and settings; return what every service is told.

        Environment variables, because they win over a settings file that may lie about.
        """
        folder, world = self.plan.folder, self.world
        keys = folder / "keys"
        signatures.generate(keys, "detector")
        case_keys = folder / "case-keys"
        password = keys / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(32))
        for role in ("responder", "heartbeat"):
            write_keystore(world.accounts[role], keys / f"{role}.json", password.read_text())
        chain = f"eip155:{world.chain_id}"
        endpoints = json.dumps([str(self.node.ipc)])
        journal = folder / "journal.jsonl"
        settings: dict[str, object] = {
            "HOME": folder / "home",
            "CACHE": self.plan.cache,
            "PROTOCOLS": folder / "protocols",
            "FINALITY": json.dumps({chain: FINALITY}),
            "KAFKA__BOOTSTRAP_SERVERS": bootstrap,
            "EVM__ENDPOINTS": endpoints,
            "EVM__START": 0,
            "EVM__PENDING": str(self.plan.pending).lower(),
            "DETECT__SIGNING_KEY": keys / "detector.pem",
            "RESPOND__ARMED": str(self.plan.armed).lower(),
            "RESPOND__ENDPOINTS": endpoints,
            "RESPOND__TRUSTED_KEYS": keys,
            "RESPOND__JOURNAL": journal,
            "RESPOND__ARMING_KEYS": armed_by_two(journal, folder / "people"),
            "RESPOND__KEYSTORE": keys / "responder.json",
            "RESPOND__KEYSTORE_PASSWORD_FILE": password,
            "RESPOND__HEARTBEAT_KEYSTORE": keys / "heartbeat.json",
            "RESPOND__HEARTBEAT_PASSWORD_FILE": password,
            "INCIDENTS__WEB_PORT": free_port(),
            "INCIDENTS__SIGNING_KEY": signatures.generate(case_keys, "incidents"),
            "INCIDENTS__TRUSTED_KEYS": case_keys,
        }
        if "forensics" in self.plan.services:
            self.record = Record(keys / "log")  # apart: who is trusted to raise alerts is not it
            self.addresses["log"] = self.record.url
            settings |= self.record.settings
        if "console" in self.plan.services:
            console = settings_of(world, self._ends.enter_context(identity()))
            self.addresses["console"] = str(console["CONSOLE__URL"])
            settings |= console
        self.addresses["cases"] = f"http://{HOST}:{settings['INCIDENTS__WEB_PORT']}/cases/"
        self.addresses["journal"] = str(journal)
        return {f"FIREBREAK_{name}": str(value) for name, value in settings.items()}

    def _start(self, name: str, command: tuple[str, ...], environment: dict[str, str]) -> None:
        port = free_port()
        process = ChildProcess(
            [str(Path(sys.executable).with_name("firebreak")), *command],
            self.plan.folder / f"{name}.log",
            folder=self.plan.folder,
            environment=environment | {"FIREBREAK_HEALTH__PORT": str(port)},
        )
        self._ends.callback(process.stop)
        self._services[name] = (process, port)

    def _await_ready(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT
        waiting = dict.fromkeys(self._services, "its first answer")
        while waiting:
            for name in list(waiting):
                self.require_running()
                obstacle = self._obstacle(name)
                if obstacle is None:
                    del waiting[name]
                    self._report(f"{name} is ready")
                else:
                    waiting[name] = obstacle
            if time.monotonic() > deadline:
                late = "; ".join(f"{name}: {why}" for name, why in waiting.items())
                raise UnsafeToContinueError(f"not ready after {READY_TIMEOUT:g} s: {late}")
            time.sleep(0.05)

    def _obstacle(self, name: str) -> str | None:
        """Return what keeps a service from its work, None when nothing does."""
        try:
            self._ask(name, "readyz")
        except urllib.error.HTTPError as error:
            return error.read().decode(errors="replace").strip()
        except OSError as error:
            return str(error)
        return None

    def _ask(self, name: str, page: str) -> str:
        address = f"http://{HOST}:{self._services[name][1]}/{page}"
        with urllib.request.urlopen(address, timeout=5) as answer:
            return str(answer.read().decode())

    def metric(self, name: str, line: str) -> float:
        """Return the sum of a service's metrics whose lines begin so."""
        rows = self._ask(name, "metrics").splitlines()
        return sum(float(row.rpartition(" ")[2]) for row in rows if row.startswith(line))

    def written(self, topic: str) -> int:
        """Return how many records a topic holds."""
        bounds = [
            self.broker.bounds(Partition(topic, number))
            for number in range(self.broker.partitions(topic))
        ]
        return sum(high - low for low, high in bounds)

    def require_running(self) -> None:
        """Raise `UnsafeToContinueError` with the end of its log if a service has ended."""
        for process, _ in self._services.values():
            process.require_running()


def without_settings() -> None:
    """Take the settings of this shell's own deployment away, so that none reaches the demo."""
    for name in list(os.environ):
        if name.startswith("FIREBREAK_") and ("__" in name or name == "FIREBREAK_CONFIG"):
            del os.environ[name]
    os.environ.pop("KAFKA_BOOTSTRAP_SERVERS", None)
