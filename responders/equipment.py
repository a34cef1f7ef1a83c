"""What a responder has to be given before it may start, and the accounts it acts from."""

from pathlib import Path

from pydantic import SecretStr

from responders.ledger import Ledger
from responders.levers import Levers
from responders.outlook import Account
from responders.safe_service import SafeService
from responders.signer import KeySigner, Signer, address_of, open_keystore
from responders.signers import kms
from responders.signers.client import SocketProposer, SocketSigner, SocketStater
from responders.signers.kms import KmsSigner
from responders.submission import POST_SECONDS, Notices
from runtime.secrets import one_secret, secret_in
from runtime.settings import RespondSettings, Settings, SignerSettings
from runtime.settings_signals import SignalsSettings
from schemas.errors import ConfigurationError

_GWEI = 10**9

NO_CHAIN = 0
"""The number of no chain: what is signed for it is valid on none."""


def require_all(settings: RespondSettings) -> None:
    """Raise `ConfigurationError` naming everything that an armed responder still lacks."""
    require_one_key("respond", settings.keystore, settings.kms_key, settings.signer_socket)
    has_password = settings.keystore_password or settings.keystore_password_file
    elsewhere = settings.kms_key or settings.signer_socket
    needed = {
        "respond.keystore, whose key signs the brakes (make one: firebreak keys responder); or "
        "respond.signer_socket, or respond.kms_key": settings.keystore or elsewhere,
        "respond.keystore_password_file, or respond.keystore_password": has_password or elsewhere,
        "respond.trusted_keys, the folder of *.pub.pem whose alerts are believed": (
            settings.trusted_keys
        ),
        "respond.journal, the file that keeps what was intended": settings.journal,
        "respond.arming_keys, the folder of *.pub.pem of the people of whom two arm it (each makes "
        "a pair: firebreak keys detector --folder PEOPLE --name ann)": settings.arming_keys,
    }
    missing = [name for name, value in needed.items() if not value]
    if settings.armed and missing:
        raise ConfigurationError(
            "not armed, this is missing:\n" + "\n".join(f"  {name}" for name in missing)
        )


def require_one_key(group: str, *given: object) -> None:
    """Raise `ConfigurationError` if there is more than one place that a key could come from."""
    if sum(value is not None for value in given) > 1:
        raise ConfigurationError(
            f"{group}.keystore, {group}.kms_key and {group}.signer_socket: set one of them"
        )


def account_of(settings: RespondSettings, chain_id: int) -> Account:
    """Return the account that brakes; its key is only used, or even read, when armed."""
    signer = _elsewhere(settings, chain_id)
    if signer is not None:
        return Account(signer.address, signer if settings.armed else None)
    if settings.keystore is None:
        return Account(address=None, signer=None)
    if not settings.armed:
        return Account(address_of(settings.keystore), signer=None)
    keystore = open_keystore(settings.keystore, _password("respond", settings), chain_id)
    return Account(keystore.address, keystore)


def address_in(settings: RespondSettings, chain_id: int) -> Account:
    """Return the account that would brake, its key neither read nor used."""
    return account_of(settings.model_copy(update={"armed": False}), chain_id)


def _elsewhere(settings: RespondSettings, chain_id: int) -> Signer | None:
    """Return the signer whose key this process does not hold, None if there is none."""
    if settings.signer_socket is not None:
        return SocketSigner(settings.signer_socket, chain_id, settings.fee_cap_gwei * _GWEI)
    if settings.kms_key is not None:
        return kms.connect(settings.kms_key, chain_id)
    return None


def heartbeat_of(settings: RespondSettings, chain_id: int) -> Signer | None:
    """Return the account that renews the gates' authority, None without one or in dry-run."""
    if not settings.armed:
        return None
    if settings.heartbeat_socket is not None and settings.heartbeat_keystore is not None:
        raise ConfigurationError(
            "respond.heartbeat_socket and respond.heartbeat_keystore are both set: keep one of them"
        )
    if settings.heartbeat_socket is not None:
        return SocketSigner(settings.heartbeat_socket, chain_id, settings.fee_cap_gwei * _GWEI)
    if settings.heartbeat_keystore is None:
        return None
    password = password_in(settings.heartbeat_password_file)
    return open_keystore(settings.heartbeat_keystore, password, chain_id)


