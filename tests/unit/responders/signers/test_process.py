"""The signer process over its socket: what it refuses, and to whom."""

import os
import socket
import struct
from contextlib import suppress
from pathlib import Path

import pytest

from responders.chain import Call
from responders.fees import Fee
from responders.signer import KeySigner, SignerRefusalError
from responders.signers import wire
from responders.signers.client import SocketSigner
from responders.signers.desks import SignerDesk
from responders.signers.policy import Allowed, SignerPolicy
from responders.signers.server import MAX_CONNECTIONS, listening
from responders.transactions import Signed
from schemas.errors import ConfigurationError, TransientError
from tests.unit.responders.signers.conftest import Serve

KEY = bytes(31) + b"\x07"
ME = os.geteuid()
TARGET = "0x" + "ab" * 20
CALL = Call(TARGET, "0x8456cb59", 100_000)
POLICY = SignerPolicy(
    chain="eip155:1",
    fee_cap_gwei=500,
    gas_cap=200_000,
    signatures_per_hour=5,
    allow=(Allowed(to=TARGET, call="pause()"),),
)


class Recording(KeySigner):
    """A key that counts how often it was asked."""

    def __init__(self, *, wrong: bool = False) -> None:
        super().__init__(KEY, 1)
        self.asked = 0
        self.wrong = wrong

    def sign(self, call: Call, nonce: int, fee: Fee) -> Signed:
        self.asked += 1
        return super().sign(call, nonce + self.wrong, fee)


def desk(signer: KeySigner) -> SignerDesk:
    return SignerDesk(signer, POLICY)


def test_the_socket_is_for_its_user_alone_and_goes_with_the_process(serving: Serve) -> None:
    path = serving(desk(Recording()))
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_is_gone_afterwards(tmp_path: Path) -> None:
    with listening(tmp_path / "s", ME):
        pass
    assert not (tmp_path / "s").exists()


def test_what_the_policy_refuses_never_reaches_the_key(serving: Serve) -> None:
    key = Recording()
    signer = SocketSigner(serving(desk(key)), 1, POLICY.fee_cap)
    for call, fee in [
        (Call("0x" + "cd" * 20, CALL.data), Fee(1, 1)),
        (Call(TARGET, "0xa9059cbb" + "00" * 64), Fee(1, 1)),
        (Call(TARGET, CALL.data, 200_001), Fee(1, 1)),
        (CALL, Fee(POLICY.fee_cap + 1, 1)),
    ]:
        with pytest.raises(SignerRefusalError, match=r"the signer at .* refuses"):
            signer.sign(call, 0, fee)
    assert key.asked == 0


def test_it_signs_no_more_than_its_rate(serving: Serve) -> None:
    key = Recording()
    signer = SocketSigner(serving(desk(key)), 1, POLICY.fee_cap)
    for nonce in range(5):
        signer.sign(CALL, nonce, Fee(1, 1))
    with pytest.raises(SignerRefusalError, match="5 signatures within an hour"):
        signer.sign(CALL, 5, Fee(1, 1))
    assert key.asked == 5


def test_another_user_gets_no_answer(serving: Serve) -> None:
    """The kernel says who asks; here the server expects somebody else."""
    path = serving(desk(Recording()), uid=ME + 1)
    with pytest.raises(TransientError, match="no answer from the signer"):
        SocketSigner(path, 1, POLICY.fee_cap)


def test_a_signer_that_signs_something_else_is_not_believed(serving: Serve) -> None:
    signer = SocketSigner(serving(desk(Recording(wrong=True))), 1, POLICY.fee_cap)
    with pytest.raises(TransientError, match="signed something else; not sent"):
        signer.sign(CALL, 3, Fee(1, 1))


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\x00",
        struct.pack(">I", 2**32 - 1),
        struct.pack(">I", wire.MAX_FRAME_BYTES + 1) + b"x",
        struct.pack(">I", 3) + b"\xff\xfe\xfd",
        struct.pack(">I", 2) + b"{}",
        struct.pack(">I", 60_000) + b"[" * 60_000,
        *(
            struct.pack(">I", len(body)) + body
            for body in (
                b'{"type":"export"}',
                b'{"\xff',
                b'{"type":"\xff\xfe"}',
                b'{"type":"sign","to":"0x","data":"0x","gas":1,"nonce":1,"ceiling":1,"tip":1}',
                b'{"type":"sign","to":"0x' + b"ab" * 20 + b'","data":"0x8456cb59","gas":1,'
                b'"nonce":-1,"ceiling":1,"tip":1}',
                b'{"type":"sign","to":"0x' + b"ab" * 20 + b'","data":"0x8456cb59","gas":1,'
                b'"nonce":1,"ceiling":1,"tip":1,"value":5}',
            )
        ),
    ],
)
def test_what_is_no_question_gets_no_answer_and_harms_nobody(serving: Serve, sent: bytes) -> None:
    key = Recording()
    path = serving(desk(key))
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(path))
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            assert connection.recv(10) == b""
    assert key.asked == 0
    assert SocketSigner(path, 1, POLICY.fee_cap).sign(CALL, 0, Fee(1, 1)).raw.startswith("0x02")


def test_silent_clients_do_not_keep_the_next_one_out_for_ever(
    serving: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("responders.signers.server.PATIENCE", 0.2)
    path = serving(desk(Recording()))
    silent = [socket.socket(socket.AF_UNIX) for _ in range(MAX_CONNECTIONS)]
    for connection in silent:
        connection.connect(str(path))
    for connection in silent:
        assert connection.recv(1) == b""
        connection.close()
    assert SocketSigner(path, 1, POLICY.fee_cap).address


@pytest.mark.parametrize(
    ("chain", "fee_cap", "said"),
    [(5, POLICY.fee_cap, "one of eip155:1, not of eip155:5"), (1, 10**18, "fee_cap_gwei")],
)
def test_a_signer_that_does_not_suit_is_found_at_the_start(
    serving: Serve, chain: int, fee_cap: int, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        SocketSigner(serving(desk(Recording())), chain, fee_cap)


def test_no_signer_says_what_to_start(tmp_path: Path) -> None:
    with pytest.raises(TransientError, match="Is `firebreak signer` running"):
        SocketSigner(tmp_path / "none.sock", 1, 1)


def test_a_second_signer_does_not_take_the_socket_of_the_first(serving: Serve) -> None:
    path = serving(desk(Recording()))
    with pytest.raises(ConfigurationError, match="another signer listens"), listening(path, ME):
        pass
    assert SocketSigner(path, 1, POLICY.fee_cap).address


def test_what_a_killed_signer_left_behind_is_no_obstacle(tmp_path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "s"))
    left.close()
    with listening(tmp_path / "s", ME):
        pass


def test_a_folder_that_others_can_change_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with (
        pytest.raises(ConfigurationError, match="lets others replace"),
        listening(tmp_path / "s", ME),
    ):
        pass


def test_a_file_in_the_way_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("precious")
    with pytest.raises(ConfigurationError, match=r"signer\.socket"), listening(tmp_path / "s", ME):
        pass
    assert (tmp_path / "s").read_text() == "precious"
