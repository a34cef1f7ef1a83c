"""A whole deployment under fire: every service a process, on a real broker and a real node."""

import json
import re
import signal
import sys
from collections.abc import Mapping
from math import exp, log
from pathlib import Path
from random import Random

from runtime import signatures
from runtime.kafka import KafkaBroker
from sandbox.arming import armed_by_two
from sandbox.keystore import write_keystore
from sandbox.node import LocalNode
from sandbox.ports import free_port
from sandbox.process import ChildProcess
from sandbox.world import World
from schemas.topics import ALERTS, TOPICS, TRANSACTIONS
from tests.groups import behind

FINALITY = 5
SESSION = {"session.timeout.ms": "2000", "heartbeat.interval.ms": "300"}
"""A dead member's partitions come free after two seconds, so that a run of kills makes headway."""

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "ingest": ("ingest", "evm"),
    "detect": ("detect", "--set", "core"),
    "respond": ("respond", "--armed"),
    "incidents": ("incidents",),
}
LONGEST: Mapping[str, int] = {"ingest": 1500, "detect": 120, "respond": 60, "incidents": 60}
"""Operations that a life may last: what each does in some seconds."""

LIMITS = """one_detector_may_pause = true

[limits]
alert_blocks = 100000
brakes_per_window = 10
cooldown_seconds = 0
"""
"""Wide: the chain of a test is faster than any, and a service may be dead for many blocks.
The budget of false alerts is wide as well, and one detector may pause: a test has little time to
learn what is usual."""

SLOW_LOSS = "loss_per_second = 200"
"""So slow that a brake which comes late still saves something: else it is rightly not pulled."""

MORTAL = Path(__file__).with_name("mortal.py")
FOREVER = 2**60

ASKS_TO_BE_STARTED_AGAIN = 3
"""The exit status of a service that lost its broker, its node or its lead for a while."""


class Deployment:
    """The services of one protocol's defence, in a namespace of their own."""

    def __init__(
        self, folder: Path, broker: KafkaBroker, kafka: Mapping[str, str], node: LocalNode,
        world: World, *, finality: int = FINALITY,
    ) -> None:  # fmt: skip
        """`kafka` has the settings `bootstrap_servers` and `namespace`."""
        self.folder = folder
        self.broker = broker
        self.node = node
        self.world = world
        self.journal = folder / "journal.jsonl"
        self.protocols = folder / "protocols"
        self.keys = folder / "keys"
        self.processes: dict[str, ChildProcess] = {}
        self.deaths = 0
        self._starts = 0
        self._kafka = kafka
        broker.create(TOPICS.values())
        manifest = world.write_manifest(self.protocols, "spot-oracle")
        text = manifest.read_text().replace("_per_false_alert = 5000", "_per_false_alert = 300")
        text = re.sub(r"loss_per_second = [0-9.]+", SLOW_LOSS, text)
        manifest.write_text(text + LIMITS)
        self.finality = finality
        signatures.generate(self.keys, "detector")
        (self.keys / "password").touch(mode=0o600)
        (self.keys / "password").write_text("secret")
        write_keystore(world.accounts["responder"], self.keys / "responder.json", "secret")
        self.environment = self._environment()

    def _environment(self) -> dict[str, str]:
        endpoints = json.dumps([str(self.node.ipc)])
        settings: dict[str, object] = {
            "HOME": self.folder / "home",
            "PROTOCOLS": self.protocols,
            "FINALITY": json.dumps({f"eip155:{self.world.chain_id}": self.finality}),
            "KAFKA__BOOTSTRAP_SERVERS": self._kafka["bootstrap_servers"],
            "KAFKA__NAMESPACE": self._kafka["namespace"],
            "KAFKA__OPTIONS": json.dumps(SESSION),
            "EVM__ENDPOINTS": endpoints,
            "EVM__START": 0,
            "DETECT__SIGNING_KEY": self.keys / "detector.pem",
            "RESPOND__ENDPOINTS": endpoints,
            "RESPOND__TRUSTED_KEYS": self.keys,
            "RESPOND__JOURNAL": self.journal,
            "RESPOND__ARMING_KEYS": armed_by_two(self.journal, self.folder / "people"),
            "RESPOND__KEYSTORE": self.keys / "responder.json",
            "RESPOND__KEYSTORE_PASSWORD_FILE": self.keys / "password",
            "RESPOND__LOOK_SECONDS": "0.05",
        }
        return {f"FIREBREAK_{name}": str(value) for name, value in settings.items()}

    def start(self, name: str, life: int = FOREVER, **environment: str) -> ChildProcess:
        """Start a service that dies at its `life`-th operation."""
        self._starts += 1
        started = ChildProcess(
            [sys.executable, str(MORTAL), str(life), *COMMANDS[name]],
            self.folder / f"{name}-{self._starts}.log",
            folder=Path(__file__).parent.parent.parent,
            environment=self.environment
            | {"FIREBREAK_INCIDENTS__WEB_PORT": str(free_port())}
            | environment,
        )
        self.processes[name] = started
        return started

    def restart_the_dead(self, chance: Random, most: int) -> None:
        """Start what has died, while fewer than `most` have, for another life of random length."""
        for name, process in list(self.processes.items()):
            if process.status is None:
                continue
            if process.status != ASKS_TO_BE_STARTED_AGAIN:
                assert process.status == -signal.SIGKILL, f"{name} ended: {process.tail()}"
                self.deaths += 1
            self.start(name, life(chance, name) if self.deaths < most else FOREVER)

    def restart_the_fallen(self) -> None:
        """Start again what gave up on its own: loudly, as it must."""
        for name, process in list(self.processes.items()):
            if process.status is not None:
                assert process.status > 0, f"{name} ended with {process.status}: {process.tail()}"
                self.start(name)

    def live_on(self) -> None:
        """Start again, for good, whatever runs on borrowed time."""
        for name, process in list(self.processes.items()):
            process.kill()
            self.start(name)

    def require_running(self) -> None:
        """Fail with the end of its log if a service has ended."""
        for process in self.processes.values():
            process.require_running()

    def stop(self) -> None:
        """Let everything finish and end."""
        for name, process in self.processes.items():
            status = process.stop(patience=60)
            assert status == 0, f"{name} ended with {status}: {process.tail()}"

    def kill(self) -> None:
        """End everything at once."""
        for process in self.processes.values():
            process.kill()

    def behind(self, group: str, topic: str) -> int:
        """Return how many records a group has not committed yet."""
        return behind(self.broker, group, topic)

    def all_read(self) -> bool:
        """Say whether detectors and responder have committed everything."""
        chain = f"eip155-{self.world.chain_id}"
        return (
            self.behind("firebreak-detect-core", TRANSACTIONS.name) == 0
            and self.behind(f"firebreak-respond-{chain}", ALERTS.name) == 0
        )


def life(chance: Random, name: str) -> int:
    """Return how many operations a service lives: as likely a few as many."""
    return int(exp(chance.uniform(0, log(LONGEST[name]))))
