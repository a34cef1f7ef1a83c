"""What it takes to look at contracts: the wiring of `firebreak assure` and `firebreak posture`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from assurance.opinions import NOTHING, Heard, Opinions
from assurance.stamps import Stamp, stamped
from runtime.logs import logger
from schemas.errors import ConfigurationError
from schemas.units import NATIVE

if TYPE_CHECKING:
    from assurance.checks.brakes import Pull
    from assurance.look import Means
    from assurance.node import NodeChain
    from runtime.settings import Settings
    from schemas.manifest import Manifest

NOBODY = "0x" + "00" * 20

Hear = Callable[[Path], Heard]
"""What is found in the source of a project, as `assurance.opinions` has it."""


def asked_at_once(settings: "Settings") -> Hear:
    """Return what waits for Slither's answer. It raises `ConfigurationError` where there is
    none."""
    from assurance import slither

    command = settings.assure.slither
    if command is None:
        return lambda _project: NOTHING
    return lambda project: Heard(slither.run(command, project), whole=True)


def asked_beside(settings: "Settings", monotonic: Callable[[], float]) -> Opinions | None:
    """Return what has Slither asked beside the work, None where it is not configured."""
    from assurance import slither

    command = settings.assure.slither
    if command is None:
        return None
    return Opinions(lambda project: slither.run(command, project), slither.stamp, monotonic)


class Looking:
    """What it takes to look: nodes, artefacts, the source service, opinions of the source."""

    def __init__(self, settings: "Settings", hear: Hear) -> None:
        """`hear` tells what is found in the source of a project."""
        from assurance.sourcify import Sourcify
        from runtime.evm import Endpoints

        if not settings.evm.endpoints:
            raise ConfigurationError("evm.endpoints is not set: name a node")
        self._settings = settings
        self._hear = hear
        self.endpoints = Endpoints(settings.evm.endpoints, settings.evm.request_seconds)
        named = settings.assure.sourcify
        self._service = None if named is None else Sourcify(named)
        self._means: dict[str, tuple[Stamp, Means]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.endpoints.close()
        if self._service is not None:
            self._service.close()

    def now(self, manifests: Mapping[str, "Manifest"]) -> "tuple[NodeChain, Mapping[str, Means]]":
        """Return the chain as it is now, and with what each protocol is looked at. Files are read
        again once they changed; while they cannot be read, what they said before is gone by.

        Raises `ConfigurationError` for files that could never be read.
        """
        from assurance.node import NodeChain

        found = {}
        for protocol, manifest in manifests.items():
            means = self._known(protocol, manifest)
            project = self.project(manifest)
            heard = means.opinions if project is None else self._hear(project)
            found[protocol] = replace(means, opinions=heard)
        return NodeChain(self.endpoints), found

    def project(self, manifest: "Manifest") -> Path | None:
        """Return the project that a manifest names as its source."""
        from assurance.artefacts import beside

        source = manifest.source
        if source is None or source.solidity is None:
            return None
        return beside(self._settings.protocols, source.solidity)

    def _known(self, protocol: str, manifest: "Manifest") -> "Means":
        stamp, known = self._stamp(manifest), self._means.get(protocol)
        if known is not None and known[0] == stamp:
            return known[1]
        try:
            means = self._prepared(manifest)
        except ConfigurationError as error:
            if known is None:
                raise
            logger(__name__).error("files_not_read", protocol=protocol, reason=str(error))
            return known[1]
        self._means[protocol] = stamp, means
        return means

    def _stamp(self, manifest: "Manifest") -> "Stamp":
        from assurance.artefacts import beside

        source, folder = manifest.source, self._settings.protocols
        named = [one.abi for one in manifest.contracts if one.abi is not None]
        if source is not None:
            named += [one for one in (source.artefacts, source.scenes) if one is not None]
        places = [beside(folder, one) for one in named]
        return stamped(
            path
            for place in places
            for path in (sorted(place.rglob("*")) if place.is_dir() else [place])
        )

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
        return Means(sources, self._pulls(manifest), asking, named=abis)

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


def _pull(name: str, who: str, target: str, data: str) -> "Pull":
    from assurance.chain import Trial
    from assurance.checks.brakes import Pull

    return Pull(name, Trial(who, target, bytes.fromhex(data[2:])))
