"""`firebreak posture`: how the watched contracts stand now, and where the gaps are."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from runtime.settings import Settings
    from schemas.manifest import Manifest


def posture(
    what: Annotated[
        str, typer.Argument(help="A protocol, a manifest's file or an address; none: all.")
    ] = "",
    pages: Annotated[
        Path | None, typer.Option(help="Write a Markdown and an HTML page per protocol here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,  # noqa: FBT002 - a command-line flag
) -> None:
    """Assess contracts as they stand now; change nothing. Exits with 1 if a finding is high or
    critical."""
    import msgspec

    from assurance.assess import assess
    from assurance.page import html, markdown
    from cli.looking import Looking, asked_at_once
    from cli.wiring import read_settings

    settings = read_settings()
    with Looking(settings, asked_at_once(settings)) as looking:
        wanted = _wanted(what, settings, looking.endpoints.chain)
        chain, means = looking.now(wanted)
        found = [assess(one, chain, means[name]) for name, one in wanted.items()]
    if pages is not None:
        pages.mkdir(parents=True, exist_ok=True)
        for one in found:
            (pages / f"{one.protocol}.md").write_text(markdown(one))
            (pages / f"{one.protocol}.html").write_text(html(one))
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        typer.echo("\n".join(map(markdown, found)))
    if any(one.severity in ("high", "critical") for each in found for one in each.findings):
        raise typer.Exit(1)


def _wanted(what: str, settings: "Settings", chain: str) -> dict[str, "Manifest"]:
    """Return the manifests that are meant; an address alone is a protocol of one contract."""
    from cli.wiring import read_manifests
    from runtime.manifests import load_manifest
    from schemas.manifest import Contract, Manifest

    if what.startswith("0x"):
        lone = Contract(address=what.lower(), role="other")
        return {what: Manifest(protocol=what[:64], chain=chain, contracts=(lone,))}
    if what.endswith(".toml"):
        manifest = load_manifest(Path(what))
        return {manifest.protocol: manifest}
    found = {
        name: one
        for name, one in read_manifests(settings).items()
        if one.chain == chain and what in ("", name)
    }
    if not found:
        raise ConfigurationError(
            f"no manifest in {settings.protocols} of {chain} is {what or 'there'}: name a "
            "protocol, a file that ends in .toml or an address"
        )
    return found
