"""From a bond on chain to a narrow brake on chain, and no further."""

from decimal import Decimal

import pytest

from detectors.host import Host
from detectors.sets import HostMaker, load_set
from ingest.decode import Decoder
from ingest.normalise import transactions
from ingest.watch import Watch
from runtime.settings import ACTS
from sandbox.evm import ETHER, Call, Contract
from schemas.alerts import Alert
from schemas.loss import Cut
from schemas.manifest import Brake, Halt, Limits, Manifest
from schemas.manifest import Contract as Watched
from schemas.watchers import Watchers
from tests.integration.detectors.theatre import read_block
from tests.integration.responders.bucketed import TIGHT, WIDE, Scene
from tests.integration.responders.place import Place
from tests.unit.responders.bench import FINAL

pytestmark = pytest.mark.node

BOND = 2 * ETHER
TERMS = BOND, ETHER, 3600, 7200, 3_000
CLAIM, EVIDENCE = b"\1" * 32, b"\2" * 32


class Asked:
    """The bucket and its vault, a contract of requests about the vault, and who watches them."""

    def __init__(self, place: Place) -> None:
        self.scene = scene = Scene(place)
        safe = place.world.safe.address
        self.requests: Contract = scene.create("BondedRequests", safe, place.signer.address, TERMS)
        place.by_safe(self.requests.call("setTarget", scene.vault.address, safe))
        self.manifest = self._manifest(scene, place)
        chain = self.manifest.chain
        named = {self.manifest.protocol: self.manifest}
        maker = HostMaker("acts", load_set(ACTS, ACTS), named, lambda _chain: 0)
        self.host: Host = maker.make(chain, self.manifest.protocol)
        self._watch = Watch([self.manifest])

    def _manifest(self, scene: Scene, place: Place) -> Manifest:
        """A cap of the vault and a pause of the pool, which one detector may pull alone."""
        (tighten,) = scene.manifest.brakes
        pause = Brake(
            name="pause",
            adapter="gate",
            target=place.world.pool.address,
            gate=place.world.gate.address,
            one_detector_may_pause=True,
        )
        contracts = (
            Watched(address=scene.vault.address, role="vault", name="vault"),
            Watched(address=place.world.pool.address, role="pool"),
            Watched(address=self.requests.address, role="requests", holds_value=False),
        )
        return Manifest(
            protocol="meadow",
            chain=place.manifest.chain,
            contracts=contracts,
            halt=Halt(
                prior=0.001,
                false_halt_cost=Decimal(50_000),
                value_exposed=Decimal(5_000_000),
                loss_per_second=Decimal(10_000),
            ),
            limits=Limits(brakes_per_window=2, cooldown_seconds=0),
            brakes=(tighten, pause),
            cuts=(Cut(brake="tighten", halts="vault"), Cut(brake="pause", halts="vault")),
            watchers=Watchers(
                attack_probability=0.02,
                watch_cost=Decimal(300),
                short_profit=Decimal(20_000),
                least_bond=BOND,
                most_bond=Decimal(100_000),
                most_reward=Decimal(200_000),
            ),
        )

    def request(self) -> Call:
        """Return the call that asks to halt the vault."""
        vault = self.scene.vault.address
        return self.requests.call("request", vault, CLAIM, EVIDENCE, 0, value=BOND)

    def heard(self, call: Call) -> list[Alert]:
        """Make a transaction; return what the detectors say of its block."""
        self.scene.sends(call)
        node = self.scene.place.node
        block = read_block(node, int(node.rpc("eth_blockNumber"), 16))
        found = [
            self.host.take(tx)[1]
            for raw in block.transactions
            for tx in transactions(block, raw, self._watch, Decoder())
        ]
        return [alert for alert in found if alert is not None]


@pytest.fixture
def asked(place: Place) -> Asked:
    return Asked(place)


def test_a_bonded_request_tightens_the_cap_of_what_it_names_and_pauses_nothing(
    asked: Asked,
) -> None:
    place = asked.scene.place
    (alert,) = asked.heard(asked.request())
    vote = next(vote for vote in alert.votes if vote.alerted)
    assert (vote.detector, vote.made_from) == ("halt-requests", ("requests",))
    with place.responder(given=asked.manifest) as responder:
        responder.receive(alert)
        place.mine(responder, 1 + FINAL)
        last = {action.scope: action for action in responder.published()}
    assert last["T1"].state == "final"
    assert (last["T2"].state, last["T2"].reason) == (
        "refused",
        "a bonded request from outside pulls nothing above T1 by itself",
    )
    assert asked.scene.limits() == TIGHT
    assert not place.paused()
    assert len(place.brakes()) == 1


def test_a_bond_below_what_the_manifest_asks_for_is_not_heard(asked: Asked) -> None:
    place = asked.scene.place
    cheap = (BOND - 1, *TERMS[1:])
    place.by_safe(asked.requests.call("setTerms", cheap))
    call = asked.request()
    call = Call(to=call.to, data=call.data, value=BOND - 1)
    assert asked.heard(call) == []
    assert asked.scene.limits() == WIDE
