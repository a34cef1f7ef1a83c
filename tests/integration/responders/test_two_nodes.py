"""Two nodes have to show the same before a brake is signed."""

from pathlib import Path

import pytest
from prometheus_client import generate_latest

from responders.chain import NodeChain
from runtime.evm import Endpoints
from sandbox import fetch
from sandbox.node import LocalNode, NodeOptions
from tests.integration.responders.place import Place
from tests.unit.responders.bench import Beside

pytestmark = pytest.mark.node


def test_two_that_agree_brake(place: Place) -> None:
    with place.responder(beside=Beside(second=NodeChain(place.endpoints))) as responder:
        responder.receive(place.alert())
        place.mine(responder)
    assert place.paused()


def test_two_that_disagree_do_not_and_do_once_they_agree(place: Place, cache: Path) -> None:
    """The second node is one of a chain on which the pool was never created."""
    anvil = fetch.anvil(cache, lambda _: None)
    folder = place.journal.parent / "second"
    folder.mkdir()
    with LocalNode(folder, anvil, NodeOptions(mining=False)) as other:
        other.rpc("anvil_mine", hex(place.chain.head().number + 5))
        nodes = Endpoints([str(other.ipc)])
        with place.responder(beside=Beside(second=NodeChain(nodes))) as responder:
            responder.receive(place.alert())
            place.mine(responder)
            assert responder.states() == ["proposed", "authorised"]
            assert place.pending() == {}
            shown = generate_latest(responder.metrics.registry).decode()
            assert 'fault="nodes_disagree",protocol="meadow"} 2.0' in shown
        nodes.close()
    with place.responder() as responder:
        place.mine(responder, 2)
    assert place.paused()
    assert place.sent() == place.began + 1


def test_one_that_is_gone_leaves_the_first_one_s_word(place: Place) -> None:
    nodes = Endpoints([str(place.journal.parent / "nobody.ipc")], chain=place.chain.name)
    with place.responder(beside=Beside(second=NodeChain(nodes))) as responder:
        responder.receive(place.alert())
        place.mine(responder)
    assert place.paused()
