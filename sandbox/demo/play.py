"""What happens in the demo: ordinary life, the attack, and what comes after."""

import time
from collections.abc import Callable

from sandbox.attacks import attack_on
from sandbox.demo.release import Release, release
from sandbox.demo.stage import Stage
from sandbox.demo.story import Story
from sandbox.demo.verdict import Outcome, judge, loss_without_defence, lost_in
from sandbox.demo.watch import Watch
from sandbox.evm import Chain
from sandbox.traffic import Sent, Traffic
from schemas.errors import UnsafeToContinueError
from schemas.topics import TRANSACTIONS

BLOCK_OF_PEOPLE = 40
"""Transactions in a block of ordinary life."""

FEW_PEOPLE = 10
"""Honest transactions in a block during and after the attack."""

BLOCK_TIME = 2.0
"""Seconds between blocks once the attack runs, as on OP Mainnet and Base. A machine that
does all of this and more besides has to brake within one."""

BLOCKS_AFTER = 5
"""Blocks of honest life after the attack, to see whom the brake keeps out."""

PATIENCE = 30.0
"""Seconds to wait for the services to say what they must."""

SEED = 7


class Play:
    """Drives the chain and follows what the services make of it."""

    def __init__(self, stage: Stage, story: Story) -> None:
        self._stage = stage
        self._story = story
        self._watch = Watch(stage.broker, story)
        self._traffic = Traffic(stage.world, stage.node, SEED)
        self._chain = Chain(stage.node)
        self.attack = attack_on(stage.world, stage.plan.scenario)
        self._last_block = 0.0
        self.proof = ""
        """The log's word that it holds the brake's authorisation, or what a dry-run rehearsed; ''
        where no log is kept, or nothing came so far."""

    def run(self, benign: int) -> Outcome:
        """Play it all and return how it ended."""
        try:
            self._live(benign)
            state = self._stage.node.rpc("anvil_dumpState")
            possible = loss_without_defence(self._stage, state)
            self._be_attacked()
            self._go_on()
            self._await_proof()
            return judge(self._stage, self._story, self.attack, possible)
        finally:
            self._watch.close()

    def release(self) -> Release:
        """Let people release the brake and go on living; after `run`."""
        return release(self._stage, self.attack.victim, self._traffic, FEW_PEOPLE)

    def _live(self, benign: int) -> None:
        """Let people live, as fast as the chain goes, until `benign` transactions are mined and
        every service has seen them."""
        while self._story.honest < benign:
            count = min(BLOCK_OF_PEOPLE, benign - self._story.honest)
            self._traffic.block(count)
            self._story.honest += count
            self._watch.look(0.0)
            self._stage.require_running()
        self._await_ingest()
        written = self._stage.written(TRANSACTIONS.name)
        self._until(
            lambda: self._stage.metric("detect", "firebreak_records_total") >= written,
            "the detectors to have read everything",
        )

    def _await_ingest(self) -> None:
        head = int(self._stage.node.rpc("eth_blockNumber"), 16)
        self._until(lambda: self._story.block >= head, "ingest to reach the head")

    def _be_attacked(self) -> None:
        """Let the attacker take one share a block, for as long as he wants to."""
        self._story.phase = "attack"
        creation, *drains = self.attack.transactions()
        self._story.preparation = self._chain.send_raw(creation)
        self._mine(FEW_PEOPLE)
        for raw in drains:
            self._story.attack.append(self._chain.send_raw(raw))
            self._mine(FEW_PEOPLE)
            newest = self._story.attack[-1]
            self._story.stolen.append(lost_in(self._stage.node, self.attack, newest))
        self._until(self._decision_is_known, "the responder's decision")

    def _decision_is_known(self) -> bool:
        ends = ("included", "final") if self._story.armed else ("rehearsed",)
        return self._story.braked((*ends, "refused", "failed", "satisfied")) is not None

    def _go_on(self) -> None:
        self._story.phase = "afterwards"
        for _ in range(BLOCKS_AFTER):
            self._mine(FEW_PEOPLE)
        self._await_ingest()
        self._until(lambda: bool(self._story.incidents), "an incident case")

    def _await_proof(self) -> None:
        record, step = self._stage.record, self._story.braked(("authorised", "rehearsed"))
        if record is None or step is None:
            return

        def given() -> bool:
            self.proof = record.proof(step.id) or ""
            return bool(self.proof)

        self._until(given, "the log to prove the brake")

    def _mine(self, people: int) -> None:
        """Make a block when its time has come, with some honest transactions in it."""
        sent = self._traffic.send(people)
        while time.monotonic() < self._last_block + BLOCK_TIME:
            self._watch.look()
        self._last_block = time.monotonic()
        self._chain.mine()
        self._stage.require_running()
        self._story.honest += len(sent)
        self._story.honest_refused += sum(map(self._was_refused, sent))
        self._watch.look()

    def _was_refused(self, sent: Sent) -> bool:
        receipt = self._chain.receipt(sent.hash)
        return not sent.fails and receipt is not None and receipt["status"] != "0x1"

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            self._watch.look(0.05)
            self._stage.require_running()
            if time.monotonic() > deadline:
                raise UnsafeToContinueError(f"waited {PATIENCE:g} s for {what}")
