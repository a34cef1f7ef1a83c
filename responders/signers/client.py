"""A key that another process on this machine keeps: what the policy process holds of it."""

import socket
from pathlib import Path

from msgspec.structs import replace

from responders import questions as operators
from responders.chain import Call
from responders.fees import Fee
from responders.signer import SignerRefusalError
from responders.signers.wire import (
    PATIENCE,
    Answer,
    Asked,
    Attest,
    Attestation,
    Begun,
    Configure,
    Describe,
    Description,
    Propose,
    Refusal,
    Sign,
    Signature,
    State,
    WireError,
    receive_answer,
    send,
)
from responders.transactions import Signed, fields, says
from runtime.safe_transactions import SafeTransaction
from runtime.statement import signer_of
from schemas.errors import ConfigurationError, PoisonRecordError, TransientError
from schemas.signals import Signal
from schemas.units import Seconds


class SocketSigner:
    """Asks a signer process over its socket, one connection a question.

    Nothing of its answer is believed: what comes back must be exactly what was asked for.
    """

    def __init__(self, path: Path, chain_id: int, fee_cap: int) -> None:
        """`fee_cap` is what we may ever offer, in wei per gas.

        Raises `ConfigurationError` if the signer is of another chain, or would refuse that much;
        `TransientError` when it does not answer.
        """
        self._path = path
        self._chain_id = chain_id
        found = _asked(path, Describe())
        if not isinstance(found, Description):
            raise TransientError(f"the signer at {path} does not say who it is: {found}")
        if found.chain_id != chain_id:
            raise ConfigurationError(
                f"the signer at {path} is one of eip155:{found.chain_id}, not of eip155:{chain_id}"
            )
        if found.fee_cap < fee_cap:
            raise ConfigurationError(
                f"respond.fee_cap_gwei is above what the signer at {path} would sign "
                f"({found.fee_cap} wei per gas): lower it, or raise fee_cap_gwei in its policy"
            )
        self._address = found.address.lower()

    @property
    def address(self) -> str:
        """The account."""
        return self._address

    def sign(self, call: Call, nonce: int, fee: Fee) -> Signed:
        """Return the signed transaction."""
        asked = Sign(call.to, call.data, call.gas, nonce, fee.ceiling, fee.tip)
        answer = _asked(self._path, asked)
        if isinstance(answer, Refusal):
            raise SignerRefusalError(f"the signer at {self._path} refuses: {answer.reason}")
        if not isinstance(answer, Signature):
            raise TransientError(f"the signer at {self._path} could not sign: {answer}")
        signed = Signed(raw=answer.raw, tx=answer.tx)
        if not says(signed, self._address, fields(self._chain_id, call, nonce, fee)):
            raise TransientError(f"the signer at {self._path} signed something else; not sent")
        return signed

    def attest(self, question: operators.Question, expires: Seconds) -> str:
        """Return the signature of a yes."""
        asked = Attest(question.quorum, question.target, question.calldata, question.round, expires)
        answer = _asked(self._path, asked)
        if isinstance(answer, Refusal):
            raise SignerRefusalError(f"the signer at {self._path} refuses: {answer.reason}")
        if not isinstance(answer, Attestation):
            raise TransientError(f"the signer at {self._path} could not sign: {answer}")
        if operators.signed_by(question, expires, answer.signature) != self._address:
            raise TransientError(f"the signer at {self._path} signed something else; not told")
        return answer.signature


class SocketStater:
    """Asks a signer process for signatures of warnings to neighbours. Nothing of its answer is
    believed either."""

    def __init__(self, path: Path) -> None:
        """Raises `ConfigurationError` where a key that brakes answers, `TransientError` where none
        does."""
        self._path = path
        found = _asked(path, Describe())
        if not isinstance(found, Description):
            raise TransientError(f"the signer at {path} does not say who it is: {found}")
        if found.chain_id:
            raise ConfigurationError(
                f"the signer at {path} has a key that brakes; signals need one of their own"
            )
        self._address = found.address.lower()

    @property
    def address(self) -> str:
        """The account."""
        return self._address

    def sign_statement(self, signal: Signal) -> str:
        """Return the EIP-712 signature of a signal."""
        answer = _asked(self._path, State(signal))
        if isinstance(answer, Refusal):
            raise SignerRefusalError(f"the signer at {self._path} refuses: {answer.reason}")
        if not isinstance(answer, Attestation):
            raise TransientError(f"the signer at {self._path} could not sign: {answer}")
        try:
            signed = signer_of(replace(signal, signature=answer.signature))
        except PoisonRecordError:
            signed = ""
        if signed != self._address:
            raise TransientError(f"the signer at {self._path} signed something else; not told")
        return answer.signature


class SocketProposer:
    """Asks a signer process for signatures of proposals to Safes. Nothing of its answer is believed
    either."""

    def __init__(self, path: Path, chain_id: int) -> None:
        """Raises `ConfigurationError` where a key answers that does more than propose, or for
        another chain; `TransientError` where none does."""
        self._path = path
        found = _asked(path, Describe())
        if not isinstance(found, Description):
            raise TransientError(f"the signer at {path} does not say who it is: {found}")
        if found.chain_id != chain_id or found.fee_cap:
            raise ConfigurationError(
                f"the signer at {path} does not propose on eip155:{chain_id} alone; proposals need "
                "a key of their own, with a policy of [proposals]"
            )
        self._address = found.address.lower()

    @property
    def address(self) -> str:
        """The account."""
        return self._address

    def sign_safe(self, transaction: SafeTransaction) -> str:
        """Return the signature of its `safeTxHash`."""
        one = transaction
        answer = _asked(self._path, Propose(one.safe, one.to, one.data, one.nonce))
        if isinstance(answer, Refusal):
            raise SignerRefusalError(f"the signer at {self._path} refuses: {answer.reason}")
        if not isinstance(answer, Attestation):
            raise TransientError(f"the signer at {self._path} could not sign: {answer}")
        if one.proposer_of(answer.signature) != self._address:
            raise TransientError(f"the signer at {self._path} signed something else; not posted")
        return answer.signature


def begun(path: Path) -> Begun:
    """Return with what the signer at a socket says that it began.

    Raises `TransientError` when it does not say, as one of an earlier version does not, and
    `ConfigurationError` when we may not ask.
    """
    answer = _asked(path, Configure())
    if not isinstance(answer, Begun):
        raise TransientError(f"the signer at {path} does not say with what it began: {answer}")
    return answer


def _asked(path: Path, question: Asked) -> Answer:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(str(path))
            send(connection, question)
            return receive_answer(connection)
    except PermissionError as error:
        raise ConfigurationError(
            f"{path}: this user may not ask the signer; see signer.client_uid"
        ) from error
    except (OSError, WireError) as error:
        raise TransientError(
            f"no answer from the signer at {path}: {error}. Is `firebreak signer` "
            "running, for this user (signer.client_uid)?"
        ) from error
