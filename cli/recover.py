"""`firebreak recover`: lead a braked protocol back. Shows, checks, records, and proposes; sends
nothing to the chain."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli import recover_aids, recover_decided
from cli.recover_node import PlanFile, node, plan_of
from cli.recover_told import PersonKey, telling
from cli.safe_posts import Keystore, KmsKey, PasswordFile, Service, posting
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from responders.recovery.desk import Desk
    from responders.recovery.plan import RecoveryPlan
    from schemas.manifest import Brake

app = typer.Typer(
    help="Lead a braked protocol back: what is missing, what to sign, what it would do.",
    no_args_is_help=True,
)

app.command()(recover_aids.eradicate)
app.command()(recover_aids.layout)
app.command()(recover_aids.restitution)
app.command()(recover_aids.claims)
app.command()(recover_decided.decided)


Evidence = Annotated[
    Literal["T1", "T2", "T3"], typer.Option(help="The broadest brake that the case justifies.")
]
Expiry = Annotated[
    int | None, typer.Option(help="Block time at which the brake lets go by itself.")
]


@app.command("open")
def open_(
    plan: PlanFile,
    evidence: Evidence = "T1",
    expires_at: Expiry = None,
    key: PersonKey = None,
) -> None:
    """Begin: who decides is read from the chain, and on what terms the brake holds is written down.

    The log is kept beside the plan, in `<plan>.log`. This and every later turn of the case is told
    on recoveries-v1 before it is written down there; what cannot be told does not happen.
    """
    from responders.recovery import desk
    from responders.recovery import telling as words
    from responders.recovery.log import Log, alone
    from runtime.clock import SystemClock

    found, log = plan_of(plan), log_of(plan)
    with alone(log):
        Log.require_none(log)
        with node() as asked:
            held = desk.held(asked, _brake_of(found), evidence, expires_at)
            opened = desk.opened(asked, found, held)
        telling(key)(words.opened(found, opened, SystemClock().now_ns() // 10**9))
        Log.open_case(log, opened)
    typer.echo(f"opened; the brake: {held.release}")


@app.command()
def again(
    plan: PlanFile,
    evidence: Evidence = "T1",
    expires_at: Expiry = None,
    key: PersonKey = None,
) -> None:
    """Record that the brake was set again, or renewed: the course begins anew, cause included."""
    from responders.recovery import desk as terms
    from responders.recovery.events import BrakedAgain

    with _desk(plan, key) as desk:
        held = terms.held(desk.node, _brake_of(desk.plan), evidence, expires_at)
        desk.take(BrakedAgain(held))
        typer.echo(f"begun anew; the brake: {held.release}")


@app.command()
def show(plan: PlanFile) -> None:
    """Say where the case stands, and what is missing."""
    with _looking(plan, plan_of(plan)) as desk:
        for line in desk.standing():
            typer.echo(line)


@app.command()
def cause(plan: PlanFile, words: str, key: PersonKey = None) -> None:
    """Write down the root cause."""
    from responders.recovery.events import CauseRecorded

    with _desk(plan, key) as desk:
        desk.take(CauseRecorded(words))


@app.command()
def propose(
    plan: PlanFile,
    as_json: Annotated[bool, typer.Option("--json", help="What to sign or send.")] = False,  # noqa: FBT002 - a command-line flag
    key: PersonKey = None,
) -> None:
    """Rehearse the next step on the newest state, show each call decoded, and stage it.

    What a rehearsal shows to fail is not staged.
    """
    import orjson

    with _desk(plan, key) as desk:
        proposal, rehearsal = desk.propose()
        if as_json:
            shown = proposal.shown | {"words": list(desk.told(proposal, rehearsal))}
            typer.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())
            return
        for line in desk.told(proposal, rehearsal):
            typer.echo(line)


@app.command()
def post(
    plan: PlanFile,
    service: Service,
    keystore: Keystore = None,
    password_file: PasswordFile = None,
    kms_key: KmsKey = None,
) -> None:
    """Put what is staged before a Safe's owners, on their transaction service.

    They find it in their wallet as any other; what they sign is what `propose` showed.
    """
    with _desk(plan) as desk, posting(service, keystore, password_file, kms_key) as to:
        for line in desk.posted(to.service, to.proposer):
            typer.echo(line)


@app.command()
def approve(
    plan: PlanFile,
    signatures: Annotated[
        list[str] | None, typer.Argument(help="An owner's, one for each transaction of a Safe.")
    ] = None,
    key: PersonKey = None,
) -> None:
    """Record that a signer agreed to what is staged, or that the Governor counted enough votes."""
    with _desk(plan, key) as desk:
        signer = desk.approve(signatures or [])
        typer.echo(f"{signer} agrees")


@app.command()
def done(
    plan: PlanFile,
    txs: Annotated[
        list[str] | None, typer.Argument(help="The transactions that carried a Safe's step out.")
    ] = None,
    key: PersonKey = None,
) -> None:
    """Record that the chain shows the staged step carried out."""
    with _desk(plan, key) as desk:
        desk.carried_out(txs or [])
        typer.echo(f"carried out; now {desk.log.course.phase}")


@app.command()
def watch(plan: PlanFile, key: PersonKey = None) -> None:
    """Judge the invariants after each block since the last one judged. Exit code 1 when any is red.

    Begins at the newest block; of more than 1000 blocks only the newest are judged, which starts
    the count again. `propose` and `approve` do it as well.
    """
    with _desk(plan, key) as desk:
        red = desk.watch()
        course = desk.log.course
        typer.echo(
            f"block {course.block}: {course.green} green in a row, of {course.terms.green_blocks}"
        )
        for name in red:
            typer.echo(f"  red: {name}")
    if red:
        raise typer.Exit(1)


@app.command()
def publish(plan: PlanFile, key: PersonKey = None) -> None:
    """Tell the keeper of cases where this one stands, blocks judged since its last turn included.

    Every turn is told by itself, before it is written down; this is for what is between them.
    """
    with _desk(plan, key) as desk:
        record = desk.record()
        desk.tell(record)
    typer.echo(f"{record.progress.phase}, {record.progress.released / 100:g} % released")


def _brake_of(plan: "RecoveryPlan") -> "Brake":
    from cli.wiring import read_manifests, read_settings

    manifest = read_manifests(read_settings()).get(plan.protocol)
    for brake in manifest.brakes if manifest else ():
        if brake.name == plan.brake:
            return brake
    raise ConfigurationError(f"no manifest has a brake {plan.brake} of {plan.protocol}")


def log_of(plan: Path) -> Path:
    """Return where a plan's log is."""
    return plan.with_name(plan.name + ".log")


@contextmanager
def _desk(plan: Path, key: Path | None = None) -> Iterator["Desk"]:
    from responders.recovery.log import alone

    found = plan_of(plan)
    with alone(log_of(plan)), _looking(plan, found, key) as desk:
        yield desk


@contextmanager
def _looking(plan: Path, found: "RecoveryPlan", key: Path | None = None) -> Iterator["Desk"]:
    """Whoever takes no turn need not be alone."""
    from responders.recovery.desk import Desk
    from responders.recovery.log import Log

    log = Log(log_of(plan))
    with node() as asked:
        yield Desk(asked, found, log, plan.parent, telling(key))
