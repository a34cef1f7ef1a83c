"""The report of `firebreak race` as Markdown."""

from typing import Any

HEADS = ("window, s", "alert", "brake sent, ms", "brake mined", "theft", "taken", "won")


def markdown(report: dict[str, Any]) -> str:
    """Return the table that `docs/benefit.md` shows."""
    told = [
        f"{report['won']} of {report['windows']} won",
        f"a person after 15 minutes wins {report['won_by_a_person']}",
        f"{report['in_one_block']} struck in the block of their contract",
        f"{report['alerted']} alerted",
    ]
    if (others := report["bystanders"]) is not None:
        alerted, braked = others["alerted"], others["braked"]
        told.append(f"of {others['created']} honest contracts {alerted} alerted, {braked} braked")
    lines = [
        f"| {' | '.join(HEADS)} |",
        "|---" * len(HEADS) + "|",
        *(_row(heat) for heat in sorted(report["heats"], key=lambda heat: heat["window"])),
        "",
        f"{'; '.join(told)}.",
    ]
    return "\n".join(lines) + "\n"


def _row(heat: dict[str, Any]) -> str:
    alert = "no" if heat["p_value"] is None else f"p = {heat['p_value']:.2g}"
    sent = "" if heat["brake_ms"] is None else f"{heat['brake_ms']:,.0f}"
    taken = heat["taken"] / heat["exposed"] if heat["exposed"] else 0.0
    return (
        f"| {heat['window']:,} | {alert} | {sent} | {_place(heat['brake'])}"
        f" | {_place(heat['drain'])} | {taken:.0%} | {'yes' if heat['won'] else 'no'} |"
    )


def _place(place: list[int] | tuple[int, int] | None) -> str:
    if place is None:
        return "none"
    return f"block +{place[0]}, place {place[1]}"
