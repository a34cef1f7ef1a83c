"""One organisation's case warns another through the chain alone: what the first posts to a registry
the other's ingest reads, its door takes, and its armed responder hears. Every part is a process of
its own; no topic, address or file is shared.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from eth_account import Account

from responders.rederive import decided
from sandbox.ports import free_port
from schemas.actions import Action
from schemas.codec import decode
from schemas.signals import Signal
from schemas.topics import SIGNALS, TOPICS
from tests.integration.contracts.signalling import Signalling
from tests.integration.responders.organisation import Organisation, target
from tests.integration.responders.place import Place
from tests.integration.responders.serving import Setting, Topic, shown, until

pytestmark = [pytest.mark.kafka, pytest.mark.node, pytest.mark.slow]

ISSUER = 1
"""Whose key signs: the neighbour that `Setting` listens to."""

REGISTRY = """
protocol = "registry"
chain = "eip155:31337"

[[contracts]]
address = "{address}"
role = "other"
holds_value = false
"""


class Listener:
    """Who is warned: an armed responder, a door without any way in but the chain, and ingest."""

    def __init__(
        self, home: Organisation, setting: Setting, registry: str, stack: ExitStack
    ) -> None:
        place = setting.place
        self.home, self.setting, self.port = home, setting, free_port()
        home.broker.create(TOPICS.values())
        setting.listens_to_a_neighbour()
        manifest = home.folder / "protocols" / "registry.toml"
        manifest.write_text(REGISTRY.format(address=registry))
        home.environment |= {
            "FIREBREAK_EVM__ENDPOINTS": json.dumps([str(place.node.ipc)]),
            "FIREBREAK_EVM__START": str(int(place.node.rpc("eth_blockNumber"), 16)),
        }
        self.signals = Topic(home.broker, SIGNALS)
        stack.callback(self.signals.close)
        self.processes = [
            home.start(stack, "ingest", "evm"),
            home.start(stack, "signals", "serve"),
            home.start(stack, "respond", "--armed", "--health-port", str(self.port)),
        ]

    def shows(self, metric: str) -> float:
        """What the responder says of itself, 0 before it does."""
        for process in self.processes:
            process.require_running()
        return next(iter(shown(self.port, metric)), 0.0)


@pytest.fixture
def village(place: Place) -> Signalling:
    """The registry, on the chain that everybody follows."""
    return Signalling(place.node)


@pytest.fixture
def listener(
    place: Place, village: Signalling, bootstrap: str, namespace: str, tmp_path: Path
) -> Iterator[Listener]:
    home = Organisation("listener", bootstrap, namespace, tmp_path)
    setting = Setting(place, home.broker, home.folder)
    home.environment = setting.environment(bootstrap, namespace) | home.environment
    with closing(setting), ExitStack() as stack:
        yield Listener(home, setting, village.registry.address, stack)


@pytest.fixture
def issuer(
    place: Place, village: Signalling, bootstrap: str, namespace: str, tmp_path: Path
) -> Iterator[Organisation]:
    """Who is in trouble and says so on the chain, to no subscriber."""
    made = Organisation("issuer", bootstrap, namespace, tmp_path)
    place.world.write_manifest(made.folder / "protocols", "spot-oracle")
    payer = village.funded("a payer").signer.key
    keystore = json.dumps(Account.encrypt(payer, "secret", iterations=2))
    with closing(made.producer), ExitStack() as stack:
        made.speak(
            stack,
            ISSUER,
            FIREBREAK_SIGNALS__TLP="clear",
            FIREBREAK_SIGNALS__REGISTRY=village.registry.address,
            FIREBREAK_SIGNALS__REGISTRY_ARMED="true",
            FIREBREAK_SIGNALS__REGISTRY_ENDPOINTS=json.dumps([str(place.node.ipc)]),
            FIREBREAK_SIGNALS__REGISTRY_KEYSTORE=made.private("payer.json", keystore),
            FIREBREAK_SIGNALS__REGISTRY_PASSWORD_FILE=made.private("payer.password", "secret\n"),
        )
        yield made


def test_a_case_told_on_chain_raises_a_strangers_odds_and_brakes_nothing(
    place: Place, village: Signalling, listener: Listener, issuer: Organisation
) -> None:
    setting, brakes = listener.setting, len(place.manifest.brakes)
    until(lambda: listener.shows("drilled_timestamp_seconds") > 0)
    issuer.suffer(1, place)

    def posted() -> bool:
        place.hands.mine(1)
        return village.seq(ISSUER) == 1

    until(posted)
    until(lambda: listener.shows("warned_odds") > 1)
    until(lambda: listener.signals.count() == 1)
    told = decode(listener.signals.values[0], Signal)
    assert (told.target, told.seq, told.tlp) == (target(place), 1, "clear")
    assert village.warning(target(place), ISSUER)[-1].hex() == told.id
    (taken,) = listener.home.said("signals", "signal_taken")
    assert (taken["carrier"], taken["issuer"]) == ("chain", told.issuer)

    (warned,) = listener.home.times("respond", "warned")
    until(lambda: listener.shows("drilled_timestamp_seconds") >= warned)
    until(lambda: shown(listener.port, "brake_unready") == [0.0] * brakes)
    for _ in range(3):
        place.hands.mine(1)
    assert setting.actions.count() == 0
    assert (place.pending(), place.sent(), place.brakes()) == ({}, place.began, [])
    assert not place.paused()

    alert = place.alert()  # with one of its own it does brake, and says who had warned
    setting.publish(alert)
    until(lambda: setting.actions.states()[-1:] == ["broadcast"])
    steps = [decode(value, Action) for value in setting.actions.values]
    assert {step.alert for step in steps} == {alert.id}
    (heard,) = (step.heard for step in steps if decided(step))
    assert heard is not None
    assert [one.signal for one in heard.warnings] == [told.id]
