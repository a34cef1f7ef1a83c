"""An alert on a transaction that still waits: the brake is mined before it, in its own block."""

import pytest
from eth_account import Account

from responders.transactions import fields_of
from sandbox.attacks import attack_on
from sandbox.evm import GWEI
from schemas.alerts import Alert
from tests.integration.responders.place import Place

pytestmark = pytest.mark.node

CEILING, TIP = 120 * GWEI, 60 * GWEI
"""What the attack pays: far more than a brake does when nothing waits."""


class Attack:
    """The first drain, as expensive as it has to be, in the pool."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._script = attack_on(place.world, "spot-oracle")
        prepared, drain, *_ = self._script.transactions()
        place.hands.send_raw(prepared)
        place.hands.mine()
        self.before = self.exposed()
        known = fields_of("0x" + drain.hex())
        names = "type", "chainId", "nonce", "gas", "value", "to", "data"
        fields = {name: known[name] for name in names}
        fields |= {"maxFeePerGas": CEILING, "maxPriorityFeePerGas": TIP}
        key = place.world.accounts["attacker"].signer.key
        signed = Account.sign_transaction(fields, key)
        self.tx = place.hands.send_raw(bytes(signed.raw_transaction))

    def exposed(self) -> int:
        """Return what there is to lose."""
        return self._script.exposed(self.place.hands)

    def alert(self) -> Alert:
        """As a detector raises it on one that waits: of the next block, which has no hash."""
        head = self.place.chain.head()
        return self.place.alert(phase="pending", tx=self.tx, block=head.number + 1, block_hash="")


@pytest.fixture
def attack(place: Place) -> Attack:
    return Attack(place)


def test_undefended_it_takes_something(place: Place, attack: Attack) -> None:
    place.hands.mine()
    assert place.hands.receipt(attack.tx)["status"] == "0x1"
    assert attack.exposed() < attack.before


def test_the_brake_is_before_it_in_the_same_block(place: Place, attack: Attack) -> None:
    with place.responder() as responder:
        responder.receive(attack.alert())
        place.mine(responder)
        (course,) = responder.ledger.courses.values()
        brake = place.hands.receipt(course.attempts[0].tx)
    drained = place.hands.receipt(attack.tx)
    assert brake["blockNumber"] == drained["blockNumber"]
    assert int(brake["transactionIndex"], 16) < int(drained["transactionIndex"], 16)
    assert (brake["status"], drained["status"]) == ("0x1", "0x0")
    assert attack.exposed() == attack.before


def test_above_the_cap_it_says_so_and_brakes_all_the_same(place: Place, attack: Attack) -> None:
    with place.responder() as responder:
        responder.outlook.fee_cap = 20 * GWEI
        responder.receive(attack.alert())
        place.mine(responder)
    assert place.paused()
