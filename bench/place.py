"""Where measurements run: the real broker and node of the sandbox, started when first asked for."""

import json
import os
import subprocess
import sys
import tempfile
import uuid
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from bench.report import BrokenResultError
from runtime.kafka import KafkaBroker
from runtime.settings import load
from sandbox import fetch
from sandbox.kafka import LocalKafka

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "bench" / "results"
"""Where reports and flame graphs go; no part of the repository."""

BROKER = ("-Xms1g", "-Xmx1g", "-XX:+UseZGC")
"""What the broker's Java is told. A collector that stops it for 5 to 50 ms about once a second
would make the tail of every latency."""

CHILD_PATIENCE = 900.0
"""Seconds until a child process counts as hung."""


def recorded() -> Path | None:
    """Return the folder of recorded real data, None where there is none; see
    `docs/performance.md`."""
    given = os.environ.get("FIREBREAK_DATA")
    path = Path(given) if given else ROOT.parent / "shared" / "data"
    return path if path.is_dir() else None


@dataclass
class Place:
    """What measurements stand on; leave it with its `stack`."""

    short: bool
    stack: ExitStack = field(default_factory=ExitStack)

    @property
    def runs(self) -> int:
        """How often a figure is taken."""
        return 1 if self.short else 3

    def size(self, full: int) -> int:
        """Return how much of something to use: all of it, or a twentieth in a short run."""
        return max(1, full // 20) if self.short else full

    @cached_property
    def cache(self) -> Path:
        """The folder of what was fetched."""
        return load().cache

    @cached_property
    def folder(self) -> Path:
        """A folder that goes away afterwards."""
        return Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))

    @cached_property
    def bootstrap(self) -> str:
        """The address of a broker: `KAFKA_BOOTSTRAP_SERVERS`, else a local one."""
        given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
        if given:
            return given
        libs, java = fetch.kafka_libs(self.cache, quiet), fetch.java(self.cache, quiet)
        kafka = LocalKafka(self.folder / "kafka", libs, java, jvm=BROKER)
        return self.stack.enter_context(kafka).bootstrap

    def space(self) -> str:
        """Return a namespace that nobody else uses."""
        return f"bench-{uuid.uuid4().hex[:10]}."

    def broker(self, space: str) -> KafkaBroker:
        """Return the broker as seen from a namespace."""
        return KafkaBroker({"bootstrap.servers": self.bootstrap}, namespace=space)

    def child(self, module: str, *arguments: object, python: Path | None = None) -> dict[str, Any]:
        """Run a module in a process of its own and return what it printed last, as JSON.

        Raises `BrokenResultError` when it fails.
        """
        return self.outcome(self.start(module, *arguments, python=python), module)

    def start(
        self, module: str, *arguments: object, python: Path | None = None
    ) -> "subprocess.Popen[str]":
        """Start a module in a process of its own, which does not outlive this place."""
        process = subprocess.Popen(  # noqa: S603 - our own modules, no shell
            [str(python or sys.executable), "-m", module, *map(str, arguments)],
            cwd=ROOT,
            env=os.environ | {"PYTHONWARNINGS": "ignore", "PYTHONHASHSEED": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.stack.callback(process.kill)
        return process

    def outcome(self, process: "subprocess.Popen[str]", module: str) -> dict[str, Any]:
        """Wait for a started module and return what it printed last."""
        try:
            out, errors = process.communicate(timeout=CHILD_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise BrokenResultError(f"{module} does not end") from None
        lines = [line[line.index("{") :] for line in out.splitlines() if "{" in line]
        if process.returncode or not lines:
            raise BrokenResultError(f"{module} failed:\n{errors[-3000:]}{out[-500:]}")
        found: dict[str, Any] = json.loads(lines[-1])
        return found


def quiet(line: str) -> None:
    """Say nothing: what is fetched was fetched by the set-up."""
