"""A signer process that takes its time: the brake waits for it, and nothing else does."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from responders.journal import Journal
from responders.outlook import Account
from responders.signers import client
from responders.signers.client import SocketSigner
from responders.signers.desks import SignerDesk
from responders.signers.policy import Allowed, SignerPolicy
from responders.signers.wire import Configure, Describe, WireError, receive_question, send
from schemas.manifest import Limits
from tests.unit.responders.bench import FINAL, WHOLE_WAY, Assembly
from tests.unit.responders.examples import CHAIN, GATE, alert, manifest
from tests.unit.responders.fakes import SIGNER, chain_at

POLICY = SignerPolicy(
    chain=CHAIN,
    fee_cap_gwei=500,
    gas_cap=10**6,
    signatures_per_hour=50,
    allow=(Allowed(to=GATE, call="brake(bytes32,uint64,address,bytes)"),),
)
PATIENCE = 0.4
LONG = 10.0
"""Seconds: far longer than it may be waited for, on a machine that is busy too."""

Slowness = Callable[[socket.socket], None]


class Sluggish:
    """Says at once who it is; while it is slow it treats every other question as it is told."""

    def __init__(self, path: Path, desk: SignerDesk, slowness: Slowness) -> None:
        self.slow = threading.Event()
        self._desk = desk
        self._slowness = slowness
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._attend, args=(connection,), daemon=True).start()

    def _attend(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, WireError):
            question = receive_question(connection)
            if isinstance(question, Configure):
                return
            if self.slow.is_set() and not isinstance(question, Describe):
                self._slowness(connection)
            else:
                send(connection, self._desk.answer(question))

    def close(self) -> None:
        self._listener.close()


def hangs(connection: socket.socket) -> None:
    connection.settimeout(LONG)
    connection.recv(1)


def trickles(connection: socket.socket) -> None:
    """Always says a little before anybody would lose patience with a single byte."""
    connection.sendall((60_000).to_bytes(4, "big"))
    for _ in range(int(LONG / (PATIENCE / 4))):
        connection.sendall(b" ")
        time.sleep(PATIENCE / 4)


@pytest.fixture(params=[hangs, trickles])
def sluggish(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sluggish]:
    monkeypatch.setattr(client, "PATIENCE", PATIENCE)
    serving = Sluggish(tmp_path / "socket", SignerDesk(SIGNER, POLICY), request.param)
    yield serving
    serving.close()


def test_a_signer_that_is_slow_is_given_up_in_time_and_its_brake_waits_without_a_nonce(
    sluggish: Sluggish, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = chain_at()
    signer = SocketSigner(tmp_path / "socket", POLICY.chain_id, POLICY.fee_cap)
    with Journal(tmp_path / "journal.jsonl") as journal:
        account = Account(SIGNER.address, signer)
        responder = Assembly(journal, chain, account, manifest(limits=Limits(alert_blocks=100)))
        sluggish.slow.set()
        began = time.monotonic()
        responder.receive(alert())
        assert time.monotonic() - began < LONG, "all else goes on"
        assert responder.states()[-1] == "authorised", "no nonce is held for it"
        assert "no answer from the signer" in capsys.readouterr().out
        sluggish.slow.clear()
        for _ in range(2 + FINAL):
            chain.mine()
            responder.look()
        assert responder.states() == WHOLE_WAY
    assert len(chain.brakes) == 1
