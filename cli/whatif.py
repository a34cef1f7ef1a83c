"""`firebreak whatif`: what a fall of a price, or money that leaves, would brake, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from rich.table import Table

    from responders.allowance import Allowance
    from responders.holdings import Held
    from responders.network.whatif import Report, Shock
    from runtime.settings import Settings
    from schemas.manifest import Manifest


def whatif(
    price: Annotated[
        list[str] | None, typer.Option(help="A token and how its price moves: CLV=-40%.")
    ] = None,
    outflow: Annotated[
        list[str] | None, typer.Option(help="A protocol and the money that leaves: meadow=300000.")
    ] = None,
    protocols: Annotated[
        Path | None, typer.Option(help="The manifests; without it, those of the settings.")
    ] = None,
    live: Annotated[  # noqa: FBT002 - a command-line flag
        bool, typer.Option("--live", help="Ask the node what is held, not [[known]].")
    ] = False,
    picture: Annotated[
        Path | None, typer.Option(help="Where to draw the graph: a .svg or .png.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,  # noqa: FBT002 - a command-line flag
) -> None:
    """Show what a shock would reach, which brakes stop it at the least cost, and what is lost all
    the same, and what else those brakes stop; and, for every asset, whether a brake is fast enough
    for what may be lost.

    Reads manifests, and with --live balances; sends nothing.
    """
    import orjson
    from rich.console import Console

    from cli.network_picture import draw
    from cli.wiring import read_manifests, read_settings
    from responders.allowance import allowances, stated_buckets
    from responders.holdings import stated
    from responders.network.whatif import whatif as answer
    from runtime.manifests import load_manifests

    settings = read_settings()
    found = load_manifests(protocols) if protocols is not None else read_manifests(settings)
    if not found:
        raise ConfigurationError(f"no manifest in {protocols or settings.protocols}")
    manifests = list(found.values())
    worth = {m.protocol: stated(m) for m in manifests}
    if live:
        worth |= _live(manifests, settings)
    report = answer(manifests, worth, _shock(price or (), outflow or ()))
    if picture is not None:
        draw(report, picture)
    if as_json:
        typer.echo(orjson.dumps(_document(report), option=orjson.OPT_INDENT_2).decode())
        return
    console = Console()
    console.print(_losses(report), _brakes(report), sep="\n")
    console.print(
        f"least total of brakes and losses: {report.isolation.cost:,.0f}; "
        f"losses without any brake: {sum(report.losses.values()):,.0f}",
        highlight=False,
    )
    if price:
        console.print(
            "A price that moves, and nothing else, never stops liquidation, repayment, adding "
            "collateral or withdrawal: such a brake waits for another kind of witness.",
            highlight=False,
        )
    bounds = {
        m.protocol: allowances(m, worth[m.protocol].by_token, stated_buckets(m)) for m in manifests
    }
    console.print(_allowances(bounds))
    for protocol, reason in report.ungraphed.items():
        told = f"{protocol}: a responder judges its brakes each by itself: {reason}"
        console.print(told, highlight=False, markup=False)
    if picture is not None:
        console.print(f"Wrote {picture}", highlight=False)


def _shock(prices: Sequence[str], outflows: Sequence[str]) -> "Shock":
    """Read the options. Raises `ConfigurationError` for one that cannot be read, or for none."""
    from responders.network.whatif import Shock

    falls = {}
    for text in prices:
        token, _, move = text.partition("=")
        falls[token] = -_number(text, move.removesuffix("%")) / (100.0 if "%" in move else 1.0)
        if not 0.0 < falls[token] <= 1.0:
            raise ConfigurationError(f"--price {text}: a fall lies between -0% and -100%")
    leaves = {}
    for text in outflows:
        protocol, _, money = text.partition("=")
        leaves[protocol] = _number(text, money)
        if leaves[protocol] <= 0.0:
            raise ConfigurationError(f"--outflow {text}: money that leaves is above nought")
    if not falls and not leaves:
        raise ConfigurationError("say what happens: --price CLV=-40% or --outflow meadow=300000")
    return Shock(falls, leaves)


def _number(option: str, text: str) -> float:
    try:
        return float(text.replace("_", ""))
    except ValueError as error:
        raise ConfigurationError(f"{option}: {text!r} is no number") from error


def _live(manifests: Sequence["Manifest"], settings: "Settings") -> "dict[str, Held]":
    """Ask the node of the settings what each protocol on its chain holds."""
    from responders.chain import NodeChain
    from responders.holdings import Holdings
    from runtime.evm import Endpoints

    addresses = settings.respond.endpoints or settings.evm.endpoints
    if not addresses:
        raise ConfigurationError("no node to ask: set evm.endpoints, or leave --live away")
    endpoints = Endpoints(addresses, settings.evm.request_seconds)
    try:
        chain = NodeChain(endpoints)
        head = chain.head().number
        there = (manifest for manifest in manifests if manifest.chain == chain.name)
        return {manifest.protocol: Holdings(chain, manifest).at(head) for manifest in there}
    finally:
        endpoints.close()


def _losses(report: "Report") -> "Table":
    table = _table("", "holds", "stress", "loss unbraked", "outcome", "can pay")
    for name, node in sorted(report.nodes.items(), key=lambda item: (item[1].kind, item[1].label)):
        recovery = report.recovery.get(name)
        table.add_row(
            f"{node.kind} {node.label}",
            f"{node.value:,.0f}" if node.kind in ("pool", "protocol") else "",
            f"{report.stress.get(name, 0.0):.1%}",
            f"{report.losses[name]:,.0f}" if name in report.losses else "",
            report.outcome(name),
            "" if recovery is None else f"{recovery:.1%}",
        )
    return table


def _document(report: "Report") -> dict[str, Any]:
    """Return a report for programs. Money in the manifests' currency, shares of 1."""
    return {
        "nodes": {
            name: {
                "kind": node.kind,
                "label": node.label,
                "protocol": node.protocol,
                "holds": node.value,
                "stress": report.stress.get(name, 0.0),
                "loss_unbraked": report.losses.get(name, 0.0),
                "outcome": report.outcome(name),
                "can_pay": report.recovery.get(name),
            }
            for name, node in report.nodes.items()
        },
        "halts": [
            asdict(halt) | {"protocol": report.nodes[halt.pool].protocol} for halt in report.halts
        ],
        "least_total": report.isolation.cost,
        "loss_unbraked": sum(report.losses.values()),
        "judged_one_by_one": report.ungraphed,
    }


