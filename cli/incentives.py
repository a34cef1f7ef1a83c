"""`firebreak incentives`: the bond and the reward that make watchers from outside honest."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from responders.incentives import Terms
    from schemas.watchers import Watchers


def incentives(
    protocol: Annotated[str, typer.Argument(help="The protocol, whose manifest has [watchers].")],
    protocols: Annotated[
        Path | None, typer.Option(help="The manifests; without it, those of the settings.")
    ] = None,
    safe: Annotated[
        str | None, typer.Option(help="Who is to own the contract of bonded requests.")
    ] = None,
    arbiter: Annotated[str | None, typer.Option(help="Who is to rule on its requests.")] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Where to draw the region of honesty: a .svg or .png.")
    ] = None,
) -> None:
    """Solve for the least bond and reward, and show what every kind of watcher gains with them.

    Where the manifest has the coin's price, tells them as BondedRequests takes them.
    """
    from rich.console import Console
    from rich.table import Table

    from cli.wiring import read_manifests, read_settings
    from responders.incentives import CHOICES, cheapest, equilibria, payoffs
    from runtime.manifests import load_manifests

    found = load_manifests(protocols) if protocols else read_manifests(read_settings())
    told = found[protocol].watchers if protocol in found else None
    if told is None:
        raise ConfigurationError(f"no manifest of {protocol} with a [watchers] table")
    terms = cheapest(told)
    against = payoffs(told, terms)
    table = Table("gains per period", *(f"against {name}" for name in CHOICES), box=None)
    for name, row in zip(CHOICES, against, strict=True):
        table.add_row(name, *(f"{gain:,.0f}" for gain in row))
    console = Console()
    console.print(f"bond {terms.bond:,.0f}, reward {terms.reward:,.0f}", highlight=False)
    console.print(table)
    for mine, theirs in equilibria(against):
        console.print(f"equilibrium: {_mixed(mine)} against {_mixed(theirs)}", highlight=False)
    for line in _calls(told, terms, safe, arbiter):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if picture is not None:
        _draw(told, terms, picture)
        console.print(f"Wrote {picture}", highlight=False)


def _calls(
    told: "Watchers", terms: "Terms", safe: str | None, arbiter: str | None
) -> Iterator[str]:
    """Say what to send to the contract, or to create it with, and what to write in the manifest."""
    from responders.requests import on_chain
    from schemas.strict import ADDRESS

    given = on_chain(told, terms)
    if given is None:
        if safe or arbiter:
            raise ConfigurationError("without a coin_price in [watchers] there are no arguments")
        return
    yield f"[watchers] least_bond = {given.bond}"
    yield f"setTerms: {given.set_terms}"
    if safe or arbiter:
        for name, address in (("--safe", safe), ("--arbiter", arbiter)):
            if re.match(ADDRESS, address or "") is None:
                raise ConfigurationError(f"{name} has to be an address")
        yield f"constructor: {given.constructor(str(safe), str(arbiter))}"


def _mixed(shares: Any) -> str:
    from responders.incentives import CHOICES

    chosen = zip(CHOICES, shares, strict=True)
    return " + ".join(f"{share:.0%} {name}" for name, share in chosen if share > 1e-9)


def _draw(told: "Watchers", terms: "Terms", target: Path) -> None:
    """Draw where honesty is an equilibrium and where a false halt does not pay, over bond and
    reward."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
        from matplotlib.patches import Patch
    except ImportError as error:
        raise ConfigurationError(
            "the picture needs matplotlib: pip install 'firebreak[pictures]'"
        ) from error
    import numpy as np

    from responders.incentives import Terms

    if target.suffix not in (".svg", ".png"):
        raise ConfigurationError(f"{target}: draw a .svg or a .png")
    bonds = np.linspace(0.0, float(told.most_bond), _STEPS)
    rewards = np.linspace(0.0, float(told.most_reward), _STEPS)
    region = np.array([[_kept(told, Terms(b, r)) for b in bonds] for r in rewards])
    with mpl.rc_context({"svg.hashsalt": "firebreak"}):
        figure = Figure(figsize=(7, 5), layout="constrained")
        axis = figure.subplots()
        axis.contourf(bonds, rewards, region, levels=[-0.5, 0.5, 1.5, 2.5], colors=_COLOURS)
        axis.plot([terms.bond], [terms.reward], marker="x", color="black", linestyle="")
        axis.annotate("least", (terms.bond, terms.reward), (6, 6), textcoords="offset points")
        names = ("neither", "one of the two", "honesty holds, a false halt does not pay")
        patches = [Patch(color=c, label=n) for c, n in zip(_COLOURS, names, strict=True)]
        axis.legend(handles=patches, loc="upper right", fontsize=8)
        axis.set(xlabel="bond", ylabel="reward")
        figure.savefig(target, metadata={"Date": None} if target.suffix == ".svg" else None)


def _kept(told: "Watchers", terms: "Terms") -> int:
    """Return how many of the two hold."""
    from responders.incentives import deterred, honesty_holds

    return int(honesty_holds(told, terms)) + int(deterred(told, terms))


_STEPS = 81
_COLOURS = ("#d9534f", "#f4c430", "#7fbf7f")
