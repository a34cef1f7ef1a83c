"""`firebreak backtest`: labels join scores only after scoring."""

from pathlib import Path
from typing import Any

import pytest

from cli.backtest import judged
from cli.court_table import markdown
from cli.labels import read_labels
from detectors.court import Labels
from detectors.scoring import Row
from tests.svg import STRANGE, look_inside


def row(case: str, order: int, score: float, frames: int = 12) -> Row:
    return Row(
        case=case,
        order=order,
        tx=f"{case}-{order}",
        score=score,
        p_value=10.0**-score,
        alerted=score > 2.6,
        detectors=("call-shape",),
        evidence={"call-shape": score},
        frames=frames,
        block=order * 100,
    )


def report() -> dict[str, object]:
    rows = {
        "protocol_histories.Vault": [row("protocol_histories.Vault", n, n / 10) for n in range(40)],
        "exploit_traces.0xa": [row("exploit_traces.0xa", 0, 4.0)],
        "mev_blocks.1": [row("mev_blocks.1", n, n / 100) for n in range(100)],
    }
    labels = Labels(
        exploits={"protocol_histories.Vault": "protocol_histories.Vault-39"},
        attacks=frozenset({"exploit_traces.0xa"}),
        ordinary=frozenset({"mev_blocks.1"}),
    )
    return judged(rows, labels)


def test_the_report_tells_ranks_false_alerts_and_recall() -> None:
    found = report()
    histories, single = found["histories"], found["single"]
    assert histories["recall"][:2] == [1, 1]  # type: ignore[index]  # nested JSON
    assert histories["protocols"][0]["rank"] == 1  # type: ignore[index]
    assert histories["false_alerts"][0] == 12  # type: ignore[index]
    assert [each["recall"] for each in single["recall"]] == [1.0, 1.0]  # type: ignore[index]
    assert single["without"]["call-shape"] == [0.0, 0.0]  # type: ignore[index]


def test_the_table_has_a_row_per_protocol() -> None:
    text = markdown(report())
    assert "| Vault | 40 | 1 |" in text
    assert "without call-shape" in text


def test_labels_come_from_the_index_files_alone(tmp_path: Path) -> None:
    histories, traces = tmp_path / "histories", tmp_path / "traces"
    for folder in (histories, traces):
        folder.mkdir()
    (histories / "INDEX.csv").write_text("protocol,exploit_tx\nVault,0x1\nCalm,\n")
    (traces / "INDEX.csv").write_text("tx,name\n0xa,Incident\n")
    cases = ["histories.Vault", "histories.Calm", "traces.0xa", "mev_blocks.7", "prices.x"]
    found = read_labels(tmp_path, cases)
    assert found.exploits == {"histories.Vault": "0x1", "histories.Calm": ""}
    assert found.attacks == {"traces.0xa"}
    assert found.ordinary == {"mev_blocks.7"}


def test_the_picture_is_the_same_each_time(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from cli.court_picture import draw

    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    for target in (first, second):
        draw(report(), target)
    assert first.read_bytes() == second.read_bytes()
    assert b"<svg" in first.read_bytes()


def test_whatever_recordings_are_called_it_is_a_picture_of_words(tmp_path: Path) -> None:
    from cli.court_picture import draw

    told: Any = report()
    (case,) = told["histories"]["protocols"]
    strange = [case | {"case": STRANGE[name]} for name in ("comment", "invisible", "mathematics")]
    draw({"histories": {"protocols": strange}}, tmp_path / "a.svg")
    assert "script" not in look_inside((tmp_path / "a.svg").read_text())
