"""The graph of `firebreak whatif` as a picture: who holds what, what is halted, what is lost."""

from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from runtime.pictures.words import plain
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from responders.network.whatif import Report

_COLUMNS = {"token": 0, "outside": 0, "pool": 1, "protocol": 2}
_WIDEST = 34
"""Letters in a line below a node."""

_BELOW = 0.22
"""How far below a node's middle they begin; its rows are 1 apart."""

_COLOURS = {"halted": "#f4c430", "lost": "#d9534f", "spared": "#7fbf7f", "": "#d8dde3"}


def draw(report: "Report", target: Path) -> None:
    """Write the picture; equal reports give an equal one. Raises `ConfigurationError` where
    matplotlib is not installed, or the name's ending is neither .svg nor .png."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
        from matplotlib.patches import Patch
    except ImportError as error:
        raise ConfigurationError(
            "the picture needs matplotlib: pip install 'firebreak[pictures]'"
        ) from error
    import networkx as nx

    if target.suffix not in (".svg", ".png"):
        raise ConfigurationError(f"{target}: draw a .svg or a .png")
    graph, places = report.graph, _places(report)
    widest = max(1.0, *(float(data["exposure"]) for _, _, data in graph.edges(data=True)))
    with mpl.rc_context({"svg.hashsalt": "firebreak", "text.parse_math": False}):
        figure = Figure(figsize=(11, max(4.0, 1.1 * len(graph) ** 0.75)), layout="constrained")
        axis = figure.subplots()
        nx.draw_networkx_nodes(
            graph,
            places,
            ax=axis,
            node_color=[_COLOURS[report.outcome(name)] for name in graph],
            node_size=2200,
            edgecolors="#4a5560",
        )
        nx.draw_networkx_labels(
            graph, places, {name: _label(name, report) for name in graph}, font_size=7, ax=axis
        )
        below = {name: (x, y - _BELOW) for name, (x, y) in places.items()}
        nx.draw_networkx_labels(
            graph, below, _notes(report), font_size=7, verticalalignment="top", ax=axis
        )
        nx.draw_networkx_edges(
            graph,
            places,
            ax=axis,
            node_size=2200,
            width=[0.6 + 3.0 * d["exposure"] / widest for _, _, d in graph.edges(data=True)],
            edge_color="#8a949e",
            connectionstyle="arc3,rad=0.08",
        )
        patches = [Patch(color=_COLOURS[word], label=word) for word in ("halted", "lost", "spared")]
        axis.legend(handles=patches, loc="lower right", frameon=False)
        axis.set_axis_off()
        axis.margins(0.15)
        figure.savefig(target, metadata={"Date": None} if target.suffix == ".svg" else None)


def _places(report: "Report") -> dict[str, tuple[float, float]]:
    """Return where each node is drawn: tokens left, pools in the middle, protocols right."""
    columns: dict[int, list[str]] = {}
    for name in sorted(report.graph, key=lambda n: (report.nodes[n].protocol, n)):
        columns.setdefault(_COLUMNS[report.nodes[name].kind], []).append(name)
    return {
        name: (float(column), (len(names) - 1) / 2 - row)
        for column, names in columns.items()
        for row, name in enumerate(names)
    }


def _label(name: str, report: "Report") -> str:
    node, stress = report.nodes[name], report.stress.get(name, 0.0)
    told = f"{plain(node.label.partition(',')[0], _WIDEST)}\n{stress:.1%}"
    halted = name in report.isolation.halted
    return f"{told}\n{plain(node.brake, _WIDEST)}" if halted else told


def _notes(report: "Report") -> dict[str, str]:
    """Return what stands below a node: what honest users cannot do while it is halted."""
    from schemas.activities import named

    return {h.pool: fill(f"also stops: {named(h.also_stops)}", _WIDEST) for h in report.halts}
