"""`firebreak case`: the evidence of one incident, and what can be learned from it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from forensics.cases.analysis import Analysis
    from forensics.cases.casefile import CaseFile
    from forensics.cases.collection import Order, Sources
    from forensics.cases.stamp import Stamp
    from forensics.cases.trust import Trust
    from runtime.settings import Settings

app = typer.Typer(
    help="Keep the evidence of an incident, check it, and report from it.", no_args_is_help=True
)

Incident = Annotated[str, typer.Argument(help="The incident's id, or how it begins.")]
Who = Annotated[str, typer.Option("--by", help="Who collects: name and role.")]
Why = Annotated[str, typer.Option(help="Why it is collected.")]


@app.command()
def collect(
    incident: Incident,
    out: Annotated[Path, typer.Option(help="The folder to make; must not exist.")],
    who: Who,
    why: Why,
) -> None:
    """Keep all that nodes and topics say about an incident, in one BagIt folder.

    Says what a node could not give. Exits with 3 when a time-stamping authority is set and does
    not answer.
    """
    from cli.wiring import read_settings

    settings = read_settings()
    order = _order(settings, incident, who, why)
    _collected(settings, order, out)


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="The evidence.")],
) -> None:
    """Check every file of collected evidence and its time stamp. Needs no node and no broker.

    Exits with 1, naming each file that is changed, missing or additional.
    """
    from cli.wiring import read_settings
    from forensics.cases.bag import TIMESTAMP
    from forensics.cases.bag_check import faults

    found = faults(folder)
    for fault in found:
        typer.echo(fault)
    if not found and (folder / TIMESTAMP).is_file():
        try:
            told = _stamp(read_settings(), folder)
            typer.echo(f"sealed before {told.at.isoformat()}, says {told.authority}")
        except ValueError as error:
            found.append(f"{TIMESTAMP}: {error}")
            typer.echo(found[-1])
    if found:
        raise typer.Exit(1)
    typer.echo(f"{folder}: whole, every byte as it was collected")


@app.command()
def prove(
    folder: Annotated[Path, typer.Argument(help="The evidence.")],
) -> None:
    """Compute hashes and roots of all blocks of the evidence again, from the bytes that are there.

    Needs no node and no broker. Says which answers follow from their block's header and which
    bytes do not, and the hashes to ask anybody about. Exits with 1 if anything does not follow.
    """
    from forensics.cases.casefile import proofs

    found = proofs(folder)
    for fault in found.faults:
        typer.echo(fault)
    told = found.counts
    typer.echo(
        f"follow from the bytes: {told['headers']:,} blocks' hashes, and under their roots "
        f"{told['transactions']:,} transactions, {told['receipts']:,} receipts, "
        f"{told['withdrawals']:,} withdrawals"
    )
    for run in found.runs:
        typer.echo(f"blocks {run.first} to {run.last}: ask anybody whether the last is {run.tip}")
    typer.echo(f"rest on the node's word: {told['trusted']:,} other answers")
    if found.faults:
        raise typer.Exit(1)


@app.command()
def report(
    out: Annotated[Path, typer.Option(help="The folder for the report; holds nothing yet.")],
    incident: Annotated[
        str | None, typer.Argument(help="The incident's id; collects its evidence first.")
    ] = None,
    evidence: Annotated[
        Path | None, typer.Option(help="Evidence that was collected before, instead of an id.")
    ] = None,
    who: Who = "",
    why: Why = "",
    publish: Annotated[bool, typer.Option(help="Tell fund-flows-v1 where the funds went.")] = False,  # noqa: FBT002 - a command-line flag
) -> None:
    """Write the report of an incident as HTML and PDF, with all it rests on.

    Beside them: `analysis.json`, `fund-flow.svg`, `playbook.json` (CACAO 2.0), `findings.json`
    (OCSF 2004). Of the same evidence it writes the same files.
    """
    from cli.wiring import read_settings
    from forensics.cases.casefile import CaseFile
    from forensics.cases.publication import write

    if (incident is None) == (evidence is None):
        raise ConfigurationError("give an incident's id, or --evidence with what was collected")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigurationError(f"{out} holds something already; a report is never overwritten")
    settings = read_settings()
    if incident is not None:
        if not who or not why:
            raise ConfigurationError("collecting evidence needs --by and --why")
        order = _order(settings, incident, who, why)
        evidence = out / "evidence"
        _collected(settings, order, evidence)
    case = CaseFile.opened(evidence or out)
    analysis = case.analysed()
    for path in write(case, analysis, out, _believed(settings, case)):
        typer.echo(f"{path}")
    if publish:
        _publish(settings, analysis)


def _order(settings: "Settings", incident: str, who: str, why: str) -> "Order":
    from forensics.cases.collection import NO_LABELS, Order
    from forensics.cases.investigation import Reach
    from forensics.cases.labels import read_labels

    told = settings.evidence
    return Order(
        incident=incident,
        who=who,
        why=why,
        reach=Reach(lookback=told.lookback_blocks, follow=told.follow_blocks),
        labels=read_labels(told.labels) if told.labels is not None else NO_LABELS,
    )


def _collected(settings: "Settings", order: "Order", out: Path) -> None:
    from forensics.cases.casefile import CaseFile
    from forensics.cases.collection import collect as gather

    with _sources(settings) as sources:
        analysis = gather(order, sources, out, _stamping(settings))
    case = CaseFile.opened(out)
    typer.echo(f"{out}: the evidence of incident {analysis.incident[:12]}, sealed")
    for doubted in case.dossier.doubted:
        typer.echo(doubted)
    for missing in case.custody.missing:
        typer.echo(f"not given: {missing}")


@contextmanager
def _sources(settings: "Settings") -> Iterator["Sources"]:
    from cli.wiring import connect
    from forensics.cases.collection import Sources
    from forensics.cases.gathering import READS
    from runtime.clock import SystemClock
    from runtime.evm_verbatim import Verbatim

    addresses = settings.evidence.endpoints or settings.evm.endpoints or settings.respond.endpoints
    if not addresses:
        raise ConfigurationError("no node is configured: set evidence.endpoints")
    nodes = [Verbatim(address, settings.evidence.answer_seconds) for address in addresses]
    try:
        yield Sources(
            broker=connect(settings, *READS),
            nodes=nodes,
            protocols=settings.protocols,
            clock=SystemClock(),
            trust=_trust(settings),
        )
    finally:
        for node in nodes:
            node.close()


def _trust(settings: "Settings") -> "Trust":
    from forensics.cases.trust import Trust
    from runtime.acknowledging import people_of
    from runtime.actors import actors_of
    from runtime.keepers import keepers_of
    from runtime.signatures import verifier_of

    return Trust(
        verifier_of(settings.respond.trusted_keys),
        people_of(settings.paging),
        keepers_of(settings.incidents.trusted_keys),
        actors_of(settings.respond.action_keys),
    )


def _stamping(settings: "Settings") -> Callable[[bytes], bytes] | None:
    from forensics.cases.stamp import request_stamp

    address = settings.evidence.timestamp_authority
    return None if address is None else lambda sealed: request_stamp(address, sealed)


def _stamp(settings: "Settings", folder: Path) -> "Stamp":
    """Return what the stamp of a bag says. Raises `ValueError` with why it is not believed."""
    from forensics.cases.bag import SEALED, TIMESTAMP
    from forensics.cases.casefile import require_in_time
    from forensics.cases.stamp import check_stamp, read_roots

    roots = settings.evidence.authority_roots
    response, sealed = ((folder / name).read_bytes() for name in (TIMESTAMP, SEALED))
    told = check_stamp(response, sealed, read_roots(roots) if roots is not None else [])
    require_in_time(folder, told)
    return told


def _believed(settings: "Settings", case: "CaseFile") -> "Stamp | None":
    """Return the evidence's time stamp, None when there is none, no authority is trusted, or it is
    of an impossible time."""
    from forensics.cases.bag import TIMESTAMP
    from forensics.cases.casefile import AntedatedError

    stamp = case.folder / TIMESTAMP
    if not stamp.is_file() or settings.evidence.authority_roots is None:
        return None
    try:
        return _stamp(settings, case.folder)
    except AntedatedError as error:  # one lying node keeps nobody from a report
        typer.echo(f"{stamp}: {error}; the report names no time of it", err=True)
        return None
    except ValueError as error:
        raise ConfigurationError(f"{stamp}: {error}") from error


def _publish(settings: "Settings", analysis: "Analysis") -> None:
    from cli.wiring import connect
    from schemas.codec import encode
    from schemas.topics import FUND_FLOWS

    producer = connect(settings, FUND_FLOWS).producer()
    key = f"{analysis.protocol}/{analysis.incident}".encode()
    producer.send(FUND_FLOWS.name, encode(analysis.flow), key=key)
    producer.flush()
    producer.close()
    typer.echo(f"{FUND_FLOWS.name}: published")