def notices_of(settings: RespondSettings, chain_id: int, levers: Levers) -> Notices | None:
    """Return how brakes are put before owners of Safes, None in dry-run and where none is.

    Raises `ConfigurationError` where one is, and what that takes is not set.
    """
    if not settings.armed or not any(lever.proposed for lever in levers.values()):
        return None
    if settings.safe_service is None or settings.proposer_socket is None:
        raise ConfigurationError(
            "a brake's way leads through a Safe: set respond.emergency, the folder of what its "
            "owners signed beforehand; or respond.safe_service and respond.proposer_socket, by "
            "which they are asked"
        )
    service = SafeService(settings.safe_service, waits=(), seconds=POST_SECONDS)
    return Notices(service, SocketProposer(settings.proposer_socket, chain_id))


def signer_of(settings: SignerSettings, chain_id: int) -> KeySigner | KmsSigner:
    """Return what the signer process signs with.

    Raises `ConfigurationError` when it has no key, or two.
    """
    if settings.kms_key is not None and settings.keystore is None:
        return kms.connect(settings.kms_key, chain_id)
    if settings.keystore is None or settings.kms_key is not None:
        raise ConfigurationError("a signer needs signer.keystore or signer.kms_key, one of them")
    return open_keystore(settings.keystore, _password("signer", settings), chain_id)


def signals_signer(settings: Settings) -> KeySigner | KmsSigner | SocketStater:
    """Return what signs our signals: of no chain, so that it could never sign a transaction.

    Raises `ConfigurationError` when it has no key, or two, or one that brakes.
    """
    own, respond = settings.signals, settings.respond
    if sum(one is not None for one in (own.keystore, own.kms_key, own.signer_socket)) != 1:
        raise ConfigurationError(
            "signals.publish needs signals.keystore (make one: firebreak keys issuer), "
            "signals.kms_key or signals.signer_socket, one of them"
        )
    signer: KeySigner | KmsSigner | SocketStater
    if own.signer_socket is not None:
        return SocketStater(own.signer_socket)  # which refuses to sign for a chain
    if own.kms_key is not None:
        signer = kms.connect(own.kms_key, NO_CHAIN)
        braking = {respond.kms_key} - {None}
    else:
        path = own.keystore or Path()
        signer = open_keystore(path, _password("signals", own), NO_CHAIN)
        braking = {address_of(one) for one in (respond.keystore, respond.heartbeat_keystore) if one}
    if {signer.address, own.kms_key} & braking:
        raise ConfigurationError(
            "signals must be signed by a key of their own, not one that brakes"
        )
    return signer


def _password(
    group: str, settings: RespondSettings | SignerSettings | SignalsSettings
) -> SecretStr:
    given, file = settings.keystore_password, settings.keystore_password_file
    found = one_secret(f"{group}.keystore_password", given, file)
    return password_in(None) if found is None else found


def password_in(path: Path | None) -> SecretStr:
    """Read a password from a file that only its owner may read; a final line break is not part."""
    if path is None:
        raise ConfigurationError(
            "a keystore needs the file with its password (respond.keystore_password_file, "
            "respond.heartbeat_password_file, signer.keystore_password_file)"
        )
    if not path.exists():
        raise ConfigurationError(f"no password file at {path}")
    return secret_in(path)


def require_own(ledger: Ledger, account: Account) -> None:
    """Raise `ConfigurationError` if brakes of another account are still on their way."""
    others = {course.step.sender for course in ledger.open()} - {"", account.address}
    if others and account.signer is not None:
        raise ConfigurationError(
            f"the journal has brakes under way from {', '.join(sorted(others))}: start with that "
            f"keystore until they are final, or with a journal of its own for {account.address}"
        )
