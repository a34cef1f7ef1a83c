"""Upgrades and deployments on a real node, told to the service as ingest tells them: assessed, told
once, resolved; and what the commands print of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import contracts
from assurance.artefacts import read
from assurance.look import Means
from assurance.sources import Sources
from cli.main import app
from ingest.normalise import deployments
from runtime.evm import Endpoints
from runtime.manifests import load_manifests
from sandbox import fetch
from sandbox.deployer import Deployer
from sandbox.evm import Contract
from sandbox.node import LocalNode, NodeOptions
from schemas.chain import Deployment, Event
from schemas.topics import DEPLOYMENTS, EVENTS
from schemas.watched import Contract as Watched
from tests.integration.assurance.watch import Watch
from tests.integration.ingest.test_evm_source import newest
from tests.integration.recovery.village import Village

pytestmark = pytest.mark.node


OPEN = {
    "storage": [{"label": "owner", "slot": "0", "offset": 0, "type": "t_address"}],
    "types": {"t_address": {"encoding": "inplace", "label": "address", "numberOfBytes": "20"}},
}
"""Where OpenVault keeps its owner, as solc says; the granary has whether it is paused there."""


class VillageWatch(Watch):
    """The service of a village, told as ingest tells it."""

    def upgraded(self, village: Village, tx: str) -> None:
        """Tell it of the event as ingest does."""
        receipt = village.node.rpc("eth_getTransactionReceipt", tx)
        told = Event(
            id="1" * 64, chain=f"eip155:{village.chain.id}", block=int(receipt["blockNumber"], 16),
            block_hash=receipt["blockHash"], timestamp=0, tx=tx, index=0, log=0,
            contract=receipt["logs"][0]["address"], protocol="granary", name="Upgraded",
        )  # fmt: skip
        self.tell(EVENTS, told)

    def deployed(self, village: Village) -> list[Deployment]:
        """Tell it what ingest makes of the newest block; return that."""
        block = newest([str(village.node.ipc)])
        told = [one for tx in block.transactions for one in deployments(block, tx)]
        self.tell(DEPLOYMENTS, *told)
        return told

    def opened(self, contract: str) -> dict[str, str]:
        """What was told of a contract: weaknesses, each with its transaction."""
        return {one.weakness: one.tx for one in self.findings() if one.contract == contract}

    def told(self) -> list[tuple[str, str, str]]:
        """What was told so far: weakness, state, transaction."""
        return [(one.weakness, one.state, one.tx) for one in self.findings()]


@pytest.fixture
def endpoints(watched: Village) -> Iterator[Endpoints]:
    found = Endpoints([str(watched.node.ipc)])
    yield found
    found.close()


def watching(village: Village, endpoints: Endpoints, **further: Any) -> VillageWatch:
    """Return the service, which has looked; `further` stands in the manifest as well."""
    (manifest,) = load_manifests(village.manifests).values()
    sources = Sources(manifest.chain, read(village.folder / "artefacts"))
    return VillageWatch.over(endpoints, manifest.model_copy(update=further), Means(sources))


def artefact(village: Village, name: str, made: Contract) -> None:
    """Write what a build would leave of a contract: its code, and its layout as solc gives it."""
    folder = village.folder / "artefacts"
    folder.mkdir(exist_ok=True)
    code = village.node.rpc("eth_getCode", made.address, "latest")
    itself = made.address.removeprefix("0x").rjust(64, "0")  # UUPS keeps its own address
    path = village.folder / f"{name}.json"
    layout = json.loads(path.read_text())["storageLayout"] if path.exists() else OPEN
    content = {
        "contractName": name,
        "deployedBytecode": code.replace(itself, "00" * 32),
        "storageLayout": layout,
    }
    (folder / f"{name}.json").write_text(json.dumps(content))


@pytest.fixture(scope="module")
def watched(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    """A granary that one person owns, with artefacts of all code that it comes to run."""
    folder = tmp_path_factory.mktemp("village")
    options = NodeOptions(mining=False)
    with LocalNode(folder, fetch.anvil(cache, _report), options) as node:
        village = Village(node, lambda name: fetch.npm_package(cache, name, _report), folder)
        _built(village)
        yield village


def _report(line: str) -> None:
    """Say nothing."""


def _built(village: Village) -> None:
    village.build(village.deployer.account.address, "")
    made = {name: village.deployer.create(name) for name in ("Granary", "OpenVault")}
    made["GranaryMended"] = village.mended
    village.deployer.settle()
    for name, contract in made.items():
        artefact(village, name, contract)
    village.made = made  # type: ignore[attr-defined]


def upgrade(village: Village, name: str) -> str:
    to = village.made[name].address  # type: ignore[attr-defined]
    (tx,) = village.do(village.deployer.account, village.granary.call("upgradeToAndCall", to, b""))
    return tx


def posture(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["posture", *arguments])


def test_the_command_prints_a_page_and_says_by_its_status_whether_there_are_gaps(
    watched: Village, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FIREBREAK_EVM__ENDPOINTS", str(watched.node.ipc))
    guardian = watched.guardian.address
    monkeypatch.setenv("FIREBREAK_ASSURE__RESPONDER", guardian)
    manifest = watched.manifests / "granary.toml"
    monkeypatch.setenv("FIREBREAK_PROTOCOLS", str(watched.manifests))
    copytree(watched.folder / "artefacts", watched.manifests / "built")
    with manifest.open("a") as file:
        file.write('[source]\nartefacts = "built"\n')

    result = posture("--pages", str(tmp_path / "pages"))
    assert result.exit_code == 1, (result.output, result.exception)
    assert "# Posture of granary on eip155:31337" in result.output
    assert "an account with one key" in result.output
    assert "| braked | pause |" in result.output
    pages = sorted(path.name for path in (tmp_path / "pages").iterdir())
    assert pages == ["granary.html", "granary.md"]

    found = json.loads(posture("granary", "--json").output)
    assert [one["protocol"] for one in found] == ["granary"]
    assert found[0]["contracts"][0]["source"] == "exact"
    assert posture(str(manifest)).exit_code == 1
    alone = posture(watched.granary.address)
    assert watched.granary.address in alone.output
    assert "no manifest" in str(posture("nobody").exception)


def test_upgrades_are_assessed_as_they_happen(watched: Village, endpoints: Endpoints) -> None:
    watch = watching(watched, endpoints)
    before = {weakness for weakness, *_ in watch.told()}
    assert before == {"no-brake", "open-implementation", "proxy-admin"}

    watch.upgraded(watched, upgrade(watched, "GranaryMended"))
    assert "storage-layout" not in {weakness for weakness, *_ in watch.told()}

    tx = upgrade(watched, "OpenVault")
    told = len(watch.told())
    watch.upgraded(watched, tx)
    new = watch.told()[told:]
    assert ("storage-layout", "open", tx) in new
    assert ("open-initialiser", "open", tx) in new
    assert ("open-function", "open", tx) in new
    watch.upgraded(watched, tx)
    assert watch.told()[told:] == new, "what is known is not told again"


def test_what_the_protocol_deploys_is_assessed_as_it_happens(
    watched: Village, endpoints: Endpoints
) -> None:
    """By a factory that it runs, whoever calls it, and by an account of its own."""
    factory = watched.deployer.create("SingletonFactoryLike")
    watched.deployer.settle()
    builder, stranger = watched.person("builder"), watched.stranger
    (manifest,) = load_manifests(watched.manifests).values()
    watch = watching(
        watched,
        endpoints,
        contracts=(*manifest.contracts, Watched(address=factory.address, role="other")),
        deployers=(builder.address,),
    )

    code = bytes.fromhex(contracts.load("HalfPaused").bytecode.removeprefix("0x"))
    (tx,) = watched.do(stranger, factory.call("deploy", code, bytes(32), gas=3_000_000))
    (made,) = watch.deployed(watched)
    assert (made.factory, made.creator) == (factory.address, stranger.address)
    assert watch.opened(made.address) == {"source-absent": tx, "no-brake": tx}

    for account, looked_at in ((builder, True), (stranger, False)):
        own = Deployer(watched.chain, account, lambda _: watched.folder)
        at = own.create("HalfPaused").address
        own.settle()
        (made,) = watch.deployed(watched)
        assert made.address == at
        expected = {"source-absent": made.tx, "no-brake": made.tx} if looked_at else {}
        assert watch.opened(at) == expected
