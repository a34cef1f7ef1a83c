"""What every adapter promises, on a real node: one suite over all families, by each route."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from responders.adapters import registry
from responders.adapters.base import Adapter, Condition, Outcome
from sandbox import fetch
from sandbox.node import LocalNode, NodeOptions
from schemas.activities import Activity
from tests.contract.exhibits.catalogue import EXHIBITS
from tests.contract.stage import ACTION, Exhibit, Stage

pytestmark = pytest.mark.node

OTHER_ACTION = "cd" * 32
SHOWS = [
    pytest.param((name, route), id=f"{name}-{route}")
    for name in EXHIBITS
    for route in ("direct", "gate")
    if (name, route) != ("gate", "direct")
]


class Show(NamedTuple):
    """One exhibit, set up to be braked by one route."""

    stage: Stage
    exhibit: Exhibit
    adapter: Adapter


def _report(line: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def stage(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    anvil = fetch.anvil(cache, _report)
    with LocalNode(tmp_path_factory.mktemp("n"), anvil, NodeOptions(mining=False)) as node:
        made = Stage(node, cache)
        yield made
        made.close()


@pytest.fixture(scope="module", params=SHOWS)
def staged(request: pytest.FixtureRequest, stage: Stage) -> Show:
    name, route = request.param
    if route == "direct":
        exhibit = EXHIBITS[name](stage, stage.responder.address)
        return Show(stage, exhibit, stage.adapter(exhibit.brake))
    gate = stage.new_gate()
    exhibit = EXHIBITS[name](stage, gate.address)
    stage.allow(gate, exhibit.brake)
    gated = exhibit.brake.model_copy(update={"gate": gate.address})
    return Show(stage, exhibit, stage.adapter(gated))


@pytest.fixture
def show(staged: Show) -> Iterator[Show]:
    """The exhibit as it was set up, whatever the tests before did to it."""
    snapshot = staged.stage.node.rpc("evm_snapshot")
    yield staged
    assert staged.stage.node.rpc("evm_revert", snapshot)
    staged.stage.begin()


def test_every_family_is_on_show(stage: Stage) -> None:
    shown = {make(stage, stage.responder.address).brake.adapter for make in EXHIBITS.values()}
    assert shown == set(registry.FAMILIES)


def test_it_brakes_and_people_release(show: Show) -> None:
    stage, exhibit, adapter = show
    assert adapter.probe(stage.head) is Condition.OPEN
    for call in (*exhibit.stopped, *exhibit.going):
        assert stage.works(stage.user, call)
    trial = adapter.simulate(ACTION, stage.responder.address, stage.head)
    assert trial.outcome is Outcome.WOULD_BRAKE, trial.reason

    receipt = stage.pull(adapter)
    assert receipt.ok
    check = adapter.verify(receipt)
    assert check.holds, check.reason
    assert adapter.probe(stage.head) is Condition.BRAKED
    assert adapter.probe(receipt.block - 1) is Condition.OPEN
    assert not any(stage.works(stage.user, call) for call in exhibit.stopped)
    assert all(stage.works(stage.user, call) for call in exhibit.going)

    stage.do(stage.people, *exhibit.release)
    if exhibit.released_after:
        stage.hands.mine(exhibit.released_after)
    assert adapter.probe(stage.head) is Condition.OPEN
    assert not adapter.verify(replace(receipt, block=stage.head)).holds
    assert all(stage.works(stage.user, call) for call in exhibit.stopped)


def test_braked_already_is_success(show: Show) -> None:
    stage, _, adapter = show
    stage.pull(adapter)
    trial = adapter.simulate(OTHER_ACTION, stage.responder.address, stage.head)
    assert trial.outcome is not Outcome.WOULD_FAIL, trial.reason
    second = stage.pull(adapter, OTHER_ACTION)
    assert adapter.verify(second).holds
    assert adapter.probe(stage.head) is Condition.BRAKED


def test_a_stranger_cannot_pull_it(show: Show) -> None:
    stage, exhibit, adapter = show
    trial = adapter.simulate(ACTION, stage.stranger.address, stage.head)
    if exhibit.anyone and adapter.call(ACTION).to == exhibit.brake.target:
        assert trial.outcome is Outcome.WOULD_BRAKE
        return
    assert trial.outcome is Outcome.WOULD_FAIL
    assert f"at block {stage.head} it would revert" in trial.reason


def test_the_plan_names_the_brake_whatever_the_state(show: Show) -> None:
    stage, exhibit, adapter = show
    before = adapter.plan()
    stage.pull(adapter)
    assert adapter.plan() == before
    assert before.target == exhibit.brake.target
    assert before.scope == exhibit.brake.scope
    assert before.also_stops.words
    assert before.also_stops.activities <= frozenset(Activity)
    assert adapter.describe_release().endswith("; never this automation")


def test_a_target_without_code_is_unknown(show: Show) -> None:
    stage, exhibit, _ = show
    nothing = exhibit.brake.model_copy(update={"target": "0x" + "ee" * 20})
    assert stage.adapter(nothing).probe(stage.head) is Condition.UNKNOWN
