"""A brake that only owners of a Safe may pull: a responder proposes it, another process signs."""

import itertools
import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from responders.chain import NodeChain
from responders.journal import Journal
from responders.outlook import Account
from responders.rederive import decided, rederive
from responders.safe_service import SafeService
from responders.signer import KeySigner
from responders.signers.client import SocketProposer
from responders.signers.desks import ProposalDesk
from responders.signers.policy import Proposable, ProposalPolicy
from responders.signers.server import listening, serve
from responders.submission import Notices
from runtime.evm import Endpoints
from runtime.manifests import load_manifest
from sandbox import fetch
from sandbox.evm import Call, Chain
from sandbox.node import LocalNode, NodeOptions
from sandbox.safe import approved
from schemas.alerts import Alert
from tests.integration.recovery.safe_service import SafeTransactions, carried_out, signed
from tests.integration.recovery.village import Village
from tests.served import served
from tests.unit.responders import examples
from tests.unit.responders.bench import Assembly, Beside, Crash, FragileJournal

pytestmark = [pytest.mark.node, pytest.mark.kafka]

PAUSE = "0x8456cb59"


class Setting:
    """A village whose granary only its Safe may pause, the Safe's service, and who proposes."""

    def __init__(
        self, village: Village, service: SafeTransactions, address: str, folder: Path
    ) -> None:
        self.village, self.service, self.address = village, service, address
        self.folder = folder
        self.manifest = load_manifest(next(village.manifests.glob("*.toml")))
        self.journal = folder / "journal.jsonl"
        self.allowed = PAUSE
        self.proposer = village.stranger

    @contextmanager
    def signer(self) -> Iterator[SocketProposer]:
        """Run the process that keeps the proposer's key."""
        chain, stop = self.village.chain.id, threading.Event()
        target, me = self.manifest.brakes[0].target, os.geteuid()
        allowed = Proposable(safe=self.village.safe.address, to=target, data=self.allowed)
        policy = ProposalPolicy(chain=f"eip155:{chain}", allow=(allowed,), signatures_per_hour=9)
        desk = ProposalDesk(KeySigner(bytes(self.proposer.signer.key), 0), policy)
        path = self.folder / "s"
        with listening(path, me) as listener:
            thread = threading.Thread(target=serve, args=(listener, desk, me, stop))
            thread.start()
            try:
                yield SocketProposer(path, chain)
            finally:
                stop.set()
                thread.join()

    @contextmanager
    def responder(self, journal: Journal | None = None) -> Iterator[Assembly]:
        """Run a responder; starting another one is a restart."""
        guard = KeySigner(bytes(self.village.guardian.signer.key), self.village.chain.id)
        with (
            self.signer() as proposer,
            closing(Endpoints([str(self.village.node.ipc)])) as endpoints,
            closing(SafeService(self.address, waits=())) as service,
            journal or Journal(self.journal) as opened,
        ):
            yield Assembly(
                opened,
                NodeChain(endpoints),
                Account(guard.address, guard),
                self.manifest,
                beside=Beside(notices=Notices(service, proposer)),
            )

    def alert(self) -> Alert:
        head = self.village.node.rpc("eth_getBlockByNumber", "latest", False)  # noqa: FBT003 - the node's
        return examples.alert(
            protocol=self.manifest.protocol,
            chain=self.manifest.chain,
            block=int(head["number"], 16),
            timestamp=int(head["timestamp"], 16),
        )

    def mine(self, responder: Assembly, seconds: int = 1) -> None:
        """Mine a block that is so much later than the last one."""
        self.village.chain.mine(seconds=seconds)
        responder.look()

    def carry_out(self, digest: str) -> None:
        """Let two owners confirm on the service, and anybody send."""
        row = self.service._row(digest)
        row["confirmations"] = [
            {"owner": one.address, "signature": signed(digest, one)}
            for one in self.village.people[:2]
        ]
        self.village.do(self.village.thief, carried_out(self.village.safe, row))

    def spend_nonce(self) -> None:
        """Let the owners do something else."""
        village, nobody = self.village, self.village.people[3].address
        payment = approved(village.safe, village.people[:2], Call(to=nobody), 0, village.chain.id)
        village.do(village.thief, payment)

    def paused(self) -> bool:
        return bool(self.village.chain.read(self.village.granary, "paused")[0])


