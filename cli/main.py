"""`firebreak`: the command line.

Exit codes: 0 done; 1 the answer is no (a check failed, an attack was not stopped); 2 something has
to be changed first (settings, files, arguments); 3 something does not answer now, try again; 4 it
stopped because going on would have been unsafe; 70 it failed in a way that nobody foresaw; 130
interrupted.
"""

import sys
import traceback

import typer
from rich.console import Console
from rich.text import Text

from cli import (
    acls,
    archive,
    arming,
    assure,
    audit,
    backtest,
    brakes,
    case,
    config,
    consents,
    console,
    demo,
    detect,
    detectors,
    doctor,
    drill,
    fetch,
    incentives,
    incidents,
    ingest,
    kafka,
    keys,
    netbenefit,
    paging,
    plugins,
    posture,
    race,
    recover,
    rederive,
    replay,
    respond,
    risk,
    scenarios,
    score,
    signals,
    signer,
    tails,
    topics,
    vet,
    whatif,
)
from runtime import logs
from schemas.errors import (
    ConfigurationError,
    PipelineError,
    TransientError,
    UnsafeToContinueError,
)

app = typer.Typer(
    name="firebreak",
    help="Streaming network incident response for DeFi protocols.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

app.command()(paging.acknowledge)
app.command()(arming.arm)
app.command()(assure.assure)
app.command()(backtest.backtest)
app.command()(consents.consents)
app.command()(console.console)
app.command()(demo.demo)
app.command()(detect.detect)
app.command()(arming.disarm)
app.command()(doctor.doctor)
app.command()(drill.drill)
app.command()(fetch.fetch)
app.command()(incentives.incentives)
app.command()(incidents.incidents)
app.command()(netbenefit.netbenefit)
app.command()(paging.page)
app.command()(posture.posture)
app.command()(race.race)
app.command()(rederive.rederive)
app.command()(replay.replay)
app.command()(respond.respond)
app.command()(scenarios.scenarios)
app.command()(score.score)
app.command()(signer.signer)
app.command()(tails.tails)
app.command()(vet.vet)
app.command()(whatif.whatif)
app.add_typer(acls.app, name="acls")
app.add_typer(audit.app, name="audit")
app.add_typer(archive.app, name="archive")
app.add_typer(brakes.app, name="brakes")
app.add_typer(case.app, name="case")
app.add_typer(config.app, name="config")
app.add_typer(detectors.app, name="detectors")
app.add_typer(ingest.app, name="ingest")
app.add_typer(kafka.app, name="kafka")
app.add_typer(keys.app, name="keys")
app.add_typer(plugins.app, name="plugins")
app.add_typer(recover.app, name="recover")
app.add_typer(signals.app, name="signals")
app.add_typer(risk.app, name="risk")
app.add_typer(topics.app, name="topics")

EXIT_CODES: dict[type[PipelineError], int] = {
    ConfigurationError: 2,
    TransientError: 3,
    UnsafeToContinueError: 4,
}


def main() -> None:
    """Run the command line; turn every expected error into a sentence and an exit code."""
    logs.configure("cli", "WARNING", "text")
    try:
        app()
    except PipelineError as error:
        Console(stderr=True).print(
            Text("firebreak: ", "bold red") + Text(logs.redacted(str(error)))
        )
        sys.exit(next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), 2))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception:  # noqa: BLE001 - shown whole, save for what may be a key
        sys.stderr.write(logs.redacted(traceback.format_exc()))
        sys.exit(70)
