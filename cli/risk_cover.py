"""`firebreak risk assertion` and `check-assertion`: what a cover contract is told."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.errors import ConfigurationError
from schemas.topics import INCIDENTS

if TYPE_CHECKING:
    from runtime.broker import Broker
    from runtime.keepers import Keepers
    from runtime.settings import Settings
    from underwriting.assertion import Account
    from underwriting.cover import Asserted

WHOLE = 10_000
"""What a share is a part of, as in the contract."""


def assertion(
    case: Annotated[str, typer.Argument(help="The case's id, or how it begins.")],
    share: Annotated[
        int, typer.Option(min=1, max=WHOLE, help="Of each cover that it pays, of 10,000.")
    ] = WHOLE,
) -> None:
    """Print what there is to assert of a case, and the call of a cover contract that asserts it.

    The evidence root is of the case as it stands: a later alert changes it. Nothing is sent.
    """
    from cli.wiring import connect, read_settings
    from neighbours.outbound import evidence_root
    from runtime.naming_cases import named_case
    from underwriting.assertion import assertion_of

    settings = read_settings()
    _, found = named_case(connect(settings, INCIDENTS), case, _keepers(settings))
    told = assertion_of(found, evidence_root, share)
    count = len(found.sightings)
    for name, value in (
        ("case", told.case),
        ("protocol", f"{found.protocol} on {found.chain}"),
        ("state", f"{found.phase}, {_alerts(count)}, newest block at {_time(found.latest)}"),
        ("evidence root", told.root),
        ("occurred at", f"{told.occurred_at} ({_time(told.occurred_at)})"),
        ("share", f"{told.share} of {WHOLE}"),
        ("calldata", told.calldata),
    ):
        typer.echo(f"{name}: {value}")
    typer.echo(
        f"this asserts the case as it stands, with {_alerts(count)}: a later one changes the root. "
        "Send it to the cover contract with exactly its bond as value",
        err=True,
    )


def check_assertion(
    contract: Annotated[str, typer.Argument(help="The cover contract's address.")],
    name: Annotated[
        str, typer.Argument(metavar="ID", help="The assertion's id: `Asserted` has it.")
    ],
) -> None:
    """Hold an assertion on chain against the record of its case; say until when it can be disputed.

    Exits with 1 if it does not fit. What share of a cover is due, the record does not say.
    """
    from cli.wiring import connect, read_settings
    from neighbours.outbound import evidence_root
    from underwriting.assertion import Account

    settings = read_settings()
    broker = connect(settings, INCIDENTS)
    found = _asserted(settings, contract, name)
    if found.fate == "none":
        typer.echo(f"{contract} knows no assertion {name}")
        raise typer.Exit(1)
    account = Account(found.said.case, evidence_root)
    _read(broker, account, _keepers(settings))
    typer.echo(f"case: {found.said.case}")
    typer.echo(f"evidence root: {found.said.root}")
    typer.echo(f"occurred at: {found.said.occurred_at} ({_time(found.said.occurred_at)})")
    typer.echo(f"share: {found.said.share} of {WHOLE}; whether that is due, people have to say")
    typer.echo(_standing(found))
    faults = account.faults(found.said, found.protocol)
    if faults:
        typer.echo(f"it does not fit the record: {'; '.join(faults)}")
        raise typer.Exit(1)
    typer.echo("it fits the record")


def _asserted(settings: "Settings", contract: str, name: str) -> "Asserted":
    """Read an assertion from the node. Raises `ConfigurationError` for what names none."""
    from runtime.evm import Endpoints
    from runtime.hexadecimal import address, hash32
    from schemas.errors import PoisonRecordError
    from underwriting.cover import asserted

    addresses = settings.risk.endpoints or settings.evm.endpoints
    if not addresses:
        raise ConfigurationError("no node is configured: set risk.endpoints")
    try:
        place, its = address(contract, "CONTRACT"), hash32(name, "ID")
    except PoisonRecordError as error:
        raise ConfigurationError(str(error)) from error
    nodes = Endpoints(addresses, settings.evm.request_seconds)
    try:
        return asserted(nodes, place, its)
    finally:
        nodes.close()


def _keepers(settings: "Settings") -> "Keepers":
    from runtime.keepers import keepers_of

    keys = settings.incidents.trusted_keys
    if keys is None:
        typer.echo("who signed the case is not looked at: set incidents.trusted_keys", err=True)
    return keepers_of(keys)


def _read(broker: "Broker", account: "Account", keepers: "Keepers") -> None:
    """Give the account every state that is believed."""
    from runtime.broker import Message, read_topic
    from schemas.errors import PoisonRecordError

    def take(message: Message) -> None:
        try:
            account.take(keepers.read(message))
        except PoisonRecordError:
            return

    read_topic(broker, INCIDENTS.name, take)


def _standing(found: "Asserted") -> str:
    """Say how an assertion stands, and what can be done about it."""
    if found.fate == "open" and found.now < found.dispute_until:
        return (
            f"open: can be disputed until {found.dispute_until} ({_time(found.dispute_until)}), "
            f"with a bond of {found.bond} wei by dispute(bytes32)"
        )
    if found.fate == "open":
        return "open: the time for disputes is over, and whoever settles it makes it true"
    if found.fate == "disputed" and found.now >= found.rule_until:
        return "disputed: no ruling came in time, and whoever releases it gives the bonds back"
    if found.fate == "disputed":
        return f"disputed: the arbiter rules until {found.rule_until} ({_time(found.rule_until)})"
    return f"{found.fate}: it is over"


def _alerts(count: int) -> str:
    return f"{count} alert{'s' * (count != 1)}"


def _time(seconds: int) -> str:
    """Return a time as people read it; a contract may say any."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return "beyond all calendars"
