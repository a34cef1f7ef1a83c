"""KMS: what its answers are taken for. Its signatures are covered by the contract suite."""

import sys
from typing import Any

import pytest
from botocore.exceptions import (  # type: ignore[import-untyped]  # ships no types
    ClientError,
    EndpointConnectionError,
)
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from responders.chain import Call
from responders.fees import Fee
from responders.signers import kms
from responders.signers.kms import KmsSigner
from schemas.errors import ConfigurationError, TransientError

CALL = Call("0x" + "ab" * 20, "0x8456cb59", 100_000)


def _der(curve: ec.EllipticCurve) -> bytes:
    key = ec.generate_private_key(curve).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


class Answering:
    """A KMS whose answers are given."""

    def __init__(self, public: bytes = b"", signature: bytes = b"", error: Any = None) -> None:
        self.public, self.signature, self.error = public, signature, error

    def get_public_key(self, **_: Any) -> dict[str, Any]:
        if self.error:
            raise self.error
        return {"PublicKey": self.public}

    def sign(self, **_: Any) -> dict[str, Any]:
        return {"Signature": self.signature}


@pytest.mark.parametrize(
    "public", [_der(ec.SECP256R1()), b"", b"rubbish"], ids=["another curve", "nothing", "rubbish"]
)
def test_a_key_of_another_kind_is_refused(public: bytes) -> None:
    with pytest.raises(ConfigurationError, match="KMS key some"):
        KmsSigner(Answering(public), "some", 1)


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (
            ClientError({"Error": {"Code": "AccessDeniedException"}}, "Sign"),
            ConfigurationError,
            "kms:Sign",
        ),
        (
            ClientError({"Error": {"Code": "NotFoundException"}}, "Sign"),
            ConfigurationError,
            "no such key",
        ),
        (
            ClientError({"Error": {"Code": "ThrottlingException"}}, "Sign"),
            TransientError,
            "Throttling",
        ),
        (EndpointConnectionError(endpoint_url="https://x"), TransientError, "does not answer"),
    ],
)
def test_what_kms_answers_decides_whether_it_is_tried_again(
    error: Exception, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        KmsSigner(Answering(error=error), "some", 1)


def test_a_signature_of_another_key_is_never_sent() -> None:
    public = _der(ec.SECP256K1())
    signer = KmsSigner(Answering(public, encode_dss_signature(5, 7)), "some", 1)
    with pytest.raises(TransientError, match="does not fit its public key"):
        signer.sign(CALL, 0, Fee(1, 1))


def test_without_boto3_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'firebreak\[kms\]'"):
        kms.connect("some", 1)


def test_without_a_region_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(ConfigurationError, match="AWS_REGION"):
        kms.connect("some", 1)
