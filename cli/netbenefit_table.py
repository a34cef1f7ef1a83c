"""The report of `firebreak netbenefit` as Markdown, and where its assumptions come from."""

from typing import Any

SHARES = frozenset({"atomic_share", "first_share", "drain_share", "recall", "yield_per_year"})
"""Assumptions that lie between 0 and 1."""

RANGES: dict[str, tuple[float, float, str]] = {
    "atomic_share": (0.2, 0.8, "56% of attacks took more than one transaction (arXiv 2208.13035)"),
    "first_share": (0.1, 0.5, "assumed; in the demo's attacks 7% and 11%"),
    "drain_share": (0.05, 1.0, "assumed: the drain may end long before somebody contains it"),
    "recall": (
        0.34,
        0.89,
        "4 of 6 recorded exploits with a history had two detectors agree (90%: 34% to 89%)",
    ),
    "brake_minutes": (0.2, 2.0, "two blocks of 12 s; the decision itself takes milliseconds"),
    "false_halts_per_year": (
        0.4,
        7.1,
        (
            "two detectors agreed on an ordinary transaction 2 times (90%: 0.4 to 6.3) in 0.89"
            " recorded protocol-years; each is taken to halt"
        ),
    ),
    "years_per_incident": (
        5.0,
        100.0,
        "assumed: 152 recorded incidents a year in 2022 to 2024, some 3,800 protocols at risk",
    ),
    "value_paused": (2e6, 200e6, "assumed: ten times the median recorded loss"),
    "yield_per_year": (0.01, 0.2, "assumed: what the value paused would have earned"),
    "halt_hours": (1.0, 72.0, "assumed: until people release it"),
    "work_per_halt": (0.0, 50_000.0, "assumed; the upper end is the example manifest's"),
}
"""By assumption: how low, how high, and where the default comes from."""


def markdown(report: dict[str, Any]) -> str:
    """Return the tables that `docs/benefit.md` shows."""
    return "\n\n".join((_worth(report), _counts(report), _turned(report))) + "\n"


def _worth(report: dict[str, Any]) -> str:
    years = report["break_even_years"]
    lines = [
        "| answer | loss averted, 90% | pause cost | net, 90% | above a person after 120 minutes |",
        "|---|---|---|---|---|",
        *(
            f"| {item['answer']} | {_figure(item['averted'])} | {_money(item['cost'])}"
            f" | {_figure(item['net'])} | {_figure(item['above'])} |"
            for item in report["worth"]
        ),
        "",
        f"Break-even: beyond {years:,.0f} protocol-years per incident false halts cost more.",
    ]
    return "\n".join(lines)


def _counts(report: dict[str, Any]) -> str:
    share = report["largest"]
    words = {
        "recorded": "recorded",
        "imputed": "imputed (720 exactly): not used",
        "none": "nobody recorded any",
    }
    lines = [
        "| minutes to containment | incidents | of them on chain | their losses |",
        "|---|---|---|---|",
        *(
            f"| {words[source]} | {count} | {on_chain} | {_money(loss)} |"
            for source, (count, on_chain, loss) in report["sources"].items()
        ),
        "",
        f"{report['incidents']} incidents; {share:.0%} of the losses are the largest hundredth's.",
    ]
    return "\n".join(lines)


def _turned(report: dict[str, Any]) -> str:
    names = [item["answer"] for item in report["worth"]][:4]
    lines = [
        f"| assumption | default | if it were | net of {' | '.join(names)} | source |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| `{item['name']}` | {report['assumed'][item['name']]:,g} | {item['value']:,g}"
            f" | {' | '.join(map(_money, item['net'][:4]))} | {RANGES[item['name']][2]} |"
            for item in report["sensitivity"]
        ),
    ]
    return "\n".join(lines)


def _figure(item: dict[str, float]) -> str:
    return f"{_money(item['value'])} ({_money(item['low'])} to {_money(item['high'])})"


def _money(dollars: float) -> str:
    size = abs(dollars)
    if size < 5e5:
        return "$0"
    sign = "-" if dollars < 0 else ""
    return f"{sign}${size / 1e9:,.2f}B" if size >= 1e9 else f"{sign}${size / 1e6:,.0f}M"
