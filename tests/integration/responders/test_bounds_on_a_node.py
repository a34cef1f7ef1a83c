"""What there is to lose grows beyond what the bucket on chain bounds: it is tightened, once."""

from decimal import Decimal
from pathlib import Path

import pytest

from responders.journal import Journal
from responders.rederive import decided, rederive
from runtime.broker import Partition
from runtime.memory import MemoryBroker
from sandbox.evm import ETHER
from schemas.topics import ALERTS
from schemas.units import NATIVE as COIN
from tests.integration.responders.bounded import MONEY, grows, valued, watched
from tests.integration.responders.bucketed import BRAKED, NATIVE, ON, RAMP, TIGHT, WIDE, Scene
from tests.integration.responders.place import Place
from tests.unit.responders.bench import FINAL, GROUP

pytestmark = pytest.mark.node


@pytest.fixture
def scene(place: Place) -> Scene:
    return Scene(place, 10 * ETHER)


def test_a_bucket_is_tightened_once_and_people_set_it_for_good(scene: Scene) -> None:
    place = scene.place
    with watched(scene) as one:
        one.looks()
        assert one.shown("loss_beyond_allowable") == 0
        grows(scene, 40)
        one.looks()  # no block of it is final yet
        assert place.brakes() == []
        look = one.looks()
        assert one.responder.states()[-1] == "final"
        assert scene.limits() == TIGHT
        assert look.allowances[0].held == 50 * MONEY
        assert one.shown("loss_beyond_allowable") == 1  # what it heals to is as wide as before
        one.looks()
        place.hands.mine(BRAKED + RAMP)
        one.looks()
        assert scene.limits() == WIDE
        (step,) = [step for step in one.responder.published() if decided(step)]
        assert rederive(step).equal
    with watched(scene) as one:  # a restart knows it from the journal
        one.looks()
        assert len(place.brakes()) == 1
        place.by_safe(scene.bucket.call("setLimits", NATIVE, 8 * ETHER, ETHER // 3600))
        one.looks()
        assert one.shown("loss_beyond_allowable") == 0
        place.by_safe(scene.bucket.call("setLimits", NATIVE, *WIDE))
        place.hands.mine(RAMP)
        one.looks()
        assert one.shown("loss_beyond_allowable") == 1
    assert len(place.brakes()) == 1  # another breach, in the same window of the budget


def test_what_is_held_for_less_than_finality_takes_tightens_nothing(scene: Scene) -> None:
    with watched(scene) as one:
        grows(scene, 5)
        scene.place.hands.mine()
        for _ in range(FINAL - 2):
            scene.place.hands.mine()
        assert one.looks().allowances[0].held == 10 * MONEY
        scene.sends(scene.vault.call("withdraw", 5 * ETHER))
        assert one.looks().allowances[0].held == 10 * MONEY
    assert scene.place.brakes() == []


def test_an_alert_finds_its_budget_untouched(scene: Scene) -> None:
    with watched(scene) as one:
        grows(scene, 40)
        one.looks()
        one.looks()
        assert len(scene.place.brakes()) == 1
        assert one.responder.ledger.guard.spent == ()
        one.responder.receive(scene.alert(1))
        assert one.responder.states()[-3:] == ["proposed", "authorised", "satisfied"]


def test_disarmed_it_is_rehearsed_and_told(scene: Scene) -> None:
    with watched(scene, armed=False) as one:
        grows(scene, 40)
        one.looks()
        for _ in range(3):
            one.looks()
        assert one.responder.states() == ["proposed", "rehearsed"]
        assert one.shown("loss_beyond_allowable") == 1
    assert scene.limits() == WIDE


def test_who_knows_nothing_of_an_old_tightening_makes_another(scene: Scene, tmp_path: Path) -> None:
    """A replica that takes over reads no further back than its limits look."""
    grows(scene, 40)
    for _ in range(1 + FINAL):
        scene.place.hands.mine()
    with watched(scene) as one:
        one.looks()
    scene.place.hands.mine(BRAKED + RAMP)
    with watched(scene, journal=Journal(tmp_path / "another.jsonl")) as one:
        one.looks()
        assert one.responder.states()[-1] == "final"
    assert len(scene.place.brakes()) == 2


def test_what_another_replica_left_goes_on_at_once_as_the_same_action(
    scene: Scene, tmp_path: Path
) -> None:
    place, broker = scene.place, MemoryBroker()
    grows(scene, 40)
    for _ in range(1 + FINAL):
        place.hands.mine()
    with watched(scene, broker=broker) as one:
        one.acts()
        assert one.responder.states()[-1] == "broadcast"
    place.node.rpc("anvil_dropAllTransactions")
    alerts = Partition(ALERTS.name, 0)
    broker.commit(GROUP, {alerts: 0})
    with watched(scene, journal=Journal(tmp_path / "another.jsonl"), broker=broker) as one:
        one.responder.succession.take_over(one.responder.book, [valued(scene)])
        assert one.responder.states()[-1] == "refused"
        assert one.responder.succession.starts([alerts]) == {}, "no alert called for it"
        one.looks()
        assert one.responder.states()[-1] == "final"
        assert len({step.action for step in one.responder.published()}) == 1
    assert len(place.brakes()) == 1
    assert scene.limits() == TIGHT


def test_an_asset_that_is_not_enrolled_is_told_and_no_bucket_is_believed(scene: Scene) -> None:
    scene.place.by_safe(scene.bucket.call("enrol", scene.vault.address, NATIVE, not ON))
    with watched(scene, valued(scene, bucket_capacity=Decimal(10 * MONEY))) as one:
        look = one.looks()
        assert look.faults == {COIN: f"{scene.vault.address} is not enrolled with the bucket"}
        assert look.present is None
        assert one.shown("bucket_amiss") == 1
        assert one.responder.outlook.bucket(scene.place.manifest.protocol) is None


def test_what_the_chain_has_counts_and_not_what_the_manifest_says(scene: Scene) -> None:
    with watched(scene, valued(scene, bucket_capacity=Decimal(9 * MONEY))) as one:
        look = one.looks()
        assert look.faults == {COIN: "the bucket lets more through than the manifest says"}
        assert look.present is not None
        assert look.present.capacity == 10 * MONEY
        assert one.responder.outlook.bucket(scene.place.manifest.protocol) == look.present
    with watched(scene, valued(scene, bucket="0x" + "ab" * 20)) as one:
        assert one.looks().faults == {
            COIN: "there is no such bucket, or it does not list the asset"
        }
    with watched(scene, valued(scene, bucket_capacity=Decimal(10 * MONEY))) as one:
        assert one.looks().faults == {}
        assert one.shown("bucket_amiss") == 0
