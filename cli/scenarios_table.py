"""The report of `firebreak scenarios` as Markdown."""

from collections.abc import Sequence
from typing import Any

HEADS = (
    "attack",
    "first seen",
    "alert, ms",
    "brake sent, ms",
    "brake mined, ms",
    "taken of possible",
    "honest refused while braked",
    "refused after release",
)


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """Return the table that `docs/benefit.md` shows."""
    lines = [f"| {' | '.join(HEADS)} |", "|---" * len(HEADS) + "|", *map(_row, rows)]
    return "\n".join(lines) + "\n"


def _row(row: dict[str, Any]) -> str:
    possible = row["loss_taken"] + row["loss_prevented"]
    release = row["release"]
    cells = (
        row["scenario"] if row["succeeded"] else f"{row['scenario']} (not stopped)",
        "in the pool" if row["pending"] else "once mined",
        *(_milliseconds(row[name]) for name in ("detect_ms", "brake_sent_ms", "brake_mined_ms")),
        f"{row['loss_taken']:,.0f} of {possible:,.0f} {row['asset']}",
        f"{row['honest_txs_refused']} of {row['honest_txs_during']}",
        f"{release['honest_txs_refused']} of {release['honest_txs']}"
        if release["released"]
        else "not released",
    )
    return f"| {' | '.join(cells)} |"


def _milliseconds(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
