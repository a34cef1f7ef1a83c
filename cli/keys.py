"""`firebreak keys`: make the keys that services act with."""

import secrets
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(
    help="Make and retire keys; none is ever overwritten or printed.", no_args_is_help=True
)

Folder = Annotated[
    Path | None, typer.Option(help="Where to put it; default: keys in the home folder.")
]
PasswordFile = Annotated[
    Path | None, typer.Option(help="The file with its password; default: a new random one.")
]


@app.command()
def responder(folder: Folder = None, password_file: PasswordFile = None) -> None:
    """Make the account that brakes: an encrypted keystore."""
    keystore, password = _account("responder", folder, password_file)
    _say(f"respond.keystore = {keystore}", f"respond.keystore_password_file = {password}")


@app.command()
def heartbeat(folder: Folder = None, password_file: PasswordFile = None) -> None:
    """Make the account that keeps a gate's authority alive: an encrypted keystore."""
    keystore, password = _account("heartbeat", folder, password_file)
    _say(
        f"respond.heartbeat_keystore = {keystore}",
        f"respond.heartbeat_password_file = {password}",
    )


@app.command()
def issuer(folder: Folder = None, password_file: PasswordFile = None) -> None:
    """Make the account that signs signals to neighbours: an encrypted keystore, no coins."""
    keystore, password = _account(
        "issuer", folder, password_file, "neighbours list it in [[issuers]]"
    )
    _say(f"signals.keystore = {keystore}", f"signals.keystore_password_file = {password}")


@app.command()
def detector(
    folder: Folder = None,
    name: Annotated[str, typer.Option(help="What to call it; another one for each.")] = "detector",
) -> None:
    """Make the Ed25519 key pair that signs alerts."""
    from runtime.signatures import generate
    from schemas.errors import ConfigurationError

    place = folder or _home_folder()
    try:
        secret = generate(place, name)
    except FileExistsError as error:
        raise ConfigurationError(f"{error.filename} exists; a key is never overwritten") from error
    _say(f"detect.signing_key = {secret}", f"respond.trusted_keys = {place}")


@app.command()
def anchor(folder: Folder = None, password_file: PasswordFile = None) -> None:
    """Make the account that writes the forensic log's roots on chain: an encrypted keystore."""
    keystore, password = _account("anchor", folder, password_file)
    _say(
        f"forensics.anchor_keystore = {keystore}",
        f"forensics.anchor_password_file = {password}",
    )


@app.command()
def log(
    origin: Annotated[str, typer.Argument(help="The log's name, such as example.org/firebreak.")],
    folder: Folder = None,
) -> None:
    """Make the Ed25519 key pair that signs the forensic log's checkpoints."""
    _note_key("log", origin, folder)


@app.command()
def witness(
    name: Annotated[str, typer.Argument(help="The witness' name, such as example.net/witness.")],
    folder: Folder = None,
) -> None:
    """Make the Ed25519 key pair that cosigns others' logs (firebreak audit witness)."""
    _note_key("witness", name, folder)


def _note_key(kind: str, name: str, folder: Path | None) -> None:
    """Make a key; show its public half as notes name it."""
    from forensics.record.note import COSIGNATURE, ED25519, NoteSigner
    from runtime.signatures import generate, load_private

    secret = generate((folder or _home_folder()) / kind, kind)
    type_ = ED25519 if kind == "log" else COSIGNATURE
    public = NoteSigner(name, load_private(secret), type_).key
    if kind == "log":
        _say(f"forensics.origin = {name}", f"forensics.signing_key = {secret}")
    _say(f"for those who check: {public}")


@app.command()
def risk(folder: Folder = None) -> None:
    """Make the Ed25519 key pair that signs risk records, in a folder of its own.

    Beside the detectors' it would be believed as one of theirs.
    """
    from runtime.signatures import generate

    secret = generate(folder or _home_folder() / "risk", "risk")
    _say(f"risk.signing_key = {secret}")


@app.command()
def incidents(folder: Folder = None) -> None:
    """Make the Ed25519 key pair that signs cases, in a folder of its own, as that of risk."""
    from runtime.signatures import generate

    place = folder or _home_folder() / "incidents"
    secret = generate(place, "incidents")
    _say(f"incidents.signing_key = {secret}", f"incidents.trusted_keys = {place}")


@app.command()
def actions(folder: Folder = None) -> None:
    """Make the Ed25519 key pair that signs steps of brakes, in a folder of its own, as that of
    risk."""
    from runtime.signatures import generate

    place = folder or _home_folder() / "actions"
    secret = generate(place, "actions")
    _say(f"respond.signing_key = {secret}", f"respond.action_keys = {place}")


@app.command("list")
def list_(folder: Folder = None) -> None:
    """Show whose alerts are believed, and until which block."""
    from runtime import terms
    from runtime.signatures import key_id, public_keys

    place = folder or _trusted_folder()
    retired = terms.read(place)
    for path, public in public_keys(place).items():
        name = key_id(public)
        ends = [f"until block {last} of {chain}" for chain, last in retired.get(name, {}).items()]
        _say(f"{name}  {path.name}  {', '.join(ends) or 'believed'}")


@app.command()
def retire(
    key: Annotated[str, typer.Argument(help="The key's id, as `firebreak keys list` shows it.")],
    chain: Annotated[str, typer.Option(help="The chain, such as eip155:1.", metavar="CAIP-2")],
    after: Annotated[int, typer.Option(min=0, help="The last block it may speak of.")],
    folder: Folder = None,
) -> None:
    """Stop believing a key's alerts after a block. Services read it when they start."""
    from runtime import terms
    from runtime.signatures import key_id, public_keys
    from schemas.errors import ConfigurationError

    place = folder or _trusted_folder()
    known = {key_id(public) for public in public_keys(place).values()}
    if key not in known:
        raise ConfigurationError(f"no key {key!r} in {place}: `firebreak keys list` shows them")
    path = terms.retire(place, key, chain, after)
    _say(f"{key} is believed until block {after} of {chain} ({path})")


def _account(
    name: str,
    folder: Path | None,
    password_file: Path | None,
    told: str = "give it the role, and coins for gas",
) -> tuple[Path, Path]:
    from responders.equipment import password_in
    from responders.signer import generate

    place = folder or _home_folder()
    keystore, password = place / f"{name}.json", password_file or place / f"{name}.password"
    if password_file is None and not password.exists():
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        password.touch(mode=0o600, exist_ok=False)
        password.write_text(secrets.token_urlsafe(32) + "\n")
    address = generate(keystore, password_in(password))
    _say(f"account {address}: {told}")
    return keystore, password


def _trusted_folder() -> Path:
    from cli.wiring import read_settings

    settings = read_settings()
    return settings.respond.trusted_keys or settings.home / "keys"


def _home_folder() -> Path:
    from cli.wiring import read_settings

    return read_settings().home / "keys"


def _say(*lines: str) -> None:
    for line in lines:
        Console(soft_wrap=True).print(line, highlight=False)
