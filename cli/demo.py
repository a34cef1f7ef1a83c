"""`firebreak demo`: an attack is stopped before your eyes."""

import io
import re
import shlex
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, RenderableType

if TYPE_CHECKING:
    from sandbox.demo.stage import Plan, Stage
    from sandbox.demo.verdict import Outcome

BENIGN = 2000


class Scenarios(StrEnum):
    """What the attacker does."""

    SPOT_ORACLE = "spot-oracle"
    REENTRANCY = "reentrancy"


def demo(
    scenario: Annotated[
        Scenarios, typer.Option(help="What the attacker does.")
    ] = Scenarios.SPOT_ORACLE,
    report: Annotated[Path, typer.Option(help="Where to write the report.")] = Path("report.json"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide, but send nothing.")] = False,  # noqa: FBT002 - a command-line flag
    keep: Annotated[bool, typer.Option("--keep", help="Leave it running for a look.")] = False,  # noqa: FBT002 - a command-line flag
    picture: Annotated[
        Path | None, typer.Option(help="Save the last screen as an SVG picture.")
    ] = None,
) -> None:
    """Stop a real attack on a real chain, with every service running as its own process.

    Exit status 0 only if the chain itself confirms the pause and the reverts.
    """
    from cli.wiring import read_settings
    from sandbox.demo.stage import WATCHED, Plan, without_settings
    from sandbox.lock import locked

    without_settings()
    settings, console = read_settings(), Console()
    refusal = "a demo is running already; let it end, or stop it with Ctrl-C, then start again"
    with locked(settings.home / "demo.lock", refusal=refusal), _folder(console) as folder:
        plan = Plan(
            folder=folder,
            cache=settings.cache,
            scenario=scenario.value,
            armed=not dry_run,
            services=WATCHED,
        )
        outcome, last_screen = _perform(plan, console, report, keep=keep)
    console.print(f"The report is in {report}.", highlight=False)
    if picture is not None:
        _save(picture, last_screen)
    raise typer.Exit(0 if outcome.succeeded else 1)


@contextmanager
def _folder(console: Console) -> Iterator[Path]:
    """Give the run a folder of its own; leave it, for its logs, when something went wrong."""
    folder = Path(tempfile.mkdtemp(prefix="firebreak-"))
    try:
        yield folder
    except Exception:
        console.print(f"The services' logs are in {folder}.", highlight=False)
        raise
    except BaseException:
        shutil.rmtree(folder)
        raise
    shutil.rmtree(folder)


def _perform(
    plan: "Plan", console: Console, report: Path, *, keep: bool
) -> tuple["Outcome", list[RenderableType]]:
    """Play the demo on the terminal and write what it has to show; return how it ended and what was
    on the screen at last."""
    from rich.live import Live

    from sandbox.demo import screen
    from sandbox.demo.play import Play
    from sandbox.demo.stage import Stage
    from sandbox.demo.story import Story

    story = Story(plan.scenario, plan.armed)
    with console.status("setting up") as status:
        say = status.update if console.is_terminal else console.print
        with Stage(plan, report=say) as stage:
            stage.start()
            status.stop()
            where = stage.addresses["console"]
            console.print(f"Look on at {where}: sign in as anybody there.", highlight=False)
            play = Play(stage, story)
            unit = 10**play.attack.decimals

            def picture() -> RenderableType:
                return screen.render(story, play.attack.asset, unit)

            with Live(get_renderable=picture, console=console, refresh_per_second=8):
                outcome = play.run(BENIGN)
            console.print()
            console.print(screen.closing(outcome))
            outcome.write(report)
            if play.proof and stage.record is not None:
                _hand_out(play.proof, report.with_suffix(".tlog-proof"), stage.record.key, console)
            if keep:
                _stay(stage, console)
            return outcome, [picture(), screen.closing(outcome)]


def _hand_out(proof: str, path: Path, key: str, console: Console) -> None:
    """Save a proof, and say how anybody checks it, with the demo or long after it."""
    path.write_text(proof)
    console.print(
        "Each line of the console's timeline has its proof in the transparency log. The brake's is "
        f"in {path}; check it, with nothing of ours running:",
        highlight=False,
    )
    command = shlex.join([sys.argv[0], "audit", "check", str(path), "--key", key])
    console.print(command, markup=False, highlight=False, soft_wrap=True)


def _stay(stage: "Stage", console: Console) -> None:
    """Leave everything running until Ctrl-C."""
    for what, where in stage.addresses.items():
        console.print(f"{what:10} {where}", highlight=False)
    console.print("Everything keeps running; Ctrl-C ends it.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("Ending.")


def _save(path: Path, shown: list[RenderableType]) -> None:
    recorder = Console(record=True, file=io.StringIO(), width=110, force_terminal=True)
    recorder.print(*shown, sep="\n")
    svg = recorder.export_svg(title="firebreak demo")
    # A picture that fetches its font from somebody else's server tells him who looks at it.
    path.write_text(re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL))
