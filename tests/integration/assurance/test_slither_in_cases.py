"""What the real Slither finds in a protocol's source is in a case, as grave as it says, and taken
back when the mended source is built: the service as its command wires it, a node, the casework."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from assurance.page import markdown
from assurance.service import EVERY
from cli.looking import Looking, asked_beside
from cli.wiring import read_manifests, read_settings
from incidents.casework import Casework
from runtime.metrics import Metrics
from schemas.codec import decode_from
from schemas.incidents import Incident, Sighting
from schemas.topics import FINDINGS, INCIDENTS
from tests.clock import ManualClock
from tests.integration.assurance.built import project
from tests.integration.assurance.ground import NAME, Ground
from tests.integration.assurance.watch import Watch
from tests.publication import log
from tests.waiting import until

pytestmark = pytest.mark.node


class Kept(Watch):
    """`firebreak assure`, and who keeps cases of what it finds."""

    def __init__(self) -> None:
        settings, clock = read_settings(), ManualClock()
        opinions = asked_beside(settings, clock.monotonic)
        assert opinions is not None
        self.looking = Looking(settings, opinions.of)
        manifests = read_manifests(settings)
        super().__init__(
            manifests[NAME],
            lambda: self.looking.now(manifests),
            clock,
            lambda: {NAME} if opinions.fresh() else set(),
        )
        self.broker.create((INCIDENTS,))
        self._casework, self._seen = Casework(self.producer, Metrics(), None), 0
        self._kept: bytes | None = None

    def sightings(self) -> list[Sighting]:
        """Let it look once more, and cases be kept; return what is in them."""
        self.task.tick()
        told = log(self.broker, FINDINGS)
        for message in told[self._seen :]:
            self._kept = self._casework.work(message, self._kept) or self._kept
        self._seen = len(told)
        cases = [decode_from(INCIDENTS, one.value or b"") for one in log(self.broker, INCIDENTS)]
        newest = {one.id: one for one in cases if isinstance(one, Incident)}
        return [sighting for case in newest.values() for sighting in case.sightings]

    def page(self) -> str:
        return markdown(self.stands())


@pytest.fixture
def vault(
    ground: Ground, slither: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A vault on a node, which pays before it counts, and the manifest that names its source."""
    made = ground.create("Vault", 10**18, ground.me.address)
    source = project(tmp_path / "build", cache, "sandbox/Vault.sol", "sandbox/RolePausable.sol")
    protocols = tmp_path / "protocols"
    protocols.mkdir()
    source.rename(protocols / "vault")
    (protocols / f"{NAME}.toml").write_text(
        f'protocol = "{NAME}"\nchain = "eip155:{ground.chain.id}"\n'
        f'[[contracts]]\naddress = "{made.address}"\nrole = "vault"\n'
        '[source]\nsolidity = "vault"\nartefacts = "vault/artifacts"\n'
    )
    for name, value in (
        ("PROTOCOLS", str(protocols)),
        ("EVM__ENDPOINTS", str(ground.node.ipc)),
        ("ASSURE__SLITHER", slither),
    ):
        monkeypatch.setenv(f"FIREBREAK_{name}", value)
    return protocols / "vault"


@pytest.fixture
def watch(vault: Path) -> Iterator[Kept]:
    assert vault.is_dir()
    watch = Kept()
    with watch.looking:
        yield watch


REENTERED = "Reentrancy in Vault.withdraw(uint256)"


def test_what_slither_finds_is_in_a_case_until_the_source_is_mended(
    watch: Kept, vault: Path, cache: Path, tmp_path: Path
) -> None:
    def reentered() -> dict[str, Sighting]:
        found = [one for one in watch.sightings() if one.summary.startswith(REENTERED)]
        return {one.severity: one for one in found}

    until(lambda: bool(reentered()), 120)
    found = reentered()
    assert {(one.set, one.withdrawn) for one in found.values()} == {("assurance", False)}
    assert found.keys() == {"high", "low"}, "money before the books; an event after"
    assert "slither-reentrancy-eth" in watch.page()
    assert "| exact |" in watch.page(), "it is the source of what runs"

    mended = project(tmp_path / "mended", cache, "BrakeGate.sol")
    shutil.rmtree(vault)
    mended.rename(vault)
    watch.clock.seconds += EVERY
    until(lambda: all(one.withdrawn for one in reentered().values()), 120)
    assert REENTERED not in watch.page()
