"""What every adapter promises, on a real node: one suite over all families, by each route."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

import pytest

from responders.adapters import registry
from responders.adapters.base import Adapter, Condition, Outcome
from responders.answers import Receipt
from responders.chain import Answer, Call, Head, NodeChain
from schemas.activities import Activity
from schemas.errors import TransientError
from schemas.manifest import Roles
from tests.contract import safes
from tests.contract.exhibits.catalogue import EXHIBITS
from tests.contract.stage import ACTION, Exhibit, Stage

pytestmark = pytest.mark.node

LIES = (
    "0x",
    "0x01",
    "0x" + "ff" * 32,
    "0x" + "ff" * 64,
    "0x" + "ff" * 4096,
    "0x" + "00" * 96,
)
OTHER_ACTION = "cd" * 32
SHOWS = [
    pytest.param((name, route), id=f"{name}-{route}")
    for name in EXHIBITS
    for route in ("direct", "gate", "roles", "safe")
    if name != "gate" or route == "gate"
]


class Show(NamedTuple):
    """One exhibit, set up to be braked by one route."""

    stage: Stage
    exhibit: Exhibit
    adapter: Adapter
    route: str


class Liar(NodeChain):
    """A chain whose contracts answer everything alike."""

    def __init__(self, chain: NodeChain, answer: str, *, ok: bool = True) -> None:
        self._chain = chain
        self._answer = Answer(ok=ok, data=answer)

    @property
    def name(self) -> str:
        return self._chain.name

    def head(self) -> Head:
        return self._chain.head()

    def has_code(self, address: str, block: int) -> bool:
        return True

    def call(self, call: Call, *, sender: str | None, block: int | None = None) -> Answer:
        return self._answer


class Deaf(Liar):
    """A chain whose nodes do not answer."""

    def call(self, call: Call, *, sender: str | None, block: int | None = None) -> Answer:
        raise TransientError("no node answers")


@pytest.fixture(scope="module", params=SHOWS)
def staged(
    request: pytest.FixtureRequest, stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> Show:
    name, route = request.param
    make, emergency = EXHIBITS[name], None
    way: dict[str, Any] = {}
    if route == "gate":
        gate = stage.new_gate()
        exhibit = make(stage, gate.address)
        stage.allow(gate, exhibit.brake)
        way = {"gate": gate.address}
    elif route == "roles":
        place = safes.guarded(stage)
        exhibit = make(stage, place.safe.address)
        safes.allow(stage, place, exhibit.brake)
        way = {"roles": Roles(modifier=place.modifier.address, role="0x" + safes.ROLE.hex())}
    elif route == "safe":
        safe = safes.new_safe(stage)
        exhibit = make(stage, safe.address)
        emergency = tmp_path_factory.mktemp("emergency")
        safes.sign(stage, safe, exhibit.brake, emergency, count=3)
        way = {"safe": safe.address}
    else:
        exhibit = make(stage, stage.responder.address)
    routed = exhibit.brake.model_copy(update=way)
    return Show(stage, exhibit, stage.adapter(routed, emergency=emergency), route)


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
    stage, exhibit, adapter, _ = show
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
    stage, _, adapter, _ = show
    stage.pull(adapter)
    trial = adapter.simulate(OTHER_ACTION, stage.responder.address, stage.head)
    assert trial.outcome is not Outcome.WOULD_FAIL, trial.reason
    second = stage.pull(adapter, OTHER_ACTION)
    assert adapter.verify(second).holds
    assert adapter.probe(stage.head) is Condition.BRAKED


def test_a_stranger_cannot_pull_it_unless_owners_of_a_safe_signed_it(show: Show) -> None:
    stage, exhibit, adapter, route = show
    trial = adapter.simulate(ACTION, stage.stranger.address, stage.head)
    if route == "safe" or (route == "direct" and exhibit.anyone):
        assert trial.outcome is Outcome.WOULD_BRAKE
        return
    assert trial.outcome is Outcome.WOULD_FAIL
    assert f"at block {stage.head} it would revert" in trial.reason


def test_the_plan_names_the_brake_whatever_the_state(show: Show) -> None:
    stage, exhibit, adapter, _ = show
    before = adapter.plan()
    stage.pull(adapter)
    assert adapter.plan() == before
    assert before.target == exhibit.brake.target
    assert before.scope == exhibit.brake.scope
    assert before.also_stops.words
    assert before.also_stops.activities <= frozenset(Activity)
    assert adapter.describe_release().endswith("; never this automation")


def test_a_target_that_does_not_answer_is_unknown(show: Show) -> None:
    stage, exhibit, *_ = show
    mute = stage.adapter(exhibit.brake, Liar(stage.chain, "0x"))
    assert mute.probe(stage.head) is Condition.UNKNOWN


def test_whatever_a_target_answers_is_survived(show: Show) -> None:
    stage, exhibit, *_ = show
    for lie, ok in product(LIES, (True, False)):
        adapter = stage.adapter(exhibit.brake, Liar(stage.chain, lie, ok=ok))
        assert isinstance(adapter.probe(7), Condition)
        assert adapter.simulate(ACTION, stage.responder.address, 7).reason
        with suppress(TransientError):  # where what is sent depends on the answer
            assert adapter.call(ACTION).to
        assert adapter.verify(Receipt("0x1", 7, "0x2", ok=True)).reason


def test_a_node_that_does_not_answer_is_waited_for(show: Show) -> None:
    stage, exhibit, *_ = show
    adapter = stage.adapter(exhibit.brake, Deaf(stage.chain, "0x"))
    with pytest.raises(TransientError):
        adapter.simulate(ACTION, stage.responder.address, 7)
