import pytest

from responders.levers import within_reach
from responders.outlook import Account, Outlook
from responders.preflight import preflight
from schemas.errors import TransientError
from tests.unit.responders.examples import brake, manifest
from tests.unit.responders.fakes import GWEI, SIGNER, FakeChain, State


def tried(chain: FakeChain, account: Account) -> list[str]:
    return preflight(Outlook(chain, account, 500 * GWEI), within_reach([manifest()], chain, 1))


ARMED = Account(SIGNER.address, SIGNER)


def test_every_brake_is_tried_and_nothing_is_sent() -> None:
    chain = FakeChain()
    assert tried(chain, ARMED) == []
    assert tried(chain, Account(SIGNER.address, None)) == []
    assert tried(chain, Account(None, None)) == []
    assert chain.sent == []


def test_a_brake_that_would_not_work_is_known_before_it_is_needed() -> None:
    chain = FakeChain()
    chain.gate_refuses = "NotResponder()"
    (trouble,) = tried(chain, ARMED)
    assert "meadow: brake pause-pool: through the gate" in trouble
    assert "NotResponder" in trouble


def test_a_target_that_is_braked_now_is_no_trouble() -> None:
    chain = FakeChain()
    chain.blocks[-1].state = State(paused=True)
    assert tried(chain, ARMED) == []


def test_without_a_node_it_cannot_be_told() -> None:
    chain = FakeChain()
    chain.down = True
    with pytest.raises(TransientError):
        tried(chain, ARMED)


def test_a_brake_that_cannot_be_made_now_keeps_no_other_from_being_tried() -> None:
    """The market of this chain does not say which of its flags are set."""
    mute = brake(name="flags", adapter="compound-v3", gate=None, parameters={"flags": ["supply"]})
    given = manifest(mute, brake())
    outlook = Outlook(FakeChain(), ARMED, 500 * GWEI)
    (trouble,) = preflight(outlook, within_reach([given], outlook.chain, 1))
    assert "meadow: brake flags: " in trouble
    assert "does not say which of its flags are set" in trouble
