"""`firebreak brakes`: what the manifests' brakes call, who has to allow it, and how they stand."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.safe_posts import Keystore, KmsKey, PasswordFile, Service, posting
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from responders.chain import Chain
    from runtime.settings import Settings
    from schemas.manifest import Brake, Manifest

app = typer.Typer(
    help="Show what brakes call; have them signed by a Safe's owners.", no_args_is_help=True
)

MOST_NONCES = 5
"""For which a brake is proposed at once."""

_TOLD = "state", "guards", "route", "target", "calls", "stops", "lets_go", "released_by"

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command("list")
def list_(as_json: JsonFlag = False) -> None:  # noqa: FBT002 - a command-line flag
    """Show every brake of the manifests, how it stands, and each call that a gate has to allow."""
    import orjson

    from cli.wiring import read_manifests, read_settings

    settings = read_settings()
    with connected(settings) as chain:
        manifests = [m for m in read_manifests(settings).values() if m.chain == chain.name]
        rows = [_row(manifest, brake, chain) for manifest in manifests for brake in manifest.brakes]
    if as_json:
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        return
    for row in rows:
        typer.echo(f"{row['protocol']}: {row['brake']} ({row['scope']}, {row['adapter']})")
        for name in _TOLD:
            none = "the whole protocol" if name == "guards" else "nothing"
            told = row[name] if isinstance(row[name], str) else ", ".join(row[name]) or none
            typer.echo(f"  {name.replace('_', ' ')}: {told}")


@app.command()
def safe(
    protocol: str,
    brake: str,
    count: Annotated[int, typer.Option(min=1, max=100, help="For how many nonces.")] = 5,
) -> None:
    """Print what a Safe's owners sign ahead for a brake, for the nonces that it comes to next.

    One JSON object per call and nonce: what a wallet signs (`typed`, EIP-712), its hash, and what
    the transaction service takes once sender and signature are filled in.
    """
    import orjson

    from cli.wiring import read_manifests, read_settings
    from responders.adapters import registry
    from responders.adapters.calls import called, word
    from runtime.safe_transactions import SafeTransaction, proposed_rows

    settings = read_settings()
    with connected(settings) as chain:
        found = _named(read_manifests(settings).get(protocol), protocol, brake)
        at = _safe_of(found, protocol)
        deed = registry.family_of(found, chain).deed
        nonce = word(chain, at, called("nonce()"), None)
        if nonce is None:
            raise ConfigurationError(f"{protocol}: brake {brake}: safe: {at} is no Safe")
        chain_id = int(chain.name.rpartition(":")[2])
        transactions = [
            SafeTransaction(chain_id, at, deed.target, data, number)
            for data in (deed.calldata, *deed.variants)
            for number in range(nonce, nonce + count)
        ]
    typer.echo(orjson.dumps(proposed_rows(transactions, ""), option=orjson.OPT_INDENT_2).decode())


@app.command()
def propose(
    protocol: str,
    brake: str,
    service: Service,
    keystore: Keystore = None,
    password_file: PasswordFile = None,
    kms_key: KmsKey = None,
) -> None:
    """Put a brake before its Safe's owners now, on their transaction service.

    For the nonce that the Safe is at, whatever waits there, so that nothing that is stuck in the
    queue holds it up; and for the next, where another transaction may be carried out before it.
    """
    from cli.wiring import read_manifests, read_settings
    from responders.adapters import registry
    from responders.adapters.base import Condition
    from responders.adapters.calls import called, word
    from responders.safe_service import nonces
    from runtime.safe_transactions import SafeTransaction

    settings = read_settings()
    with (
        connected(settings) as chain,
        posting(service, keystore, password_file, kms_key) as to,
    ):
        found = _named(read_manifests(settings).get(protocol), protocol, brake)
        safe, family = _safe_of(found, protocol), registry.family_of(found, chain)
        nonce = word(chain, safe, called("nonce()"), None)
        if nonce is None:
            raise ConfigurationError(f"{protocol}: brake {brake}: safe: {safe} is no Safe")
        head = chain.head().number
        if family.probe(head) is Condition.BRAKED:
            typer.echo(f"braked already at block {head}; nothing was proposed")
            return
        data, chain_id = family.calldata(None), int(chain.name.rpartition(":")[2])
        queue = to.service.queued(safe, nonce)
        for number in nonces(nonce, queue, MOST_NONCES):
            made = SafeTransaction(chain_id, safe, family.deed.target, data, number)
            typer.echo(f"nonce {number}: proposed {to.service.propose(made, to.proposer)}")


def _safe_of(brake: "Brake", protocol: str) -> str:
    if brake.safe is None:
        raise ConfigurationError(f"{protocol}: brake {brake.name}: safe: no Safe is named")
    return brake.safe


def _row(manifest: "Manifest", brake: "Brake", chain: "Chain") -> dict[str, Any]:
    from responders.adapters import registry

    try:
        family = registry.family_of(brake, chain)
    except ConfigurationError as error:
        raise ConfigurationError(f"{manifest.protocol}: {error}") from error
    deed = family.deed
    unnamed = family.aimed(deed.calldata) is None  # a gate that lets it needs no entry
    quorum = manifest.quorum
    agreed = quorum is not None and brake.scope in quorum.scopes
    ways = {
        "operators' quorum": quorum.contract if quorum and agreed else None,
        "gate": brake.gate,
        "role of": brake.roles and brake.roles.modifier,
        "Safe": brake.safe,
    }
    return {
        "protocol": manifest.protocol,
        "brake": brake.name,
        "adapter": brake.adapter,
        "scope": brake.scope,
        "state": family.probe(chain.head().number).value,
        "guards": list(brake.guards),
        "route": next((f"{name} {way}" for name, way in ways.items() if way), "direct"),
        "target": deed.target,
        "calls": [] if unnamed else [deed.calldata, *deed.variants],
        "stops": sorted(deed.also_stops.activities),
        "lets_go": "released by people only"
        if deed.lapses_after is None
        else f"by itself within {deed.lapses_after} seconds",
        "released_by": deed.release,
    }


def _named(manifest: "Manifest | None", protocol: str, name: str) -> "Brake":
    for brake in manifest.brakes if manifest else ():
        if brake.name == name:
            return brake
    raise ConfigurationError(f"no manifest has a brake {name} of {protocol}")


@contextmanager
def connected(settings: "Settings") -> Iterator["Chain"]:
    """Connect to the node that brakes are pulled through."""
    from responders.chain import NodeChain
    from runtime.evm import Endpoints

    endpoints = Endpoints(
        settings.respond.endpoints or settings.evm.endpoints, settings.evm.request_seconds
    )
    try:
        yield NodeChain(endpoints)
    finally:
        endpoints.close()
