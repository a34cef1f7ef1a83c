"""`firebreak case` as a person runs it, against topics on a real broker and a real node."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pypdf
import pytest
from py_ocsf_models.events.findings.detection_finding import (  # type: ignore[import-untyped]
    DetectionFinding,
)
from typer.testing import CliRunner, Result

from cli.main import app
from forensics.cases.bag import SEALED, TIMESTAMP
from forensics.cases.stamp import check_stamp, read_roots
from runtime.broker import Message, Partition, read_all
from runtime.kafka import KafkaBroker
from schemas.codec import decode
from schemas.fundflow import FundFlow
from schemas.topics import FUND_FLOWS, TOPICS
from tests.integration.cases.authority import Authority
from tests.integration.cases.conftest import Collected
from tests.integration.cases.heist import labels, told

pytestmark = [pytest.mark.node, pytest.mark.kafka]

SCHEMA = json.loads((Path(__file__).parent / "cacao.schema.json").read_text())

Case = Callable[..., Result]


@pytest.fixture
def case(
    robbed: Collected,
    broker: KafkaBroker,
    bootstrap: str,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Case:
    """Runs a command; topics, node and labels are those of the robbery."""
    broker.create(TOPICS.values())
    told(robbed.heist, broker)
    (tmp_path / "labels.toml").write_bytes(labels(robbed.heist))
    for name, value in {
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "FIREBREAK_KAFKA__NAMESPACE": namespace,
        "FIREBREAK_PROTOCOLS": robbed.folder.parent / "protocols",
        "FIREBREAK_EVIDENCE__ENDPOINTS": robbed.node,
        "FIREBREAK_EVIDENCE__LABELS": tmp_path / "labels.toml",
        "FIREBREAK_HOME": tmp_path / "home",
    }.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, ["case", *words], catch_exceptions=False)


def test_one_command_gives_it_all(
    case: Case,
    robbed: Collected,
    broker: KafkaBroker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority = Authority(tmp_path / "tsa")
    monkeypatch.setenv("FIREBREAK_EVIDENCE__AUTHORITY_ROOTS", str(authority.root))
    incident, out = robbed.heist.incident, tmp_path / "out"
    with authority.served() as address:
        monkeypatch.setenv("FIREBREAK_EVIDENCE__TIMESTAMP_AUTHORITY", address)
        words = "--out", str(out), "--by", "Ada", "--why", "Robbery", "--publish"
        done = case("report", incident[:12], *words)
    assert done.exit_code == 0, done.output

    checked = case("verify", str(out / "evidence"))
    assert checked.exit_code == 0
    assert "says CN=Test time-stamping authority" in checked.output
    assert "whole, every byte" in checked.output

    _is_not_believed_when_antedated(case, authority, out / "evidence", tmp_path / "none")

    page = (out / "report.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page, "a label, told as it is"
    assert "&lt;b&gt;what is pledged&lt;/b&gt;" in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in page
    for said in ("400,000 AUSD", "5 ms", "2 blocks", "CN=Test time-stamping authority"):
        assert said in page
    for drawn in ("Timeline: ", "Losses by token", "Fund flow: "):
        assert f'aria-label="{drawn}' in page, "a picture"
    for row in ("Theft", "Alert", "Brake decided on", "Brake sent", "Brake in a block"):
        assert f">{row}</text>" in page
    _is_the_same_in_pages(out / "report.pdf", page)

    playbook = json.loads((out / "playbook.json").read_text())
    jsonschema.validate(playbook, SCHEMA)
    assert _course(playbook)[-1] == "end"
    assert any(robbed.heist.brake in str(step) for step in playbook["workflow"].values())

    findings = json.loads((out / "findings.json").read_text())
    for finding in findings:
        read = DetectionFinding.model_validate(finding)
        assert (read.class_uid, int(read.severity_id), int(read.type_uid)) == (2004, 5, 200401)
    assert [one["observables"][0]["value"] for one in findings] == robbed.heist.thefts

    found: list[Message] = []
    for number in range(FUND_FLOWS.partitions):
        read_all(broker, Partition(FUND_FLOWS.name, number), found.append)
    (message,) = found
    assert decode(message.value or b"", FundFlow) == robbed.analysis.flow
    assert message.key == f"meadow/{incident}".encode()

    again = case("report", "--evidence", str(out / "evidence"), "--out", str(tmp_path / "again"))
    assert again.exit_code == 0
    for path in (tmp_path / "again").iterdir():
        assert path.read_bytes() == (out / path.name).read_bytes(), path.name


def _is_not_believed_when_antedated(
    case: Case, authority: Authority, evidence: Path, out: Path
) -> None:
    """Whoever took the authority over sets no time before what the folder holds."""
    place = evidence / TIMESTAMP
    true = place.read_bytes()
    at = check_stamp(true, (evidence / SEALED).read_bytes(), read_roots(authority.root)).at
    place.write_bytes(authority.antedated(true, at - dt.timedelta(hours=5)))
    checked = case("verify", str(evidence))
    assert checked.exit_code == 1
    assert "timestamp.tsr: says that it was made at" in checked.output
    assert "before block" in checked.output
    told = case("report", "--evidence", str(evidence), "--out", str(out))
    assert told.exit_code == 0, "a node that lied about one block keeps nobody from a report"
    assert "the report names no time of it" in told.output
    place.write_bytes(true)


def _is_the_same_in_pages(report: Path, page: str) -> None:
    """The PDF says what the page says, and has its pictures."""
    read = pypdf.PdfReader(report, strict=True)
    text = " ".join(" ".join(one.extract_text() for one in read.pages).split())
    text = text.replace("\u200b", "")
    for said in ("400,000 AUSD", "5 ms", "2 blocks", "CN=Test time-stamping authority"):
        assert said in page
        assert said in text
    assert "<script>alert(1)</script>" in text, "a label, told as it is"
    root: Any = read.trailer["/Root"]
    told = [one.get("/Alt", "") for one in _pictures(root["/StructTreeRoot"])]
    for words in ("Fund flow", "Timeline", "Losses by token"):
        assert any(one.startswith(words) for one in told), "the picture, for who cannot see it"
    assert "<pdfaid:part>2</pdfaid:part>" in root["/Metadata"].get_data().decode()
    assert not {"/OpenAction", "/AA", "/JavaScript"} & set(root), "nothing runs"
    notes = [note.get_object() for one in read.pages for note in one.get("/Annots", [])]
    assert not [note for note in notes if "/URI" in note.get("/A", {})], "nothing leads outside"


def _pictures(element: dict[Any, Any]) -> Iterator[dict[Any, Any]]:
    """The figures below an element of the structure tree."""
    if element.get("/S") == "/Figure":
        yield element
    below = element.get("/K", [])
    for one in below if isinstance(below, list) else [below]:
        child = one.get_object()
        if isinstance(child, dict):
            yield from _pictures(child)


def _course(playbook: dict[str, object]) -> list[str]:
    """The kinds of step from the start, each once."""
    workflow: dict[str, dict[str, str]] = playbook["workflow"]  # type: ignore[assignment]
    step, kinds = str(playbook["workflow_start"]), []
    while step:
        kinds.append(workflow[step]["type"])
        step = workflow[step].get("on_completion", "")
    assert len(kinds) == len(workflow), "every step is on the way"
    return kinds


def test_a_changed_byte_is_named(case: Case, tmp_path: Path, robbed: Collected) -> None:
    out = tmp_path / "evidence"
    words = "--out", str(out), "--by", "Ada", "--why", "Robbery"
    assert case("collect", robbed.heist.incident, *words).exit_code == 0
    answer = next((out / "data" / "rpc").glob("*.response.json"))
    data = bytearray(answer.read_bytes())
    data[-3] ^= 1
    answer.write_bytes(data)
    found = case("verify", str(out))
    assert found.exit_code == 1
    assert found.output.strip() == f"data/rpc/{answer.name}: changed"
