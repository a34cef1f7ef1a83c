"""The signer process: holds the key, and signs what its policy allows for the one user it serves.

The socket has mode 0600, and the kernel says who is at the other end (SO_PEERCRED), so neither a
lax folder nor a handed-over file makes it serve another user.
"""

import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from responders import questions as operators
from responders.chain import Call
from responders.fees import Fee
from responders.signer import Signer
from responders.signers.policy import Rate, SignerPolicy
from responders.signers.wire import (
    PATIENCE,
    Answer,
    Attest,
    Attestation,
    Describe,
    Description,
    Failure,
    Question,
    Refusal,
    Sign,
    Signature,
    WireError,
    receive_question,
    send,
)
from runtime.logs import logger
from schemas.errors import ConfigurationError, PipelineError

_log = logger(__name__)

MAX_CONNECTIONS = 8
"""At a time; a policy process needs one."""

_TURN = 0.2
_CREDENTIALS = struct.Struct("3i")
"""Linux' struct ucred: pid, uid, gid."""


class SignerDesk:
    """Answers one question after the other; the key is asked only for what the policy allows."""

    def __init__(
        self,
        signer: Signer,
        policy: SignerPolicy,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._signer = signer
        self._policy = policy
        self._rate = Rate(policy.signatures_per_hour)
        self._monotonic = monotonic
        self._now = now
        self._lock = threading.Lock()

    def answer(self, question: Question) -> Answer:
        """Sign, or say why not."""
        if isinstance(question, Describe):
            policy = self._policy
            return Description(self._signer.address, policy.chain_id, policy.fee_cap)
        with self._lock:
            return self._attest(question) if isinstance(question, Attest) else self._sign(question)

    def _sign(self, asked: Sign) -> Answer:
        call, fee = Call(asked.to, asked.data, asked.gas), Fee(asked.ceiling, asked.tip)
        told = {"to": call.to, "call": call.data[:10], "nonce": asked.nonce, "fee": fee.ceiling}
        objection = self._policy.objection(call, fee)
        if not objection and not self._rate.take(self._monotonic()):
            objection = (
                f"{self._policy.signatures_per_hour} signatures within an hour, the signer's most"
            )
        if objection:
            _log.error("refused", reason=objection, **told)
            return Refusal(objection[:512])
        try:
            signed = self._signer.sign(call, asked.nonce, fee)
        except PipelineError as error:
            _log.error("not_signed", reason=str(error), **told)
            return Failure(str(error)[:512])
        _log.info("signed", tx=signed.tx, **told)
        return Signature(signed.raw, signed.tx)

    def _attest(self, asked: Attest) -> Answer:
        question = operators.Question(
            self._policy.chain_id, asked.quorum, asked.target, asked.data, asked.round
        )
        told = {"quorum": asked.quorum, "target": asked.target, "round": asked.round}
        objection = self._policy.objection_to_word(question, asked.expires, self._now())
        if not objection and not self._rate.take(self._monotonic()):
            objection = f"{self._policy.signatures_per_hour} signatures within an hour"
        if objection:
            _log.error("refused", reason=objection, **told)
            return Refusal(objection[:512])
        try:
            signature = self._signer.attest(question, asked.expires)
        except PipelineError as error:
            _log.error("not_signed", reason=str(error), **told)
            return Failure(str(error)[:512])
        _log.info("attested", expires=asked.expires, **told)
        return Attestation(signature)


@contextmanager
def listening(path: Path, client_uid: int) -> Iterator[socket.socket]:
    """Open the socket for one user, and remove it at the end.

    Raises `ConfigurationError` if another signer has it, or its folder lets others replace it.
    """
    if not hasattr(socket, "SO_PEERCRED"):
        raise ConfigurationError("a signer process needs Linux, whose sockets say who asks")
    try:
        if path.parent.stat().st_mode & 0o022:
            raise ConfigurationError(
                f"{path.parent} lets others replace the socket: chmod go-w {path.parent}"
            )
        _remove_left_over(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            before = os.umask(0o177)
            try:
                listener.bind(str(path))
            finally:
                os.umask(before)
            if client_uid != os.geteuid():
                os.chown(path, client_uid, -1)
            listener.listen(MAX_CONNECTIONS)
            listener.settimeout(_TURN)
            try:
                yield listener
            finally:
                with suppress(OSError):
                    path.unlink()
    except OSError as error:
        raise ConfigurationError(f"signer.socket: {path}: {error.strerror or error}") from error


def _remove_left_over(path: Path) -> None:
    if not path.is_socket():
        return  # binding says what is in the way
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        try:
            other.connect(str(path))
        except OSError:
            path.unlink()
            return
    raise ConfigurationError(f"another signer listens on {path}")


def serve(
    listener: socket.socket,
    desk: SignerDesk,
    client_uid: int,
    stop: threading.Event,
    beat: Callable[[], None] = lambda: None,
) -> None:
    """Answer until told to stop; who is not the client gets no answer."""
    room = threading.BoundedSemaphore(MAX_CONNECTIONS)
    while not stop.is_set():
        beat()
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        if not room.acquire(blocking=False):
            connection.close()
            continue
        threading.Thread(
            target=_attend, args=(connection, desk, client_uid, room), name="client", daemon=True
        ).start()


def _attend(
    connection: socket.socket, desk: SignerDesk, client_uid: int, room: threading.Semaphore
) -> None:
    try:
        with connection:
            connection.settimeout(PATIENCE)
            pid, uid, _ = _CREDENTIALS.unpack(
                connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            )
            if uid != client_uid:
                _log.error("stranger", uid=uid, pid=pid)
                return
            send(connection, desk.answer(receive_question(connection)))
    except (OSError, WireError) as error:
        _log.warning("client_lost", error=str(error))
    finally:
        room.release()
