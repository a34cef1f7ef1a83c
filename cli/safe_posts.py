"""What commands that put proposals before a Safe's owners have in common."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from responders.safe_service import Proposer, SafeService

Service = Annotated[
    str, typer.Option(help="The Safe's transaction service: what comes before /api/ in its URL.")
]
Keystore = Annotated[
    Path | None,
    typer.Option(help="The proposer's keystore: a delegate of an owner. An owner's is a vote."),
]
PasswordFile = Annotated[Path | None, typer.Option(help="The file with its password.")]
KmsKey = Annotated[str | None, typer.Option(help="Its AWS KMS key, instead of a keystore.")]


class Post(NamedTuple):
    """Where proposals go, and who makes them."""

    service: "SafeService"
    proposer: "Proposer"


@contextmanager
def posting(
    service: str, keystore: Path | None, password_file: Path | None, kms_key: str | None
) -> Iterator[Post]:
    """Open the key and the service; let go of the service afterwards."""
    from responders.equipment import NO_CHAIN, password_in
    from responders.safe_service import SafeService
    from responders.signer import open_keystore
    from responders.signers import kms

    if (keystore is None) == (kms_key is None):
        raise ConfigurationError("who proposes: --keystore or --kms-key, one of them")
    proposer: Proposer
    if keystore is not None:
        # It signs for the chain of the Safe, which is in what it signs; it sends nothing.
        proposer = open_keystore(keystore, password_in(password_file), NO_CHAIN)
    else:
        proposer = kms.connect(str(kms_key), NO_CHAIN)
    with closing(SafeService(service)) as there:
        yield Post(there, proposer)
