"""Shows the demo on a terminal: blocks, alerts with their reasons, the brake, times and losses."""

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sandbox.demo.story import Story
from sandbox.demo.verdict import Outcome
from schemas.actions import Action

HOP_WORDS = {
    "received": "block received",
    "published": "transaction on its topic",
    "scored": "alert produced",
    "decided": "brake decided",
    "sent": "brake handed to the node",
    "mined": "brake mined",
}
STATE_WORDS = {
    "proposed": "proposed",
    "refused": "refused",
    "rehearsed": "rehearsed: dry-run, nothing sent",
    "authorised": "authorised",
    "nonce-reserved": "nonce reserved",
    "signed": "signed",
    "broadcast": "sent",
    "included": "mined",
    "final": "final",
    "satisfied": "braked already",
    "failed": "failed",
}
_SHOWN_ALERTS = 4


def render(story: Story, asset: str, unit: int) -> RenderableType:
    """Return the whole picture of the story so far; amounts in `asset`, `unit` to the whole."""
    return Group(
        _header(story),
        _alerts(story),
        _brake(story),
        _attack(story, asset, unit),
        _timeline(story),
    )


def _header(story: Story) -> RenderableType:
    mode = Text(" ARMED ", "bold white on red") if story.armed else Text(" DRY-RUN ", "reverse")
    line = Text.assemble(
        ("Firebreak ", "bold"), mode, f"  {story.scenario}  ·  {story.phase}  ·  ",
        (f"block {story.block:,}", "cyan"), f"  ·  {story.honest:,} honest transactions",
    )  # fmt: skip
    return Panel(line, border_style="bright_black")


def _alerts(story: Story) -> RenderableType:
    table = Table(box=None, expand=True, show_header=False, padding=(0, 1))
    table.add_column(width=14)
    table.add_column(ratio=1)
    for alert in list(story.alerts.values())[:_SHOWN_ALERTS]:
        of_attack = story.is_attack(alert)
        style = "bold red" if of_attack else "yellow"
        table.add_row(
            Text(f"{alert.tx[:10]}…", style), Text(f"1 in {1 / alert.p_value:,.0f}", style)
        )
        for vote in alert.votes:
            for reason in vote.reasons[:3]:
                table.add_row("", Text(f"{vote.detector}: {reason.text}"))
    hidden = len(story.alerts) - _SHOWN_ALERTS
    if hidden > 0:
        table.add_row("", Text(f"and {hidden} more", "dim"))
    if not story.alerts:
        table.add_row("", Text("none", "dim green"))
    return Panel(table, title="alerts", title_align="left", border_style="bright_black")


def _brake(story: Story) -> RenderableType:
    lines = [_brake_line(steps) for steps in story.actions.values()]
    body = Group(*lines) if lines else Text("none", "dim")
    return Panel(body, title="brakes", title_align="left", border_style="bright_black")


def _brake_line(steps: list[Action]) -> RenderableType:
    newest = steps[-1]
    states = " → ".join(STATE_WORDS.get(step.state, step.state) for step in steps)
    style = "bold green" if newest.state in ("included", "final", "satisfied") else "yellow"
    return Text.assemble((f"{newest.adapter} ", "bold"), (states, style), f"\n{newest.reason}")


def _attack(story: Story, asset: str, unit: int) -> RenderableType:
    if not story.stolen:
        body: RenderableType = Text("no attack yet", "dim")
    else:
        marks = Text()
        for amount in story.stolen:
            if amount is None:
                marks.append(" reverted ", "black on green")
            else:
                marks.append(f" -{amount / unit:,.0f} {asset} ", "white on red")
            marks.append(" ")
        body = marks
    return Panel(
        body, title="the attacker's transactions", title_align="left", border_style="bright_black"
    )


def _timeline(story: Story) -> RenderableType:
    moments = story.timeline()
    table = Table(box=None, show_header=False, padding=(0, 1))
    longest = max(moments.values(), default=0.0) or 1.0
    for hop, milliseconds in moments.items():
        bar = "█" * max(1, round(30 * milliseconds / longest)) if milliseconds else "▏"
        table.add_row(HOP_WORDS[hop], Text(f"{milliseconds:9.1f} ms", "cyan"), Text(bar, "cyan"))
    body = table if moments else Text("—", "dim")
    return Panel(
        body, title="from the block to the brake", title_align="left", border_style="bright_black"
    )


def closing(outcome: Outcome) -> RenderableType:
    """Return the last words: what was lost, what was saved, who was kept out."""
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_row("loss taken", Text(f"{outcome.loss_taken:,.0f} {outcome.asset}", "red"))
    table.add_row("loss prevented", Text(f"{outcome.loss_prevented:,.0f} {outcome.asset}", "green"))
    table.add_row(
        "attack",
        f"{outcome.attack_txs} transactions, {outcome.attack_txs_reverted} of them reverted",
    )
    table.add_row("false alerts", f"{outcome.false_alerts} in {outcome.benign_txs:,} transactions")
    table.add_row("honest transactions kept out", str(outcome.honest_txs_refused))
    if outcome.succeeded:
        words = "the chain confirms it" if outcome.armed else "dry-run: nothing was sent"
        verdict = Text(f"✓ {words}", "bold green")
    else:
        verdict = Text("✗ " + "; ".join(outcome.failures), "bold red")
    return Panel(Group(table, verdict), title="how it ended", title_align="left")