@pytest.fixture(scope="module")
def shared(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    """A village with a Safe that all tests share; each finds it as it was."""
    folder = tmp_path_factory.mktemp("village")
    with LocalNode(folder, fetch.anvil(cache, print), NodeOptions(mining=False)) as node:
        made = Village(node, lambda name: fetch.npm_package(cache, name, print), folder)
        made.guard_by_safe()
        manifest = next(made.manifests.glob("*.toml"))
        way = f'scope = "T2"\nsafe = "{made.safe.address}"'
        manifest.write_text(manifest.read_text().replace('scope = "T2"', way))
        yield made


@pytest.fixture
def setting(shared: Village, tmp_path: Path) -> Iterator[Setting]:
    snapshot = shared.node.rpc("evm_snapshot")
    shared.chain = Chain(shared.node)
    service = SafeTransactions(shared, delegates=(shared.stranger,))
    with served(service.app) as client:
        yield Setting(shared, service, str(client.base_url), tmp_path)
    shared.node.rpc("evm_revert", snapshot)


def test_an_alert_puts_the_brake_before_the_owners_who_pull_it(setting: Setting) -> None:
    with setting.responder() as responder:
        responder.receive(setting.alert())
        assert responder.states() == ["proposed", "authorised", "drafted", "submitted"]
        (digest,) = setting.service.kept
        assert setting.service.kept[digest]["confirmations"] == {}, "who proposes has no vote"
        setting.mine(responder)
        assert responder.states()[-1] == "submitted"
        setting.carry_out(digest)
        setting.mine(responder)
        assert responder.states()[-1] == "satisfied"
        steps = responder.published()
    assert setting.paused()
    assert digest in steps[-2].reason
    assert all(rederive(step).equal for step in steps if decided(step))


def test_a_restart_at_every_step_leaves_one_proposal(setting: Setting) -> None:
    attack = setting.alert()
    for at, before in itertools.product(range(1, 5), (True, False)):
        setting.service.kept.clear()
        setting.journal = setting.folder / f"journal-{at}-{before}.jsonl"
        with (
            suppress(Crash),
            setting.responder(FragileJournal(setting.journal, at, before=before)) as responder,
        ):
            responder.receive(attack)
        with setting.responder() as responder:
            responder.receive(attack)
            responder.executor.look()
            (course,) = responder.ledger.courses.values()
            assert course.state == "submitted", (at, before)
            assert len(responder.ledger.guard.spent) == 1
        assert len(setting.service.kept) == 1


def test_a_nonce_that_was_used_for_something_else_is_proposed_anew(setting: Setting) -> None:
    with setting.responder() as responder:
        responder.receive(setting.alert())
        setting.spend_nonce()
        setting.mine(responder)
        assert responder.states()[-2:] == ["drafted", "submitted"]
        assert {row["nonce"] for row in setting.service.kept.values()} == {0, 1}


def test_a_service_that_is_down_is_asked_again_each_time_later(setting: Setting) -> None:
    setting.service.failures = [503] * 3
    with setting.responder() as responder:
        responder.receive(setting.alert())
        setting.mine(responder)
        setting.mine(responder)
        assert setting.service.failures == [503], "one second was not enough after the second time"
        setting.mine(responder)
        assert (setting.service.failures, responder.states()[-1]) == ([], "drafted")
        setting.mine(responder, 2 * 2)
        assert responder.states()[-1] == "submitted"


def test_what_the_signer_does_not_allow_is_not_posted(setting: Setting) -> None:
    setting.allowed = "0x3f4ba83a"
    with setting.responder() as responder, capture_logs() as logs:
        responder.receive(setting.alert())
        for _ in range(20):
            responder.look()
        setting.mine(responder)
        assert responder.states() == ["proposed", "authorised"]
    assert setting.service.kept == {}
    told = [line for line in logs if line["event"] == "proposal_not_signed"]
    assert len(told) == 2, "once when it was wanted and once on the next block"
    assert "refuses" in told[0]["reason"]


def test_an_owner_s_key_is_not_used_to_propose(setting: Setting) -> None:
    setting.proposer = setting.village.people[0]
    with setting.responder() as responder:
        responder.receive(setting.alert())
        assert responder.states()[-1] == "failed"
        assert "would vote" in responder.published()[-1].reason
    assert setting.service.kept == {}
