"""When a bag was sealed, told by somebody else: time-stamp tokens of RFC 3161.

The token covers `tagmanifest-sha512.txt`, whose digests cover the manifests, whose digests cover
every file. A verifier needs the authority's root certificate and nothing of ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import requests
from cryptography.x509 import (
    Certificate,
    load_der_x509_certificate,
    load_pem_x509_certificates,
)
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from runtime.logs import without_credentials
from schemas.errors import ConfigurationError, TransientError

MAX_BYTES = 256 * 1024
_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a token says."""

    at: datetime
    authority: str


def request_stamp(address: str, sealed: bytes) -> bytes:
    """Ask a time-stamping authority for a token over these bytes; return its whole response.

    Raises `TransientError` when it gives none.
    """
    request = TimestampRequestBuilder().data(sealed).hash_algorithm(HashAlgorithm.SHA512).build()
    try:
        with requests.post(
            address,
            data=request.as_bytes(),
            headers={"Content-Type": "application/timestamp-query"},
            timeout=_SECONDS,
            stream=True,
            allow_redirects=False,
        ) as response:
            response.raise_for_status()
            answer = response.raw.read(MAX_BYTES, decode_content=True)
        token = decode_timestamp_response(answer)
    except (requests.RequestException, ValueError) as error:
        told = without_credentials(address)
        raise TransientError(f"{told}: no time stamp: {str(error)[:300]}") from error
    if token.tst_info.nonce != request.nonce:
        raise TransientError(f"{without_credentials(address)}: the stamp is for another request")
    return bytes(answer)


def check_stamp(response: bytes, sealed: bytes, roots: Sequence[Certificate]) -> Stamp:
    """Return what a token says, once its signature, its authority's chain up to one of `roots` and
    the bytes it covers are checked. Raises `ValueError` with what does not hold."""
    if not roots:
        raise ValueError("no authority is trusted: give its root certificate")
    builder = VerifierBuilder()
    for root in roots:
        builder = builder.add_root_certificate(root)
    try:
        token = decode_timestamp_response(response)
        builder.build().verify_message(token, sealed)
        return Stamp(token.tst_info.gen_time, _authority(token))
    except (ValueError, VerificationError) as error:
        raise ValueError(f"the time stamp does not hold: {str(error)[:300]}") from error


def read_roots(path: Path) -> list[Certificate]:
    """Return the certificates of a PEM file. Raises `ConfigurationError` when it has none."""
    try:
        return load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: not a PEM file of certificates: {error}") from error


def _authority(token: TimeStampResponse) -> str:
    """Return who made the token: the subject of the certificate that signed it, as checked."""
    (signer,) = token.signed_data.signer_infos
    for held in token.signed_data.certificates:
        certificate = load_der_x509_certificate(held)
        if certificate.serial_number == signer.serial_number:
            return certificate.subject.rfc4514_string()
    return f"policy {token.tst_info.policy.dotted_string}"
