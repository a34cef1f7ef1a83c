"""The report of `firebreak backtest` as a picture: ROC, and each history's scores over time."""

from pathlib import Path
from typing import Any

from runtime.pictures.words import plain
from schemas.errors import ConfigurationError

_WIDEST = 80
"""Letters of a case's name."""


def draw(report: dict[str, Any], target: Path) -> None:
    """Write the picture. Raises `ConfigurationError` where matplotlib is not installed."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigurationError(
            "the picture needs matplotlib: pip install 'firebreak[pictures]'"
        ) from error
    cases = report["histories"]["protocols"]
    panels = len(cases) + ("single" in report)
    with mpl.rc_context({"svg.hashsalt": "firebreak", "text.parse_math": False}):
        figure = Figure(figsize=(10, 2.2 * max(1, panels)), layout="constrained")
        axes = list(figure.subplots(max(1, panels), 1, squeeze=False)[:, 0])
        if "single" in report:
            _roc(axes.pop(0), report["single"])
        for axis, case in zip(axes, cases, strict=False):
            _timeline(axis, case)
        figure.savefig(target, metadata={"Date": None} if target.suffix == ".svg" else None)


def _roc(axis: Any, single: dict[str, Any]) -> None:
    axis.plot(*zip(*single["roc"], strict=True), drawstyle="steps-post")
    axis.set(
        xscale="symlog",
        xlim=(0, 1),
        ylim=(0, 1.02),
        xlabel="false alerts",
        ylabel="recall",
        title=f"single transactions, AUC {single['auc']:.3f}",
    )
    axis.set_xscale("symlog", linthresh=1e-3)
    for rate in (0.0016, 0.01):
        axis.axvline(rate, linestyle=":", linewidth=0.8)


def _timeline(axis: Any, case: dict[str, Any]) -> None:
    scores = case["scores"]
    axis.scatter(range(len(scores)), scores, s=3)
    if case["exploit_at"] is not None:
        axis.scatter([case["exploit_at"]], [scores[case["exploit_at"]]], s=40, marker="x", c="red")
    axis.axhline(2.602, linestyle=":", linewidth=0.8)
    axis.set(title=plain(case["case"], _WIDEST), ylabel="score", xlabel="transaction")
