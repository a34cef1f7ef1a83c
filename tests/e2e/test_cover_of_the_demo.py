"""A cover that pays over the demo's own case: its evidence is in the log, its root is asserted on
chain, time for disputes goes by, and the holder is paid. Every service, Kafka and node are real.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from cli.demo import BENIGN
from cli.main import app
from neighbours.outbound import evidence_root
from runtime.settings import load
from sandbox.demo.play import Play
from sandbox.demo.stage import SERVICES, Plan, Stage
from sandbox.demo.story import Story
from sandbox.evm import ETHER
from schemas.incidents import Incident
from tests.integration.incidents.running import newest_cases
from tests.integration.underwriting.covered import Covered, Terms
from tests.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.node, pytest.mark.slow]

COVER, TEN_MINUTES = 100 * ETHER, 600
FALSE = False


@pytest.fixture
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    plan = Plan(
        folder=tmp_path_factory.mktemp("c"),  # short enough for sockets
        cache=load().cache,
        scenario="spot-oracle",
        armed=True,
        services={**SERVICES, "forensics": ("audit", "keep")},
    )
    with Stage(plan, report=lambda _line: None) as stage:
        stage.start()
        yield stage


def proved(stage: Stage, case: Incident, folder: Path) -> None:
    """Every alert and transaction that the root is made of is in the log: a proof of each, checked
    without it, shows the record."""
    assert stage.record is not None
    with httpx.Client(base_url=stage.record.url) as log:
        pages = {seen: f"/proof/{seen.alert}" for seen in case.sightings}
        until(lambda: all(log.get(page).is_success for page in pages.values()))
        proofs = {seen: log.get(page).content for seen, page in pages.items()}
    for seen, content in proofs.items():
        proof = folder / f"{seen.alert}.tlog-proof"
        proof.write_bytes(content)
        checked = CliRunner().invoke(app, ["audit", "check", str(proof), "--key", stage.record.key])
        assert checked.exit_code == 0, checked.output
        assert seen.alert in checked.output
        assert seen.tx in checked.output


def test_the_cover_of_the_demo_s_case_is_paid(stage: Stage, tmp_path: Path) -> None:
    terms = Terms(liveness=TEN_MINUTES, ruling=TEN_MINUTES, waiting=TEN_MINUTES)
    covered = Covered(stage.node, terms)
    policy = covered.bought(COVER)
    outcome = Play(stage, Story(stage.plan.scenario, armed=True)).run(BENIGN)
    assert outcome.succeeded, outcome.failures

    (case,) = newest_cases(stage.broker).values()
    proved(stage, case, tmp_path)
    case_id, root = bytes.fromhex(case.id), bytes.fromhex(evidence_root(case)[2:])

    # A stranger's root for the same case is disputed, and slashed.
    false = case_id, bytes(31) + b"\x01", case.opened, 10_000
    bond = terms.bond
    call = covered.pool.call("assertCase", *false, value=bond)
    assert covered.does(covered.stranger, call)
    name = covered.told("idOf", covered.stranger.address, *false)
    covered.disputed(name)
    assert covered.does_pool(covered.arbiter, "rule", name, FALSE)
    assert covered.owed(covered.disputer) == bond + bond // 2

    # What Firebreak recorded stands, once the time for disputes is over.
    true = case_id, root, case.opened, 10_000
    assert covered.does(covered.asserter, covered.pool.call("assertCase", *true, value=bond))
    name = covered.told("idOf", covered.asserter.address, *true)
    assert covered.told("assertionOf", name)[-1] == root
    assert covered.no(covered.stranger, "settle", name) == "OutOfTime"
    assert covered.no(covered.holder, "claim", policy, name) == "WrongFate"
    covered.settled(name)
    assert covered.no(covered.disputer, "dispute", name, value=bond) == "WrongFate"
    assert covered.told("confirmed", case_id) == name
    before, wallet = covered.owed(covered.holder), "0x" + "cc" * 20
    assert covered.does_pool(covered.holder, "claim", policy, name)
    assert covered.owed(covered.holder) - before == COVER
    owed = covered.owed(covered.holder)
    assert covered.does_pool(covered.holder, "withdraw", wallet)
    assert covered.chain.ether(wallet) == owed
    assert covered.solvent()
