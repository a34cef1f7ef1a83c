"""`firebreak posture`: how the watched contracts stand now, and where the gaps are."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import typer

from schemas.errors import ConfigurationError
from schemas.units import NATIVE

if TYPE_CHECKING:
    from assurance.checks.brakes import Pull
    from assurance.look import Means
    from assurance.node import NodeChain
    from assurance.weakness import Weakness
    from runtime.settings import Settings
    from schemas.manifest import Manifest

NOBODY = "0x" + "00" * 20


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
    from cli.wiring import read_settings

    settings = read_settings()
    with Looking(settings) as looking:
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


class Looking:
    """What it takes to look: nodes, artefacts, the source service, Slither's opinions."""

    def __init__(self, settings: "Settings") -> None:
        from assurance.sourcify import Sourcify
        from runtime.evm import Endpoints

        if not settings.evm.endpoints:
            raise ConfigurationError("evm.endpoints is not set: name a node")
        self._settings = settings
        self.endpoints = Endpoints(settings.evm.endpoints, settings.evm.request_seconds)
        named = settings.assure.sourcify
        self._service = None if named is None else Sourcify(named)
        self._means: dict[str, Means] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.endpoints.close()
        if self._service is not None:
            self._service.close()

    def now(self, manifests: Mapping[str, "Manifest"]) -> "tuple[NodeChain, Mapping[str, Means]]":
        """Return the chain as it is now, and with what each protocol is looked at; files are read,
        and Slither is run, once."""
        from assurance.node import NodeChain

        for protocol, manifest in manifests.items():
            if protocol not in self._means:
                self._means[protocol] = self._prepared(manifest)
        return NodeChain(self.endpoints), self._means

    def _prepared(self, manifest: "Manifest") -> "Means":
        from assurance.artefacts import beside, read, signatures
        from assurance.checks.brakes import Asking
        from assurance.look import Means
        from assurance.scenes import read as read_scenes
        from assurance.sources import Sources

        source, folder = manifest.source, self._settings.protocols
        named = None if source is None else source.artefacts
        shelf = None if named is None else read(beside(folder, named))
        sources = Sources(manifest.chain, shelf, self._service)
        tokens = [one.address for one in manifest.tokens if one.address != NATIVE]
        scenes = None if source is None else source.scenes
        asking = Asking(
            tokens,
            [one.lower() for one in self._settings.assure.users],
            () if scenes is None else read_scenes(beside(folder, scenes)),
        )
        abis = {
            one.address: signatures(beside(folder, one.abi))
            for one in manifest.contracts
            if one.abi is not None
        }
        return Means(sources, self._pulls(manifest), asking, self._opinions(manifest), abis)

    def _pulls(self, manifest: "Manifest") -> "list[Pull]":
        """Return the brakes as their targets are called: through a gate by the gate, and so on."""
        from responders.adapters import registry
        from responders.chain import NodeChain as BrakeChain

        if not manifest.brakes:
            return []
        adapters = registry.build(manifest, BrakeChain(self.endpoints), 1, None)
        found = []
        for brake in manifest.brakes:
            plan = adapters[brake.name].plan()
            who = brake.gate or brake.safe or self._settings.assure.responder
            if brake.roles is not None:
                who = self._avatar(brake.roles.modifier)
            found.append(_pull(brake.name, who or NOBODY, plan.target, plan.calldata))
        return found

    def _avatar(self, modifier: str) -> str | None:
        """Return the Safe behind a Roles modifier."""
        from assurance.chain import address, asked, number
        from assurance.node import NodeChain
        from assurance.selectors import calldata

        answer = asked(NodeChain(self.endpoints), modifier, calldata("avatar()"), NOBODY)
        return address(number(answer))

    def _opinions(self, manifest: "Manifest") -> "list[Weakness]":
        from assurance import slither
        from assurance.artefacts import beside

        command, source = self._settings.assure.slither, manifest.source
        if command is None or source is None or source.solidity is None:
            return []
        return slither.run(command, beside(self._settings.protocols, source.solidity))


def _pull(name: str, who: str, target: str, data: str) -> "Pull":
    from assurance.chain import Trial
    from assurance.checks.brakes import Pull

    return Pull(name, Trial(who, target, bytes.fromhex(data[2:])))


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
