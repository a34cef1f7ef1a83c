"""Transactions of a made-up protocol, and what the event detectors say of them."""

from collections.abc import Sequence

from detectors.api import Detector, Scope
from detectors.host import Host
from detectors.rules import Rules
from detectors.samples import CHAIN, PROTOCOL, address, make
from detectors.waiting import QUARANTINE
from schemas.alerts import Alert
from schemas.chain import Argument, Call, Flow, Log, Transaction
from schemas.manifest import Contract, Manifest

E18 = 10**18

ADMIN, THIEF = address(501), address(666)
GOVERNOR, TIMELOCK, SAFE, VAULT, TOKEN, POOL, ORACLE, PAIR = (address(n) for n in range(1, 9))
MANIFEST = Manifest(
    protocol=PROTOCOL,
    chain=CHAIN,
    contracts=(
        Contract(address=GOVERNOR, role="governor"),
        Contract(address=TIMELOCK, role="timelock"),
        Contract(address=SAFE, role="safe"),
        Contract(address=VAULT, role="vault"),
        Contract(address=TOKEN, role="token", holds_value=False),
        Contract(address=POOL, role="pool"),
        Contract(address=ORACLE, role="oracle", holds_value=False),
        Contract(address=PAIR, role="pair"),
    ),
)
DAY = 86_400


def event(contract: str, name: str, **arguments: Argument) -> Log:
    return Log(log=0, contract=contract, name=name, arguments=arguments)


def flow(token: str, sender: str, to: str, amount: int) -> Flow:
    return Flow(token=token, sender=sender, to=to, amount=str(amount))


class Life:
    """A host of one detector, fed one transaction per block; blocks are final at once, or after
    some more."""

    def __init__(self, made: type[Detector], finality: int = 0) -> None:
        rules = Rules(set_name="acts", finality=finality, budget=1 / 400)
        self.host = Host(Scope(CHAIN, PROTOCOL, MANIFEST), rules, {made.spec.name: made})
        self.block = 0

    def tx(
        self,
        *logs: Log,
        sender: str = ADMIN,
        flows: Sequence[Flow] = (),
        calls: Sequence[Call] = (),
        hour: int = 10,
        **parts: object,
    ) -> Transaction:
        self.block += 1
        given: dict[str, object] = {
            "block": self.block,
            "block_hash": f"b{self.block}",
            "index": 0,
            "timestamp": self.block * DAY + hour * 3600,
            "sender": sender,
            "logs": tuple(logs),
            "flows": tuple(flows),
            "calls": tuple(calls),
            "seen": ("logs", "flows"),
        }
        return make(self.block, **(given | parts))

    def take(self, *logs: Log, **parts: object) -> Alert | None:
        return self.host.take(self.tx(*logs, **parts))[1]  # type: ignore[arg-type]  # as in `tx`

    def later(self) -> None:
        """Let so many blocks pass that what alerted leaves its quarantine."""
        self.block += QUARANTINE + 1

    def quiet(self, count: int, *logs: Log, **parts: object) -> None:
        """Live `count` transactions, none of which may alert."""
        for _ in range(count):
            alert = self.take(*logs, **parts)
            assert alert is None, alert.summary


def said(alert: Alert) -> str:
    """All reasons; the summary tells the first of them."""
    return "; ".join(reason.text for vote in alert.votes for reason in vote.reasons)


def lived(made: type[Detector], ordinary: int = 600) -> Life:
    life = Life(made)
    life.quiet(ordinary)
    return life
