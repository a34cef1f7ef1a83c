"""The table of scenarios says what did not hold as plainly as what did."""

from typing import Any

from cli.scenarios_table import markdown


def row(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "scenario": "spot-oracle",
        "succeeded": True,
        "pending": False,
        "detect_ms": 31.2,
        "brake_sent_ms": 70.0,
        "brake_mined_ms": 1020.0,
        "loss_taken": 200_000.0,
        "loss_prevented": 1_600_000.0,
        "asset": "AUSD",
        "honest_txs_refused": 25,
        "honest_txs_during": 150,
        "release": {"released": True, "honest_txs": 30, "honest_txs_refused": 0},
    }
    return usual | changes


def test_what_was_stopped_and_released() -> None:
    assert (
        "| spot-oracle | once mined | 31 | 70 | 1,020 | 200,000 of 1,800,000 AUSD"
        " | 25 of 150 | 0 of 30 |" in markdown([row()])
    )


def test_what_was_not() -> None:
    text = markdown([row(succeeded=False, brake_sent_ms=None, release={"released": False})])
    assert "| spot-oracle (not stopped) |" in text
    assert "| 31 |  | 1,020 |" in text
    assert "| not released |" in text
