"""Drives one attack per recorded window over one chain, with the services watching it.

Block time decides. Blocks are 12 s apart in block time and come every second of this machine's, so
that the services have a twelfth of the time that a chain would give them. Blocks in which nothing
can happen any more are left out: once the brake is mined, or can no longer come, the next block has
the time at which the recorded attack struck. Hidden thefts are handed to the node in the moment
before their block is made, so that nobody can see them wait; others wait in the pool for a
second and a half, an eighth of a block's time.

Where thefts wait in the pool the brake comes as late as they do, and on a chain the gate's
heartbeats would have come meanwhile. There block time passes by half of the gate's TTL at most, and
each time the responder's own heartbeat is waited for and mined.

Between two heats the Safe resumes the target and arms the gate again, what was taken is made good,
and a day passes, because a day is what the budgets of gate and manifest count by.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from sandbox.attacks import Attack, attack_on
from sandbox.demo.stage import Stage
from sandbox.demo.story import Story
from sandbox.demo.verdict import lost_in
from sandbox.demo.watch import Watch
from sandbox.evm import BLOCK_SECONDS, ETHER, Account, Chain
from sandbox.governance import by_safe
from sandbox.race.bystanders import creations
from sandbox.race.heat import Bystanders, Heat
from sandbox.traffic import Traffic
from sandbox.world import PROTOCOLS
from schemas.actions import Action
from schemas.errors import UnsafeToContinueError
from schemas.topics import TRANSACTIONS
from schemas.units import NATIVE

HIDDEN = {
    "ingest": ("ingest", "evm"),
    "vet": ("vet",),
    "respond": ("respond",),
}
"""What runs against hidden thefts; no detector of transactions, because there is none to see."""

IN_POOL = {
    "ingest": ("ingest", "evm"),
    "detect": ("detect", "--set", "core"),
    "respond": ("respond",),
}
"""What runs against thefts that wait in the pool."""

ORDINARY = 2_000
"""Transactions of ordinary life that the detectors learn from."""

PEOPLE = 40
"""Of them, in a block."""

PACE = 1.0
"""Seconds of this machine between blocks."""

IN_SIGHT = 1.5
"""Seconds that a theft waits in the pool."""

HOPELESS = 25
"""Blocks after which an alert over a contract expires and no brake will come of it."""

DAY = 86_401
LEAP = 10_800
"""Seconds of block time that pass without a heartbeat at most: half of the TTL that
`sandbox.deploy` gives the gate."""

PATIENCE = 30.0
_QUIET = 7
"""Blocks between heats: more than finality takes."""

_TOLD = ("included", "final", "satisfied", "refused", "failed")
"""States after which the brake will not get ahead of anything any more."""


class Race:
    """A stage, and a new attacker for each window."""

    def __init__(self, stage: Stage, say: Callable[[str], None]) -> None:
        self._stage = stage
        self._say = say
        self._chain = Chain(stage.node)

    def run(self, windows: Sequence[int]) -> list[Heat]:
        """Return what became of each window, in the order given."""
        heats: list[Heat] = []
        for number, window in enumerate(windows, 1):
            self._say(f"window {number} of {len(windows)}: {window} s")
            self._begin()
            heats.append(self._heat(number, window))
            self._release(expected=heats[-1].brake is not None)
            self._refill(heats[-1].taken)
        return heats

    def learn(self) -> None:
        """Let people live, and the detectors see it."""
        traffic = Traffic(self._stage.world, self._stage.node)
        for _ in range(ORDINARY // PEOPLE):
            traffic.block(PEOPLE)
        self._await_ingest()
        written = self._stage.written(TRANSACTIONS.name)
        self._until(
            lambda: self._stage.metric("detect", "firebreak_records_total") >= written,
            "the detectors have not read everything",
        )

    def bystanders(self) -> Bystanders:
        """Let honest people create contracts, and return whom the brake would have hit for it."""
        self._begin()
        story = Story(self._stage.plan.scenario, armed=True)
        watch = Watch(self._stage.broker, story)
        try:
            calls = creations(self._stage.world)
            for call in calls:
                story.attack.append(self._chain.send(self._stage.world.accounts["deployer"], call))
                self._chain.mine()
            self._await_ingest()
            self._look_on(watch)
        finally:
            watch.close()
        protocol = PROTOCOLS[self._stage.plan.scenario]
        blamed = {
            alert.id: alert.tx
            for alert in story.alerts.values()
            if story.is_attack(alert) and alert.protocol == protocol
        }
        braked = [
            steps[0].alert
            for steps in story.actions.values()
            if steps[0].alert in blamed and any(step.tx for step in steps)
        ]
        self._release(expected=bool(braked))
        return Bystanders(len(calls), len(set(blamed.values())), len(braked))

    def _begin(self) -> None:
        """Let a day pass and the gate be armed, as only the Safe can."""
        self._chain.mine(DAY)
        by_safe(self._stage.world, self._chain, self._stage.world.gate.call("arm"))
        self._await_ingest()
        # As long as blocks take: what is simulated rests on a head that is half a second old.
        time.sleep(PACE)

    def _heat(self, number: int, window: int) -> Heat:
        attack = self._attacker(number)
        creation, *drains = attack.transactions()
        story = Story(self._stage.plan.scenario, armed=True)
        watch = Watch(self._stage.broker, story)
        try:
            exposed = attack.exposed(self._chain)
            story.preparation = self._chain.send_raw(creation)
            if window == 0:
                story.attack = [self._chain.send_raw(raw) for raw in drains]
                self._let_wait(watch)
            born = self._chain.mine()
            struck = self._chain.timestamp() + window
            if window:
                if self._stage.plan.pending:
                    self._look_on(watch)
                    self._pass(struck)
                else:
                    self._wait(watch, story, born, struck)
                story.attack = [self._chain.send_raw(raw) for raw in drains]
                self._let_wait(watch)
                self._chain.mine(struck - self._chain.timestamp())
            self._await_ingest()
            self._look_on(watch)
            return self._told(story, attack, born, (window, exposed))
        finally:
            watch.close()

    def _attacker(self, number: int) -> Attack:
        account = Account.named(f"attacker-{number}")
        self._stage.node.rpc("anvil_setBalance", account.address, hex(1_000 * ETHER))
        world = self._stage.world
        return attack_on(
            replace(world, accounts={**world.accounts, "attacker": account}),
            self._stage.plan.scenario,
        )

    def _wait(self, watch: Watch, story: Story, born: int, struck: int) -> None:
        """Make blocks until the attack strikes in the next one, or nothing more can come."""
        while True:
            self._look_on(watch)
            head = int(self._stage.node.rpc("eth_blockNumber"), 16)
            if self._chain.timestamp() + BLOCK_SECONDS >= struck:
                return
            if any(step.state in _TOLD for step in _brake(story)):
                return
            if head - born >= HOPELESS:
                return
            self._chain.mine()

    def _pass(self, moment: int) -> None:
        """Let block time pass until shortly before a moment, the gate's authority renewed."""
        while moment - self._chain.timestamp() > LEAP:
            self._chain.mine(LEAP)
            self._until(
                lambda: int(self._stage.node.rpc("txpool_status")["pending"], 16) > 0,
                "no heartbeat came",
            )
            self._chain.mine()
            self._await_ingest()

    def _let_wait(self, watch: Watch) -> None:
        """Let what was sent be seen in the pool, unless it is hidden."""
        if self._stage.plan.pending:
            self._look_on(watch, IN_SIGHT)

    def _look_on(self, watch: Watch, seconds: float = PACE) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            watch.look()
        self._stage.require_running()

    def _told(self, story: Story, attack: Attack, born: int, about: tuple[int, int]) -> Heat:
        steps = _brake(story)
        alert = story.alerts.get(steps[-1].alert) if steps else story.first_alert
        times = _milliseconds(story, alert.id if alert else "", steps)
        losses = [lost_in(self._stage.node, attack, tx) for tx in story.attack]
        sent = next((step.tx for step in reversed(steps) if step.tx), "")
        drain = self._place(story.attack[0], born)
        if drain is None:
            raise UnsafeToContinueError("the attack was not mined; look at the node's log")
        return Heat(
            window=about[0],
            alerted=alert is not None,
            p_value=alert.p_value if alert is not None else None,
            decision=f"{steps[-1].state}: {steps[-1].reason}" if steps else "no brake",
            alert_ms=times.get("scored"),
            brake_ms=times.get("sent"),
            brake=self._place(sent, born) if sent and self._worked(sent) else None,
            drain=drain,
            taken=sum(loss or 0 for loss in losses),
            exposed=about[1],
        )

    def _place(self, transaction: str, born: int) -> tuple[int, int] | None:
        receipt = self._chain.receipt(transaction)
        if receipt is None:
            return None
        return int(receipt["blockNumber"], 16) - born, int(receipt["transactionIndex"], 16)

    def _worked(self, transaction: str) -> bool:
        """Say whether it was mined and not reverted."""
        receipt = self._chain.receipt(transaction)
        return receipt is not None and receipt["status"] == "0x1"

    def _release(self, *, expected: bool) -> None:
        """Let what was sent be mined, and the Safe resume what it braked, as nobody else can."""
        self._settle()
        victim = attack_on(self._stage.world, self._stage.plan.scenario).victim
        if self._chain.read(victim, "paused")[0]:
            by_safe(self._stage.world, self._chain, victim.call("unpause"))
        elif expected:
            raise UnsafeToContinueError("a brake was mined, but the target is not paused")
        self._settle()

    def _refill(self, taken: int) -> None:
        """Make good what was taken, so that the next attack finds as much to take."""
        world = self._stage.world
        attack = attack_on(world, self._stage.plan.scenario)
        if attack.token == NATIVE:
            held = self._chain.ether(attack.victim.address)
            self._stage.node.rpc("anvil_setBalance", attack.victim.address, hex(held + taken))
        else:
            call = world.tokens.dollar.call("transfer", attack.victim.address, taken)
            self._chain.settle([self._chain.send(world.accounts["deployer"], call)])

    def _settle(self) -> None:
        for _ in range(_QUIET):
            self._chain.mine()
        self._await_ingest()

    def _await_ingest(self) -> None:
        """Wait until ingest has published the head."""
        head = int(self._stage.node.rpc("eth_blockNumber"), 16)
        self._until(
            lambda: self._stage.metric("ingest", "firebreak_head_block") >= head,
            f"ingest is not at block {head}",
        )

    def _until(self, condition: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            self._stage.require_running()
            if time.monotonic() > deadline:
                raise UnsafeToContinueError(f"{otherwise} after {PATIENCE:g} s")
            time.sleep(0.02)


def _milliseconds(story: Story, alert: str, steps: Sequence[Action]) -> dict[str, float]:
    """Return when an alert and its brake passed each hop, since ingest had what it is about."""
    acted = story.action_times.get((steps[0].action, alert), {}) if steps else {}
    times = acted | story.alert_times.get(alert, {})
    start = times.get("received")
    if start is None:
        return {}
    return {hop: (moment - start) / 1e6 for hop, moment in times.items()}


def _brake(story: Story) -> list[Action]:
    """Return the steps of the brake that the attack called for, the newest last; of several, those
    of one that was sent."""
    blamed = {alert.id for alert in story.alerts.values() if story.is_attack(alert)}
    found = [steps for steps in story.actions.values() if steps[0].alert in blamed]
    return max(found, key=lambda steps: any(step.tx for step in steps), default=[])
