"""What there is to lose grows beyond what the bucket on chain bounds: it is tightened, once."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from responders.bounds import Bounds, Look
from responders.rederive import decided, rederive
from sandbox.evm import ETHER
from schemas.loss import Asset, Loss
from schemas.manifest import Contract, Manifest
from schemas.units import NATIVE as COIN
from tests.integration.responders.bucketed import (
    BRAKED,
    NATIVE,
    ON,
    RAMP,
    TIGHT,
    WIDE,
    Scene,
)
from tests.integration.responders.place import Place
from tests.unit.responders.bench import FINAL, Assembly

pytestmark = pytest.mark.node

MONEY = 100_000
"""What an ether is worth."""
ALLOWABLE = 12 * MONEY
"""The bucket lets 10 ether through at once, and 2.5 more until people come."""


@pytest.fixture
def scene(place: Place) -> Scene:
    return Scene(place, 10 * ETHER)


def valued(scene: Scene, **changes: object) -> Manifest:
    """The vault's ether in money, in a manifest that says nothing of a bucket."""
    given = scene.manifest
    asset = Asset(
        token=COIN, price=Decimal(MONEY), allowable=Decimal(ALLOWABLE), loss_per_second=Decimal(1)
    )
    vault = Contract(address=scene.vault.address, role="pool", holds_value=True)
    known = given.model_dump() | {
        "contracts": (*given.contracts, vault),
        "assets": (asset.model_copy(update=changes),),
        "loss": Loss(detect_seconds=1, decide_seconds=1, include_seconds=12),
    }
    return Manifest.model_validate(known)


class Watched:
    """A responder, and who looks at the bounds beside it."""

    def __init__(self, scene: Scene, responder: Assembly, given: Manifest) -> None:
        self.place, self.responder = scene.place, responder
        self._bounds = Bounds(scene.place.chain, [given], FINAL, responder.metrics, responder.clock)

    def looks(self) -> Look:
        """Look, and let what is done about it become final."""
        (look,) = self._bounds.look()
        self.responder.responder.tell(look)
        self.responder.look()
        self.place.mine(self.responder, 1 + FINAL)
        return look

    def shown(self, name: str) -> float | None:
        labels = {"protocol": self.place.manifest.protocol, "asset": COIN}
        return self.responder.metrics.registry.get_sample_value(f"firebreak_{name}", labels)


@contextmanager
def watched(
    scene: Scene, given: Manifest | None = None, *, armed: bool = True
) -> Iterator[Watched]:
    manifest = given or valued(scene)
    with scene.place.responder(given=manifest, armed=armed) as responder:
        yield Watched(scene, responder, manifest)


def grows(scene: Scene, ether: int) -> None:
    scene.sends(scene.vault.call("deposit", value=ether * ETHER))


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


def test_an_asset_that_is_not_enrolled_is_told_and_no_bucket_is_believed(scene: Scene) -> None:
    scene.place.by_safe(scene.bucket.call("enrol", scene.vault.address, NATIVE, not ON))
    with watched(scene, valued(scene, bucket_capacity=Decimal(10 * MONEY))) as one:
        look = one.looks()
        assert look.faults == {COIN: f"{scene.vault.address} is not enrolled with the bucket"}
        assert look.present is None
        assert one.shown("bucket_amiss") == 1
        assert one.responder.outlook.buckets == {}


def test_what_the_chain_has_counts_and_not_what_the_manifest_says(scene: Scene) -> None:
    with watched(scene, valued(scene, bucket_capacity=Decimal(9 * MONEY))) as one:
        look = one.looks()
        assert look.faults == {COIN: "the bucket lets more through than the manifest says"}
        assert look.present is not None
        assert look.present.capacity == 10 * MONEY
        assert one.responder.outlook.buckets == {scene.place.manifest.protocol: look.present}
    with watched(scene, valued(scene, bucket="0x" + "ab" * 20)) as one:
        assert one.looks().faults == {
            COIN: "there is no such bucket, or it does not list the asset"
        }
    with watched(scene, valued(scene, bucket_capacity=Decimal(10 * MONEY))) as one:
        assert one.looks().faults == {}
        assert one.shown("bucket_amiss") == 0
