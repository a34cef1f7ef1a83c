"""A robbery on a node of its own, and what our topics say about it: the funds' way is known in
advance, so that whoever follows them can be held to it."""

from dataclasses import dataclass, field

from runtime.broker import Broker
from sandbox.attacks import Attack, attack_on
from sandbox.deploy import deploy
from sandbox.deployer import Packages
from sandbox.evm import ETHER, FOREVER, Account, Call, Chain, Contract, Node
from sandbox.traffic import Traffic
from sandbox.world import PAUSE, PROTOCOLS, Scenario, World
from schemas.actions import Action
from schemas.alerts import Alert, Evidence, Reason, Vote
from schemas.base import Record
from schemas.codec import encode
from schemas.headers import hop_headers
from schemas.ids import action_id, content_id, incident_id
from schemas.incidents import Hop, Incident, Measure, Sighting
from schemas.topics import ACTIONS, ALERTS, INCIDENTS

DRAINS = 2
"""Before the brake."""

STARTED = 1_764_000_000_000_000_000
"""When the first block of the attack was received, in nanoseconds since 1970."""

SEEN: dict[Hop, int] = {
    "received": STARTED,
    "published": STARTED + 1_400_000,
    "scored": STARTED + 5_100_000,
}
DONE: dict[str, dict[Hop, int]] = {
    "authorised": {"decided": STARTED + 6_900_000},
    "broadcast": {"sent": STARTED + 10_500_000},
    "included": {"mined": STARTED + 1_020_000_000},
}
"""By state of the action."""


@dataclass(slots=True)
class Heist:
    """What happened, as who staged it knows it."""

    node: Node
    world: World
    attack: Attack
    scenario: Scenario
    chain: Chain
    thefts: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    brake: str = ""
    accounts: dict[str, Account] = field(default_factory=dict)

    @property
    def chain_name(self) -> str:
        return f"eip155:{self.world.chain_id}"

    @property
    def incident(self) -> str:
        return incident_id(self.chain_name, self.protocol, self.thefts[0])

    @property
    def protocol(self) -> str:
        return PROTOCOLS[self.scenario]

    def person(self, name: str) -> Account:
        """An account that nobody has seen before."""
        if name not in self.accounts:
            self.accounts[name] = Account.named(f"heist {name}")
        return self.accounts[name]

    def do(self, who: Account, *calls: Call) -> list[str]:
        """Send each call in a block of its own; all of them succeed."""
        sent = []
        for call in calls:
            sent.append(self.chain.send(who, call))
            self.chain.settle(sent[-1:])
        return sent

    def block_of(self, tx: str) -> tuple[int, str, int, int]:
        """Number, hash and time of a transaction's block, and its place in it."""
        receipt = self.chain.receipt(tx)
        number = int(receipt["blockNumber"], 16)
        at = self.chain.timestamp(number)
        return number, str(receipt["blockHash"]), at, int(receipt["transactionIndex"], 16)

    def give(self, account: Account, wei: int) -> None:
        """Let an account have coin for its fees, from nowhere."""
        self.node.rpc("anvil_setBalance", account.address, hex(wei))


def rob(node: Node, packages: Packages, scenario: Scenario, *, people: int = 6) -> Heist:
    """Let people live, rob the protocol twice, brake it, and let the robber try again."""
    world = deploy(node, packages)
    attack, chain = attack_on(world, scenario), Chain(node)
    traffic = Traffic(world, node, 7)
    for _ in range(2):
        traffic.block(people)
    heist = Heist(node, world, attack, scenario, chain)
    creation, *drains = attack.transactions()
    chain.settle([chain.send_raw(creation)])
    for raw in drains[:DRAINS]:
        heist.thefts.append(chain.send_raw(raw))
        traffic.block(people)
    call = world.gate.call("brake", b"\1" * 32, 1, attack.victim.address, bytes.fromhex(PAUSE[2:]))
    (heist.brake,) = heist.do(world.accounts["responder"], call)
    for raw in drains[DRAINS : DRAINS + 2]:
        heist.refused.append(chain.send_raw(raw))
        traffic.block(people)
    return heist