def _brakes(report: "Report") -> "Table":
    from schemas.activities import named

    table = _table(
        "brake", "halts", "costs", "saves", "pulled from a probability of", "also stops",
        "on a price alone",
    )  # fmt: skip
    for halt in report.halts:
        table.add_row(
            f"{report.nodes[halt.pool].protocol}: {halt.brake}",
            report.nodes[halt.pool].label,
            f"{halt.cost:,.0f}",
            f"{halt.stops:,.0f}",
            f"{halt.needs:.1%}",
            named(halt.also_stops),
            "never" if halt.not_on_a_price else "may be",
        )
    return table


def _allowances(rows: Mapping[str, Sequence["Allowance"]]) -> "Table":
    table = _table("asset", "may be lost", "worst", "", "bucket needed on chain")
    for protocol, allowance in ((name, row) for name, found in rows.items() for row in found):
        wanted = allowance.wanted
        table.add_row(
            f"{protocol}: {allowance.symbol}",
            f"{allowance.allowable:,.0f}",
            f"{allowance.worst:,.0f}",
            "within" if allowance.within else "[bold red]beyond[/]",
            "" if wanted is None else f"capacity {wanted.capacity}, window {wanted.window} s",
        )
    return table


def _table(*titles: str) -> "Table":
    from rich.table import Table

    table = Table(box=None)
    for title in titles:
        table.add_column(title, overflow="fold")
    return table
