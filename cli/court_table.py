"""The report of `firebreak backtest` as a Markdown table."""

from typing import Any


def markdown(report: dict[str, Any]) -> str:
    """Return the tables that `docs/detection.md` shows."""
    parts = [_histories(report["histories"])]
    if "single" in report:
        parts.append(_single(report["single"]))
    return "\n\n".join(parts) + "\n"


def _histories(found: dict[str, Any]) -> str:
    lines = [
        "| protocol | txs | rank | p-value | alerted | false | per 60 days | lead, blocks |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for item in found["protocols"]:
        rank = item["rank"] if item["rank"] is not None else "no exploit"
        p_value = "" if item["p_value"] is None else f"{item['p_value']:.1e}"
        alerted = "" if item["rank"] is None else "yes" if item["alerted"] else "no"
        lead = "" if item["lead_blocks"] is None else item["lead_blocks"]
        lines.append(
            f"| {item['case'].rpartition('.')[2]} | {item['transactions']:,} | {rank} | {p_value}"
            f" | {alerted} | {item['false_alerts']} | {item['false_per_period']:.1f} | {lead} |"
        )
    total = (
        f"Alerted: {_share(found['recall'])}; first or second in their ranking:"
        f" {found['first_or_second']}. False alerts: {_share(found['false_alerts'])}."
    )
    return "\n".join([*lines, "", total])


def _single(found: dict[str, Any]) -> str:
    lines = [
        "| | at 0.16% false alerts | at 1% |",
        "|---|---|---|",
        f"| all {found['exploits']} exploits | {_recalls(found['recall'])} |",
        f"| of 10 frames or more | {_recalls(found['recall_large'])} |",
    ]
    lines += [
        f"| {'all detectors, evidence summed' if not name else 'without ' + name}"
        f" | {' | '.join(f'{recall:.0%}' for recall in recalls)} |"
        for name, recalls in found["without"].items()
    ]
    budget = found["at_the_default_budget"]
    total = (
        f"At the default budget: {_share(budget['recall'])} exploits alerted,"
        f" {_share(budget['false_alerts'])} false. AUC {found['auc']:.3f}."
    )
    return "\n".join([*lines, "", total])


def _recalls(found: list[dict[str, Any]]) -> str:
    return " | ".join(
        f"{item['recall']:.0%} ({item['interval'][0]:.0%} to {item['interval'][1]:.0%})"
        for item in found
    )


def _share(counted: list[float]) -> str:
    hits, of, low, high = counted
    return f"{hits:,} of {of:,} ({_percent(low)} to {_percent(high)})"


def _percent(share: float) -> str:
    return f"{100 * share:.2f}%" if share < 0.05 else f"{100 * share:.0f}%"
