"""Diamonds (EIP-2535) on a real node: each facet is looked at as code of the diamond's own, when it
is cut in, and brakes have to cover the functions of all facets together."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from assurance.artefacts import Built, Shelf, read
from assurance.look import Means
from assurance.sources import Sources
from contracts.build import make_project
from sandbox.abi import Interface
from sandbox.evm import Contract
from schemas.assurance import Assessment
from tests.contract.exhibits.venus import compiled
from tests.integration.assurance.ground import Ground, pause
from tests.integration.assurance.watch import Watch

pytestmark = pytest.mark.node

SOURCES = Path(__file__).parent / "diamond"
NOBODY = "0x" + "00" * 20
ADD, REPLACE = 0, 1
VAULT = "deposit()", "withdraw(uint256)", "pause()"


class Workshop:
    """The contracts of `diamond/`, as the real compiler builds them."""

    def __init__(self, ground: Ground, folder: Path) -> None:
        self.ground = ground
        make_project(folder, SOURCES, ground.cache, print)
        self.shelf = read(folder / "artifacts")
        built = msgspec.json.decode((folder / "artifacts/build-info/build.json").read_bytes())
        self._made: dict[str, Any] = built["output"]["contracts"]["Diamond.sol"]

    def create(self, name: str, *arguments: Any) -> Contract:
        one = self._made[name]
        bytecode = one["evm"]["bytecode"]["object"]
        made = self.ground.deployer.create_compiled(Interface(one["abi"]), bytecode, *arguments)
        self.ground.deployer.settle()
        return made

    def functions(self, name: str) -> list[bytes]:
        return list(Interface(self._made[name]["abi"]).selectors)

    def diamond(self, cutter: str = "CutFacet") -> Contract:
        """Create one that nothing but its cuts and its loupe leads to."""
        facet = self.create(cutter)
        here = self.create("Diamond", self.ground.me.address, facet.address, self.functions(cutter))
        abi = [entry for name in (cutter, "VaultFacet") for entry in self._made[name]["abi"]]
        return Contract(here.address, Interface(abi))

    def cut(self, diamond: Contract, name: str, but: str = "", *, quietly: bool = False) -> str:
        """Lead a new facet's functions to it; return the transaction."""
        facet = self.create(name)
        led = [one for one in self.functions(name) if one.hex() != but]
        call = (
            diamond.call("quietCut", facet.address, led)
            if quietly
            else diamond.call("diamondCut", [(facet.address, ADD, led)], NOBODY, b"")
        )
        (tx,) = self.ground.do(call)
        return tx


DRAIN = "9890220b"
"""`drain()`, which is in the vault's code and which nothing leads to."""


def watched(workshop: Workshop, diamond: Contract, shelf: Shelf | None = None) -> Watch:
    """Return the service, which has looked at a diamond that its own `pause` brakes."""
    ground = workshop.ground
    manifest = ground.manifest((diamond, "vault"))
    sources = Sources(manifest.chain, shelf or workshop.shelf)
    means = Means(sources, (pause(diamond, ground.me.address),))
    return Watch.over(ground.endpoints, manifest, means)


