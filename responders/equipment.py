"""What a responder has to be given before it may start, and the accounts it acts from."""

from pathlib import Path

from pydantic import SecretStr

from responders.chain import Chain
from responders.ledger import Ledger
from responders.levers import Levers
from responders.outlook import Account
from responders.signer import Signer, address_of, open_keystore
from runtime.logs import logger
from runtime.private import require_private
from runtime.settings import RespondSettings
from schemas.errors import ConfigurationError

_log = logger(__name__)


def require_all(settings: RespondSettings) -> None:
    """Raise `ConfigurationError` naming everything that an armed responder still lacks."""
    has_password = settings.keystore_password or settings.keystore_password_file
    needed = {
        "respond.keystore, whose key signs the brakes (make one: firebreak keys responder)": (
            settings.keystore
        ),
        "respond.keystore_password_file, or respond.keystore_password": has_password,
        "respond.trusted_keys, the folder of *.pub.pem whose alerts are believed": (
            settings.trusted_keys
        ),
        "respond.journal, the file that keeps what was intended": settings.journal,
    }
    missing = [name for name, value in needed.items() if not value]
    if settings.armed and missing:
        raise ConfigurationError(
            "not armed, this is missing:\n" + "\n".join(f"  {name}" for name in missing)
        )


def account_of(settings: RespondSettings, chain_id: int) -> Account:
    """Return the account that brakes; its key is only read when armed."""
    if settings.keystore is None:
        return Account(address=None, signer=None)
    if not settings.armed:
        return Account(address_of(settings.keystore), signer=None)
    password = settings.keystore_password or password_in(settings.keystore_password_file)
    signer = open_keystore(settings.keystore, password, chain_id)
    return Account(signer.address, signer)


def heartbeat_of(settings: RespondSettings, chain_id: int) -> Signer | None:
    """Return the account that renews the gates' authority, None without one or in dry-run."""
    if settings.heartbeat_keystore is None or not settings.armed:
        return None
    password = password_in(settings.heartbeat_password_file)
    return open_keystore(settings.heartbeat_keystore, password, chain_id)


def password_in(path: Path | None) -> SecretStr:
    """Read a password from a file that only its owner may read; a final line break is not part."""
    if path is None:
        raise ConfigurationError(
            "a keystore needs the file with its password (respond.keystore_password_file, "
            "respond.heartbeat_password_file)"
        )
    try:
        require_private(path)
        return SecretStr(path.read_text().rstrip("\r\n"))
    except FileNotFoundError as error:
        raise ConfigurationError(f"no password file at {path}") from error


def warn_of_short_funds(chain: Chain, account: Account, levers: Levers, fee_cap: int) -> None:
    """Log it if the account could not pay for one brake at the highest fee, in wei per gas."""
    if account.address is None:
        return
    needed = fee_cap * max(lever.adapter.plan().gas for lever in levers.values())
    balance = chain.balance(account.address)
    if balance < needed:
        _log.warning("short_of_funds", account=account.address, wei=balance, needed=needed)


def require_own(ledger: Ledger, account: Account) -> None:
    """Raise `ConfigurationError` if brakes of another account are still on their way."""
    others = {course.step.sender for course in ledger.open()} - {"", account.address}
    if others and account.signer is not None:
        raise ConfigurationError(
            f"the journal has brakes under way from {', '.join(sorted(others))}: start with that "
            f"keystore until they are final, or with a journal of its own for {account.address}"
        )