def scatter_dollars(heist: Heist) -> None:
    """Send stolen dollars on: by a splitter to three strangers, of whom one had dollars of his own
    already, pays a mixer and a bridge, and one exchanges his for coin."""
    world, thief = heist.world, heist.world.accounts["attacker"]
    dollar, chain = world.tokens.dollar, heist.chain
    runner, saver, trader = (heist.person(name) for name in ("runner", "saver", "trader"))
    for one in (runner, saver, trader):
        heist.give(one, ETHER)
    heist.do(world.accounts["deployer"], dollar.call("transfer", saver.address, 1_000_000_000))
    held: int = chain.read(dollar, "balanceOf", thief.address)[0]
    shares = [held // 2, held // 4, held // 5]
    heist.do(
        thief,
        dollar.call("approve", world.disperse.address, FOREVER),
        world.disperse.call(
            "pay", dollar.address, [runner.address, saver.address, trader.address], shares
        ),
    )
    mixer, bridge = heist.person("mixer"), heist.person("bridge")
    heist.do(runner, dollar.call("transfer", mixer.address, shares[0] - 7))
    heist.do(saver, dollar.call("transfer", bridge.address, 1_500_000_000))
    path = [dollar.address, world.tokens.weth.address]
    router: Contract = world.router
    heist.do(
        trader,
        dollar.call("approve", router.address, FOREVER),
        router.call("swapExactTokensForETH", shares[2], 0, path, trader.address, FOREVER),
        Call(to=heist.person("fence").address, value=ETHER),
    )


def scatter_coin(heist: Heist) -> None:
    """Send coin on, the thief's own and then what he stole: to a runner, who wraps most of it,
    sends some to a bridge and turns some back into coin."""
    thief, weth = heist.world.accounts["attacker"], heist.world.tokens.weth
    runner, bridge = heist.person("runner"), heist.person("bridge")
    held = heist.chain.ether(thief.address)
    heist.do(thief, Call(to=runner.address, value=held - ETHER, gas=21_000))
    heist.do(
        runner,
        weth.call("deposit", value=held - 3 * ETHER),
        weth.call("transfer", bridge.address, 80 * ETHER),
        weth.call("withdraw", 5 * ETHER),
    )


def labels(heist: Heist) -> bytes:
    """A file of labels for those of the heist's accounts that play one."""
    rows = "".join(
        f'[[labels]]\naccount = "{heist.chain_name}:{heist.person(name).address}"\n'
        f'kind = "{name}"\nname = "The {name} <script>alert(1)</script>"\n'
        for name in ("mixer", "bridge")
    )
    return f'version = "2026-11-28"\nsource = "made up"\n{rows}'.encode()


def told(heist: Heist, broker: Broker) -> None:
    """Let topics tell of the heist as our services would."""
    alerts = [_alert(heist, tx) for tx in heist.thefts]
    steps = list(_actions(heist, alerts[0]))
    producer = broker.producer()

    def send(topic: str, record: Record, key: str, times: dict[Hop, int] | None = None) -> None:
        headers = (("key-id", b"k"), *hop_headers(times or {}))
        producer.send(topic, encode(record), key=key.encode(), headers=headers)

    for alert in alerts:
        send(ALERTS.name, alert, heist.protocol, SEEN)
    for step in steps:
        send(ACTIONS.name, step, heist.protocol, DONE.get(step.state))
    incident = _incident(heist, alerts, steps[-1])
    send(INCIDENTS.name, incident, f"{heist.protocol}/{incident.id}")
    producer.flush()
    producer.close()


def _alert(heist: Heist, tx: str) -> Alert:
    number, block, at, index = heist.block_of(tx)
    reason = Reason(
        feature="solvent",
        observed=1.0,
        expected=0.0,
        distance=9.0,
        unit="",
        text="What is lent is more than <b>what is pledged</b>",
    )
    vote = Vote(
        detector="declared-invariants",
        version="1.0.0",
        score=8.0,
        p_value=1e-8,
        tail="rule",
        learned=100,
        alerted=True,
        technique="ADT3012.004",
        reasons=(reason,),
        evidence=(Evidence(what="the transaction"),),
    )
    return Alert(
        id=content_id("alert", tx),
        chain=heist.chain_name,
        protocol=heist.protocol,
        set="core",
        phase="head",
        block=number,
        block_hash=block,
        timestamp=at,
        index=index,
        tx=tx,
        score=8.0,
        p_value=1e-8,
        budget=1e-4,
        severity="critical",
        summary="Far more left than ever before",
        votes=(vote,),
        losing=(heist.attack.victim.address,),
    )


def _actions(heist: Heist, alert: Alert) -> list[Action]:
    number, block, _, _ = heist.block_of(heist.brake)
    target = f"{heist.chain_name}:{heist.attack.victim.address}"
    action = action_id(heist.chain_name, target, PAUSE, heist.incident, 0)
    states = ("proposed", "authorised", "signed", "broadcast", "included", "final")
    return [
        Action(
            id=content_id("step", action, place),
            action=action,
            step=place,
            state=state,
            chain=heist.chain_name,
            protocol=heist.protocol,
            incident=heist.incident,
            alert=alert.id,
            adapter="gate",
            target=target,
            calldata=PAUSE,
            scope="T2",
            reason="Halting costs less than what is expected to be lost.",
            severity="critical",
            also_stops=("borrowing",),
            tx=heist.brake if place > 2 else "",
            block=number if place > 3 else alert.block,
            block_hash=block if place > 3 else "",
        )
        for place, state in enumerate(states)
    ]


def _incident(heist: Heist, alerts: list[Alert], last: Action) -> Incident:
    return Incident(
        id=heist.incident,
        chain=heist.chain_name,
        protocol=heist.protocol,
        phase="recover",
        severity="critical",
        summary="Far more left than ever before",
        opened=alerts[0].timestamp,
        latest=alerts[-1].timestamp,
        sightings=tuple(
            Sighting(
                alert=alert.id,
                set=alert.set,
                tx=alert.tx,
                block=alert.block,
                score=alert.score,
                severity=alert.severity,
                summary=alert.summary,
            )
            for alert in alerts
        ),
        measures=(
            Measure(
                action=last.action,
                step=last.step,
                state=last.state,
                adapter=last.adapter,
                target=last.target,
                reason=last.reason,
                tx=last.tx,
                block=last.block,
            ),
        ),
    )
