"""The demo's attack, seen and braked by the real services: the evidence and report of its case."""

import json
import urllib.request
from pathlib import Path

import pytest

from sandbox.process import ChildProcess
from tests.e2e.test_demo import FIREBREAK, LONGEST, Demo
from tests.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.node, pytest.mark.slow]


def told(demo: Demo, what: str) -> str:
    """An address that the demo printed."""
    return next(line.split()[-1] for line in demo.process.tail().splitlines() if what in line)


def case(demo: Demo, folder: Path, *words: str) -> ChildProcess:
    """Run `firebreak case` against the demo's broker and node."""
    environment = {
        "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": told(demo, "Kafka "),
        "FIREBREAK_EVIDENCE__ENDPOINTS": told(demo, "EVM node "),
        "FIREBREAK_PROTOCOLS": str(next(folder.glob("firebreak-*")) / "protocols"),
        "FIREBREAK_HOME": str(folder / "home"),
    }
    command = [FIREBREAK, "case", *words]
    process = ChildProcess(command, folder / f"{words[0]}.log", environment=environment)
    assert process.wait(120) == 0, process.tail()
    return process


def test_the_case_of_the_demo_is_reported(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("d")
    demo = Demo(folder, folder / "home", "--keep")
    try:
        until(lambda: "Ctrl-C ends it" in demo.process.tail(), patience=LONGEST)
        with urllib.request.urlopen(told(demo, "cases "), timeout=10) as answer:
            (incident,) = json.loads(answer.read())["cases"]
        out = folder / "out"
        words = "--out", str(out), "--by", "Ada", "--why", "the demo", "--publish"
        case(demo, folder, "report", incident["id"], *words)
    finally:
        demo.process.interrupt()
        demo.process.wait(60)
        demo.process.stop()
    found = json.loads((out / "analysis.json").read_text())
    outcome = json.loads(demo.report.read_text())
    (loss,) = found["losses"]
    assert int(loss["lost"]) == outcome["loss_taken"] * 10 ** loss["decimals"]
    assert len(found["attempts"]) == outcome["attack_txs_reverted"]
    assert found["hops"]["mined"] > found["hops"]["received"]
    assert found.get("gaps", []) == found.get("unexplained", []) == []
    assert (out / "report.pdf").read_bytes().startswith(b"%PDF")
    verify = ChildProcess([FIREBREAK, "case", "verify", str(out / "evidence")], folder / "v.log")
    assert verify.wait(60) == 0, verify.tail()