@pytest.fixture(scope="module")
def workshop(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(ground, tmp_path_factory.mktemp("diamonds") / "project")


def covered(found: Assessment) -> dict[str, str]:
    return {one.function: one.stance for one in found.contracts[0].functions}


def test_a_facet_is_looked_at_when_it_is_cut_in(workshop: Workshop) -> None:
    diamond = workshop.diamond()
    workshop.cut(diamond, "VaultFacet", DRAIN)
    workshop.ground.do(diamond.call("deposit", value=100))
    watch = watched(workshop, diamond)
    first = watch.stands()
    assert covered(first) == {"withdraw(uint256)": "braked", "deposit()": "braked"}
    assert watch.open_now().keys() == {"proxy-admin"}

    assert first.contracts[0].proxy == "other"
    assert first.contracts[0].source == "exact"
    assert first.contracts[0].unseen == ()
    assert len(first.contracts[0].facets) == 2

    tx = workshop.cut(diamond, "LooseFacet")
    watch.of_ingest(workshop.ground.node)
    now = watch.open_now()
    wanted = {
        "open-initialiser": "critical", "delegates-to-caller": "high", "unbraked-out": "high",
    }  # fmt: skip
    assert {name: now[name].severity for name in wanted} == wanted
    assert {now[name].tx for name in wanted} == {tx}
    loose = watch.stands().contracts[0].facets[-1]
    assert now["delegates-to-caller"].summary.startswith(f"its facet {loose}: run(address,bytes)")
    assert covered(watch.stands()) == covered(first) | {"leak()": "goes on"}

    functions = workshop.functions("LooseFacet")
    workshop.ground.do(diamond.call("diamondCut", [(NOBODY, 2, functions)], NOBODY, b""))
    watch.of_ingest(workshop.ground.node)
    assert watch.open_now().keys() == {"proxy-admin"}


@pytest.mark.parametrize(
    ("name", "clash"), [("LargerVaultFacet", ""), ("ShiftedVaultFacet", "paused at slot 0")]
)
def test_a_facet_that_takes_another_s_place_reads_what_that_one_kept(
    workshop: Workshop, name: str, clash: str
) -> None:
    diamond = workshop.diamond()
    workshop.cut(diamond, "VaultFacet", DRAIN)
    watch = watched(workshop, diamond)
    tx = workshop.cut(diamond, name)
    watch.of_ingest(workshop.ground.node)
    (stands,) = watch.stands().contracts
    assert stands.unseen == ()
    found = watch.open_now().get("storage-layout")
    if not clash:
        assert found is None
        return
    assert found is not None
    assert (found.severity, found.tx) == ("critical", tx)
    assert clash in found.summary
    watch.of_ingest(workshop.ground.node)
    assert watch.open_now()["storage-layout"] == found, "until it is cut again"


def test_whoever_may_cut_it_is_asked_for(workshop: Workshop) -> None:
    closed, opened = workshop.diamond(), workshop.diamond("OpenCutFacet")
    watch = watched(workshop, closed)
    assert "the owner of the diamond" in watch.stands().contracts[0].authority
    assert watch.open_now()["proxy-admin"].severity == "high"
    found = watched(workshop, opened).open_now()["open-function"]
    assert found.severity == "critical"
    assert "diamondCut" in found.summary


def test_a_cut_that_logs_nothing_is_seen_when_the_next_block_comes_by(workshop: Workshop) -> None:
    diamond = workshop.diamond()
    workshop.cut(diamond, "VaultFacet", DRAIN)
    watch = watched(workshop, diamond)
    told = len(watch.findings())
    workshop.cut(diamond, "LooseFacet", quietly=True)
    watch.block()
    assert "open-initialiser" in {one.weakness for one in watch.findings()[told:]}
    told = len(watch.assessments())
    watch.block()
    assert len(watch.assessments()) == told, "what stands as before is left alone"


def test_a_facet_without_code_or_source_is_told(workshop: Workshop) -> None:
    diamond = workshop.diamond()
    workshop.ground.do(diamond.call("quietCut", workshop.ground.other.address, [b"\1\2\3\4"]))
    found = watched(workshop, diamond).open_now()["no-code"]
    assert found.severity == "high"
    assert "1 functions lead there" in found.summary
    shelf = Shelf()
    shelf.add(Built("nothing", b"\0", next(iter(workshop.shelf._by_length.values()))[0].known))
    known = watched(workshop, workshop.diamond(), shelf)
    absent = [one for one in known.stands().findings if one.weakness == "source-absent"]
    assert len(absent) == 2, "the diamond's and its facet's"


def test_the_facets_behind_venus_s_unitroller_are_looked_at(workshop: Workshop) -> None:
    """Its own bytecode: a proxy of Compound's kind, a diamond behind it, an event of its own."""
    ground = workshop.ground
    unitroller, diamond, setter = (
        compiled(ground.deployer, name) for name in ("Unitroller", "Diamond", "SetterFacet")
    )
    ground.deployer.settle()
    ground.do(
        unitroller.call("_setPendingImplementation", diamond.address),
        diamond.call("_become", unitroller.address),
    )
    comptroller = Contract(unitroller.address, diamond.interface)
    manifest_of = Contract(unitroller.address, Interface([
        {"type": "function", "name": "pause", "inputs": [], "outputs": []},
    ]))  # fmt: skip
    watch = watched(workshop, manifest_of)
    (before,) = watch.stands().contracts
    assert before.implementation == diamond.address
    assert before.facets == ()
    assert watch.open_now()["proxy-admin"].severity == "high"
    led = [(setter.address, ADD, list(setter.interface.selectors))]
    (tx,) = ground.do(comptroller.call("diamondCut", led))
    watch.of_ingest(workshop.ground.node)
    (after,) = watch.stands().contracts
    assert after.facets == (setter.address,)
    told = [one for one in watch.findings() if one.tx == tx]
    assert [one.weakness for one in told if setter.address in one.summary] == ["source-absent"]


def test_a_price_is_followed_into_the_facet_of_another_diamond(workshop: Workshop) -> None:
    oracle = workshop.diamond()
    lender = workshop.create("Lender", oracle.address)
    found = workshop.ground.assessed((lender, "pool"), shelf=workshop.shelf)
    assert "spot-price" not in {one.weakness for one in found.findings}
    workshop.cut(oracle, "PriceFacet")
    found = workshop.ground.assessed((lender, "pool"), shelf=workshop.shelf)
    (price,) = (one for one in found.findings if one.weakness == "spot-price")
    assert price.severity == "high"
    assert price.evidence == (f"borrow(): asks getReserves(), through {oracle.address}",)


def test_a_loupe_that_burns_all_gas_keeps_nobody_from_looking(workshop: Workshop) -> None:
    trap = workshop.create("Trap")
    found = workshop.ground.assessed((trap, "vault"), shelf=workshop.shelf)
    (one,) = found.contracts
    assert one.facets == ()
    assert "no loupe (EIP-2535)" in one.unseen[0]
    assert "delegates-to-storage" in {one.weakness for one in found.findings}
