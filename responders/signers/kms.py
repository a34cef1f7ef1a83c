"""A key that never leaves AWS KMS: an asymmetric key of spec ECC_SECG_P256K1, for signing.

KMS answers with a DER signature over the digest it is given; which of the two possible public keys
it belongs to (Ethereum's parity) is found by recovering them and comparing with ours.
"""

from typing import Any, Protocol, cast

from coincurve import PublicKey
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from eth_utils.crypto import keccak

from responders.chain import Call
from responders.fees import Fee
from responders.questions import Question
from responders.transactions import ORDER, Signed, assembled, digest, fields
from runtime import statement
from runtime.safe_transactions import SafeTransaction
from schemas.errors import ConfigurationError, TransientError
from schemas.signals import Signal
from schemas.units import Seconds

SPEC = "ECC_SECG_P256K1"
_ALGORITHM = "ECDSA_SHA_256"
_CONNECT_SECONDS, _ANSWER_SECONDS, _ATTEMPTS = 1.0, 2.0, 2
"""A brake does not wait longer than this for KMS; it is tried again at the next look."""

_NEVER = {
    "AccessDeniedException": "let this role use kms:GetPublicKey and kms:Sign on that key",
    "NotFoundException": "there is no such key in this region",
    "DisabledException": "enable the key",
    "InvalidKeyUsageException": f"it must be a key for SIGN_VERIFY of spec {SPEC}",
    "UnrecognizedClientException": "check the AWS credentials",
}
"""What KMS answers when a person has to change something first."""


class Kms(Protocol):
    """The two questions that we ask a boto3 KMS client."""

    def get_public_key(self, *, KeyId: str) -> dict[str, Any]:  # noqa: N803 - AWS' names
        """Return the public key, in DER."""
        ...

    def sign(
        self,
        *,
        KeyId: str,  # noqa: N803 - AWS' names
        Message: bytes,  # noqa: N803
        MessageType: str,  # noqa: N803
        SigningAlgorithm: str,  # noqa: N803
    ) -> dict[str, Any]:
        """Return the signature, in DER."""
        ...


class KmsSigner:
    """Signs with a key that KMS keeps; asks for its public key once."""

    def __init__(self, client: Kms, key: str, chain_id: int) -> None:
        """Raises `ConfigurationError` for a key that cannot be used, `TransientError` when KMS does
        not answer."""
        self._client = client
        self._key = key
        self._chain_id = chain_id
        self._public = self._read_public_key()
        self._address = "0x" + keccak(self._public[1:])[-20:].hex()

    @property
    def address(self) -> str:
        """The account: the last 20 bytes of the public key's Keccak-256 (Yellow Paper, F)."""
        return self._address

    def sign(self, call: Call, nonce: int, fee: Fee) -> Signed:
        """Return the signed transaction; KMS may sign the same one differently each time."""
        transaction = fields(self._chain_id, call, nonce, fee)
        parity, r, s = self._signed(digest(transaction))
        return assembled(transaction, parity, r, s)

    def attest(self, question: Question, expires: Seconds) -> str:
        """Return the signature of a yes."""
        return self._words(question.digest(expires))

    def sign_statement(self, signal: Signal) -> str:
        """Return the EIP-712 signature of a signal: nothing that it signs here is a transaction."""
        return self._words(statement.digest(signal))

    def sign_safe(self, transaction: SafeTransaction) -> str:
        """Return the signature of a Safe's transaction, as an owner or an owner's delegate."""
        return self._words(transaction.digest)

    def _words(self, hashed: bytes) -> str:
        parity, r, s = self._signed(hashed)
        return "0x" + (r.to_bytes(32) + s.to_bytes(32) + bytes([27 + parity])).hex()

    def _signed(self, hashed: bytes) -> tuple[int, int, int]:
        """Return parity, r and the low s of what KMS says to 32 bytes."""
        answer = self._ask(
            "sign",
            KeyId=self._key,
            Message=hashed,
            MessageType="DIGEST",
            SigningAlgorithm=_ALGORITHM,
        )
        r, s = decode_dss_signature(answer["Signature"])
        s = min(s, ORDER - s)
        return self._parity(hashed, r, s), r, s

    def _parity(self, hashed: bytes, r: int, s: int) -> int:
        for parity in (0, 1):
            compact = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([parity])
            try:
                found = PublicKey.from_signature_and_message(compact, hashed, hasher=None)
            except (ValueError, RuntimeError):  # no point of the curve has this r
                continue
            if found.format(compressed=False) == self._public:
                return parity
        raise TransientError(f"KMS key {self._key}: its signature does not fit its public key")

    def _read_public_key(self) -> bytes:
        der = self._ask("get_public_key", KeyId=self._key)["PublicKey"]
        try:
            public = load_der_public_key(der)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise ConfigurationError(f"KMS key {self._key}: not a public key: {error}") from error
        if not (
            isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256K1)
        ):
            raise ConfigurationError(f"KMS key {self._key}: must be of spec {SPEC}")
        return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def _ask(self, question: str, **parameters: Any) -> dict[str, Any]:
        from botocore.exceptions import (  # type: ignore[import-untyped]  # ships no types
            BotoCoreError,
            ClientError,
        )

        try:
            return cast("dict[str, Any]", getattr(self._client, question)(**parameters))
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _NEVER:
                raise ConfigurationError(f"KMS key {self._key}: {code}: {_NEVER[code]}") from error
            raise TransientError(f"KMS key {self._key}: {code or error}") from error
        except BotoCoreError as error:
            raise TransientError(f"KMS does not answer: {type(error).__name__}") from error


def connect(key: str, chain_id: int) -> KmsSigner:
    """Return the signer of a KMS key: its id, ARN or alias. Region and credentials are AWS' own
    settings (environment, profile or role).

    Raises `ConfigurationError` without boto3 or a region, or for a key that cannot be used;
    `TransientError` when KMS does not answer.
    """
    try:
        import boto3  # type: ignore[import-untyped]  # ships no types
        from botocore.config import Config  # type: ignore[import-untyped]  # likewise
        from botocore.exceptions import NoRegionError
    except ImportError as error:
        raise ConfigurationError(
            "a KMS key needs boto3, which is not installed: pip install 'firebreak[kms]'"
        ) from error
    patience = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_ANSWER_SECONDS,
        retries={"total_max_attempts": _ATTEMPTS},
    )
    try:
        client = boto3.client("kms", config=patience)
    except NoRegionError as error:
        raise ConfigurationError("a KMS key needs AWS_REGION or AWS_DEFAULT_REGION") from error
    return KmsSigner(client, key, chain_id)
