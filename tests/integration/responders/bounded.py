"""Who looks at the bounds of a bucket beside a responder, on a node."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from responders.bounds import Bounds, Look
from responders.journal import Journal
from runtime.memory import MemoryBroker
from sandbox.evm import ETHER
from schemas.loss import Asset, Loss
from schemas.manifest import Contract, Manifest
from schemas.units import NATIVE as COIN
from tests.integration.responders.bucketed import Scene
from tests.unit.responders.bench import FINAL, Assembly

MONEY = 100_000
"""What an ether is worth."""
ALLOWABLE = 12 * MONEY
"""The bucket lets 10 ether through at once, and 2.5 more until people come."""


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

    def acts(self) -> Look:
        """Look, and act on it."""
        (look,) = self._bounds.look()
        self.responder.responder.tell(look)
        self.responder.look()
        return look

    def looks(self) -> Look:
        """Look, and let what is done about it become final."""
        look = self.acts()
        self.place.mine(self.responder, 1 + FINAL)
        return look

    def shown(self, name: str) -> float | None:
        labels = {"protocol": self.place.manifest.protocol, "asset": COIN}
        return self.responder.metrics.registry.get_sample_value(f"firebreak_{name}", labels)


@contextmanager
def watched(
    scene: Scene,
    given: Manifest | None = None,
    *,
    armed: bool = True,
    journal: Journal | None = None,
    broker: MemoryBroker | None = None,
) -> Iterator[Watched]:
    manifest = given or valued(scene)
    with scene.place.responder(
        given=manifest, armed=armed, journal=journal, broker=broker
    ) as responder:
        yield Watched(scene, responder, manifest)


def grows(scene: Scene, ether: int) -> None:
    scene.sends(scene.vault.call("deposit", value=ether * ETHER))
