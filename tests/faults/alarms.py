"""Alerts as a detector would write them, and what a responder makes of them."""

from collections import Counter
from typing import Any

from responders.chain import NodeChain
from runtime.evm import Endpoints
from runtime.signatures import Signer, load_signer
from sandbox.evm import Chain
from schemas.actions import Action
from schemas.alerts import Alert
from schemas.codec import decode, encode
from schemas.headers import Headers
from schemas.topics import ACTIONS, ALERTS, DEAD_LETTERS
from tests.faults import oracle
from tests.faults.deployment import Deployment
from tests.publication import log
from tests.unit.responders import examples
from tests.waiting import until

PATIENCE = 120.0
"""Seconds; seldom more than ten are needed, but machines can be busy."""


class Alarms:
    """Writes signed alerts on the newest block, and watches the answer."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.hands = Chain(deployment.node)
        self.signer: Signer = load_signer(deployment.keys / "detector.pem")
        self._producer = deployment.broker.producer()

    def alert(self, number: int = 1, **changes: Any) -> Alert:
        """Return an alert on the newest block."""
        endpoints = Endpoints([str(self.deployment.node.ipc)])
        try:
            head = NodeChain(endpoints).head()
        finally:
            endpoints.close()
        seen = {"block": head.number, "block_hash": head.hash, "timestamp": head.timestamp}
        return examples.alert(number, **seen | changes)

    def signed(self, alert: Alert, signer: Signer | None = None, **terms: int) -> Headers:
        """Return the headers that prove an alert; it expires late unless told otherwise."""
        given = {"sequence": alert.block, "expires": alert.block + 10**6} | terms
        return (signer or self.signer).sign(encode(alert), **given)

    def publish(self, alert: Alert, headers: Headers | None = None, value: bytes = b"") -> None:
        """Write an alert to its topic."""
        beside = self.signed(alert) if headers is None else headers
        self._producer.send(ALERTS.name, value or encode(alert), key=b"meadow", headers=beside)
        self._producer.flush()

    def states(self) -> list[str]:
        """Return the states on the actions topic, each step once, in order."""
        steps: dict[str, str] = {}
        for message in log(self.deployment.broker, ACTIONS):
            action = decode(message.value or b"", Action)
            steps.setdefault(action.id, action.state)
        return list(steps.values())

    def letters(self) -> int:
        """Return how many records were refused."""
        return len(log(self.deployment.broker, DEAD_LETTERS))

    def mine_until(self, state: str) -> None:
        """Make blocks until the newest step has this state."""

        def reached() -> bool:
            self.deployment.require_running()
            self.hands.mine()
            return self.states()[-1:] == [state]

        until(reached, PATIENCE)

    @property
    def account(self) -> str:
        """The account that brakes."""
        return str(self.deployment.world.accounts["responder"].address)

    def sent(self) -> int:
        """Return how many transactions of the responder's account were mined."""
        return int(self.deployment.node.rpc("eth_getTransactionCount", self.account, "latest"), 16)

    def brakes(self) -> Counter[str]:
        """Return how often each action took effect."""
        return oracle.brakes_on(self.deployment.node, self.deployment.world.gate.address)

    def reconcile(self) -> None:
        """End the responder; compare journal, topic and chain."""
        self.deployment.stop()
        steps = oracle.check_actions(self.deployment.broker, self.deployment.journal)
        oracle.check_brakes(self.deployment.node, self.deployment.world.gate.address, steps)
