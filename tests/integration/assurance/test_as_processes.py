"""What was deployed and upgraded is in a case within seconds, through every process that there is.

A real node, a real broker; ingest, assure and incidents as operators start them.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

import contracts
from runtime.kafka import KafkaBroker
from sandbox import fetch
from sandbox.deployer import Deployer
from sandbox.evm import created_by
from sandbox.fetch_slither import installed
from sandbox.node import LocalNode, NodeOptions
from sandbox.process import ChildProcess
from schemas.assurance import Finding
from schemas.codec import decode_from
from schemas.errors import TransientError
from schemas.topics import ASSESSMENTS, FINDINGS, TOPICS
from tests.integration.assurance.built import project
from tests.integration.assurance.test_as_it_happens import artefact
from tests.integration.incidents.running import everything, newest_cases
from tests.integration.recovery.village import Village
from tests.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.node, pytest.mark.slow]

FIREBREAK = str(Path(sys.executable).with_name("firebreak"))
SERVICES = (("ingest", "evm"), ("assure",), ("incidents",))

SECONDS = 5.0
"""From the transaction to the case: 0.2 to 0.4 s were measured."""


@dataclass
class Town:
    """A granary, a lot where something is to be built, and everyone who watches them."""

    village: Village
    broker: KafkaBroker
    lot: str

    def findings(self) -> list[Finding]:
        found = [
            decode_from(FINDINGS, one.value or b"") for one in everything(self.broker, FINDINGS)
        ]
        return [one for one in found if isinstance(one, Finding)]

    def opened(self, tx: str) -> dict[str, Finding]:
        return {
            one.weakness: one for one in self.findings() if one.tx == tx and one.state == "open"
        }

    def in_a_case(self, finding: Finding) -> bool:
        """Whether the case stream has it, as grave as it was found."""
        return any(
            sighting.alert == finding.id
            and (sighting.severity, sighting.set) == (finding.severity, "assurance")
            for case in newest_cases(self.broker).values()
            for sighting in case.sightings
        )

    def watched(self) -> bool:
        """Whether what was found at first is in a case. Topics may still be without leaders."""
        try:
            return any(self.in_a_case(one) for one in self.findings())
        except TransientError:
            return False

    def shown(self, tx: str, wanted: dict[str, str], since: float) -> float:
        """Wait until these weaknesses, each of a severity, are in cases; return the seconds."""
        until(lambda: wanted.keys() <= self.opened(tx).keys(), patience=60)
        found = self.opened(tx)
        assert {name: found[name].severity for name in wanted} == wanted
        until(lambda: all(self.in_a_case(found[name]) for name in wanted), patience=60)
        return time.monotonic() - since


@pytest.fixture
def town(
    cache: Path, tmp_path_factory: pytest.TempPathFactory, broker: KafkaBroker, bootstrap: str,
    namespace: str,
) -> Iterator[Town]:  # fmt: skip
    folder = tmp_path_factory.mktemp("town")
    with ExitStack() as stack:
        node = stack.enter_context(
            LocalNode(folder, fetch.anvil(cache, print), NodeOptions(mining=False))
        )
        village = Village(node, lambda name: fetch.npm_package(cache, name, print), folder)
        slither = installed(cache)
        lot = _settled(village, None if slither is None else cache)
        broker.create(TOPICS.values())
        environment = {
            "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
            "FIREBREAK_KAFKA__NAMESPACE": namespace,
            "FIREBREAK_PROTOCOLS": str(village.manifests),
            "FIREBREAK_EVM__ENDPOINTS": json.dumps([str(node.ipc)]),
            "FIREBREAK_EVM__START": "0",
            "FIREBREAK_ASSURE__RESPONDER": village.deployer.account.address,
            "FIREBREAK_HOME": str(folder / "home"),
        }
        if slither is not None:
            environment["FIREBREAK_ASSURE__SLITHER"] = str(slither)
        for command in SERVICES:
            log = folder / f"{command[0]}.log"
            process = ChildProcess([FIREBREAK, *command], log, environment=environment)
            stack.callback(process.kill)
        town = Town(village, broker, lot)
        until(town.watched, patience=120)
        yield town


def _settled(village: Village, cache: Path | None) -> str:
    """Build the granary, with artefacts of what it runs and will run; return where the next
    contract of its deployer comes to lie, which is watched already. With a cache, there is a
    source for Slither, too."""
    village.build(village.deployer.account.address, "")
    made = {name: village.deployer.create(name) for name in ("Granary", "OpenVault")}
    factory = village.deployer.create("SingletonFactoryLike")
    village.deployer.settle()
    for name, contract in made.items():
        artefact(village, name, contract)
    village.made, village.factory = made, factory  # type: ignore[attr-defined]
    village.builder = village.person("builder")  # type: ignore[attr-defined]
    account = village.deployer.account
    lot = created_by(account.address, village.chain.nonce(account))
    manifest = village.manifests / "granary.toml"
    (village.folder / "artefacts").rename(village.manifests / "built")
    manifest.write_text(
        f'deployers = ["{village.builder.address}"]\n{manifest.read_text()}'  # type: ignore[attr-defined]
        f'[[contracts]]\naddress = "{factory.address}"\nrole = "other"\n'
        f'[[contracts]]\naddress = "{lot}"\nrole = "vault"\n'
        f'[[brakes]]\nname = "pause-lot"\nadapter = "pausable"\ntarget = "{lot}"\nscope = "T2"\n'
        '[source]\nartefacts = "built"\n'
    )
    if cache is not None:
        project(village.folder, cache, "lookalikes/Flawed.sol").rename(village.manifests / "source")
        with manifest.open("a") as file:
            file.write('solidity = "source"\n')
    return lot


def test_a_deployment_and_an_upgrade_are_in_a_case_within_seconds(town: Town) -> None:
    village, make = town.village, town.village.deployer
    at_first = {(one.weakness, one.contract) for one in town.findings()}
    assert ("no-code", town.lot) in at_first

    began = time.monotonic()
    built = make.create("HalfPaused")
    make.settle()
    assert built.address == town.lot
    head = village.node.rpc("eth_getBlockByNumber", "latest", False)["transactions"]  # noqa: FBT003 - its own
    took = town.shown(head[-1], {"source-absent": "medium", "unbraked-out": "high"}, began)
    print(f"from the deployment to the case: {took:.1f} s")  # noqa: T201 - shown by -s
    assert took < SECONDS
    until(lambda: any(f.weakness == "no-code" and f.state == "resolved" for f in town.findings()))

    began = time.monotonic()
    to = village.made["OpenVault"].address  # type: ignore[attr-defined]
    upgraded = village.granary.call("upgradeToAndCall", to, b"")
    (tx,) = village.do(make.account, upgraded)
    wanted = {"storage-layout": "critical", "open-initialiser": "critical"}
    took = town.shown(tx, wanted, began)
    print(f"from the upgrade to the case: {took:.1f} s")  # noqa: T201 - shown by -s
    assert took < SECONDS
    assert everything(town.broker, ASSESSMENTS)


def test_what_a_factory_and_a_deployer_of_ours_create_is_in_a_case(town: Town) -> None:
    """At addresses that no manifest names."""
    village, wanted = town.village, {"source-absent": "medium", "unbraked-out": "high"}
    code = bytes.fromhex(contracts.load("HalfPaused").bytecode.removeprefix("0x"))
    deploy = village.factory.call("deploy", code, bytes(32), gas=3_000_000)  # type: ignore[attr-defined]
    began = time.monotonic()
    (tx,) = village.do(village.stranger, deploy)
    took = town.shown(tx, wanted, began)
    print(f"from the factory's creation to the case: {took:.1f} s")  # noqa: T201 - shown by -s

    began = time.monotonic()
    own = Deployer(village.chain, village.builder, lambda _: village.folder)  # type: ignore[attr-defined]
    built = own.create("HalfPaused")
    own.settle()
    (tx,) = village.node.rpc("eth_getBlockByNumber", "latest", False)["transactions"]  # noqa: FBT003 - its own
    took = town.shown(tx, wanted, began)
    print(f"from the deployer's creation to the case: {took:.1f} s")  # noqa: T201 - shown by -s
    assert {one.contract for one in town.findings() if one.tx == tx} == {built.address}


def test_what_slither_finds_in_the_source_is_in_a_case(slither: str, town: Town) -> None:
    assert slither
    town.shown("", {"slither-controlled-delegatecall": "high"}, time.monotonic())
