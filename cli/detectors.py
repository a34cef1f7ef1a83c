"""`firebreak detectors`: what is installed, whether it conforms, a new one."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.errors import ConfigurationError

app = typer.Typer(help="Detector plug-ins: list, check, make a new one.", no_args_is_help=True)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command("list")
def list_(as_json: JsonFlag = False) -> None:  # noqa: FBT002 - a command-line flag
    """Show the detectors of every set, with what they see and what they cannot."""
    import msgspec
    import orjson

    from cli.wiring import read_settings
    from detectors.builtin import deployed_code
    from detectors.sets import load_set

    settings = read_settings()
    rows = []
    for set_name, names in settings.detect.sets.items():
        for name, made in load_set(names, settings.detect.allowed).items():
            rows.append((set_name, name, made.spec))
    rows.append(("vet", deployed_code.NAME, deployed_code.SPEC))
    if as_json:
        typer.echo(
            orjson.dumps(
                [{"set": row[0], **msgspec.to_builtins(row[2])} for row in rows],
                option=orjson.OPT_INDENT_2,
            ).decode()
        )
        return
    table = Table("set", "detector", "version", "technique", "sees", "cannot see")
    for set_name, name, spec in rows:
        blind = "\n".join(spec.blind_spots)
        table.add_row(set_name, name, spec.version, spec.technique, spec.summary, blind)
    Console().print(table)


@app.command()
def check(name: str, as_json: JsonFlag = False) -> None:  # noqa: FBT002 - a command-line flag
    """Run the conformance suite on an installed detector, and for one that did not ship with
    Firebreak prove the limits that it runs under; exit 1 if a rule or a limit is not kept."""
    import orjson

    from detectors.conformance import RULES, check_detector
    from detectors.sets import source
    from detectors.strangers.outside import Stranger
    from detectors.strangers.probes import prove
    from runtime import plugins

    # Checking is how trust begins, so the allow-list is not asked here.
    made = source(plugins.choose(plugins.DETECTORS, name, allowed=(name,)))
    if isinstance(made, Stranger):
        failures = dict(reversed(made.check()))
        proofs = list(prove())
        made.end()
    elif isinstance(made, type):
        failures, proofs = {f.rule: f.detail for f in reversed(check_detector(made))}, []
    else:
        raise ConfigurationError(f"{name!r} cannot be checked")
    open_ = [proof for proof in proofs if not proof.held]
    if as_json:
        found = [{"rule": rule, "detail": detail} for rule, detail in failures.items()]
        limits = [{"tried": p.limit, "held": p.held, "detail": p.detail} for p in proofs]
        answer = {"detector": name, "failures": found, "limits": limits}
        typer.echo(orjson.dumps(answer).decode())
    else:
        for rule in RULES:
            title = rule.__name__.removeprefix("_").replace("_", " ")
            _mark(title not in failures, title, failures.get(title, ""))
        if proofs:
            Console().print("A plug-in on this machine that …")
        for proof in proofs:
            _mark(proof.held, f"{proof.limit} is stopped", proof.detail)
    raise typer.Exit(1 if failures or open_ else 0)


def _mark(kept: bool, title: str, detail: str) -> None:  # noqa: FBT001 - private
    mark = Text("✓ ", "green") if kept else Text("✗ ", "red")
    Console().print(mark + Text(f"{title}  ") + Text(detail, "dim"))


@app.command()
def new(name: str, folder: Annotated[Path, typer.Option(help="Where to put it.")] = Path()) -> None:
    """Make a working, tested package for a new detector, outside this repository."""
    from detectors.scaffold import write

    Console().print(f"Wrote {write(name, folder)}; its README says how to go on.")


@app.command()
def page(
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/detectors.md"),
) -> None:
    """Write the page of all shipped detectors from what they say of themselves."""
    from detectors.catalogue import page as made
    from detectors.sets import load_set
    from runtime.settings import ACTS, CORE

    shipped = {"core": CORE, "acts": ACTS}
    out.write_text(made({name: load_set(names, names) for name, names in shipped.items()}))
    Console().print(f"Wrote {out}")
