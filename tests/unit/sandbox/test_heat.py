"""A race is won by the chain's own order, and by nothing having been taken."""

from typing import Any

import pytest

from cli.race_table import markdown
from sandbox.race.heat import Bystanders, Heat, report


def heat(**changes: Any) -> Heat:
    usual: dict[str, Any] = {
        "window": 48,
        "alerted": True,
        "p_value": 0.001,
        "decision": "included",
        "alert_ms": 30.0,
        "brake_ms": 40.0,
        "brake": (1, 0),
        "drain": (2, 0),
        "taken": 0,
        "exposed": 100,
    }
    return Heat(**usual | changes)


@pytest.mark.parametrize(
    ("brake", "drain", "taken", "won"),
    [
        ((1, 0), (2, 0), 0, True),
        ((1, 0), (1, 1), 0, True),
        ((1, 3), (1, 1), 0, False),
        ((2, 0), (1, 1), 90, False),
        (None, (2, 0), 90, False),
        ((1, 0), (2, 0), 1, False),
        (None, (2, 0), 0, False),
    ],
)
def test_what_wins(brake: Any, drain: Any, taken: int, *, won: bool) -> None:
    assert heat(brake=brake, drain=drain, taken=taken).won is won


def test_the_report_counts_and_shows_each() -> None:
    heats = [
        heat(),
        heat(window=901, alerted=False, p_value=None, brake=None, brake_ms=None, taken=90),
        heat(window=0, drain=(0, 1), brake=None, taken=90),
    ]
    found = report(heats, Bystanders(6, 1, 1))
    told = [found[key] for key in ("windows", "won", "won_by_a_person", "in_one_block", "alerted")]
    assert told == [3, 1, 1, 1, 2]
    text = markdown(found)
    assert text.count("| no |\n") == 2
    assert "| 901 | no |  | none | block +2, place 0 | 90% | no |" in text
    assert "of 6 honest contracts 1 alerted, 1 braked" in text
    assert "honest" not in markdown(report(heats, None))
