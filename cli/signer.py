"""`firebreak signer`: keep the key, in a process that decides nothing."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from responders.signers.wire import Begun
    from runtime.settings import Settings


def signer(
    health_port: Annotated[int | None, typer.Option(help="Port for probes and metrics.")] = None,
) -> None:
    """Sign what the policy file allows, for one user of this machine, and refuse all else."""
    from cli.wiring import read_settings
    from responders import equipment
    from responders.signers import policy
    from responders.signers.desks import Desk, ProposalDesk, SignerDesk, StatementDesk
    from responders.signers.server import listening, serve
    from runtime.service import running
    from schemas.errors import ConfigurationError

    settings = read_settings(health={"port": health_port})
    own = settings.signer
    if own.socket is None or own.policy is None:
        raise ConfigurationError(
            "a signer needs signer.socket, where it listens, and signer.policy, what it may sign"
        )
    allowed = policy.load(own.policy)
    client = os.geteuid() if own.client_uid is None else own.client_uid
    with running("signer", settings) as service, listening(own.socket, client) as listener:
        desk: Desk
        if isinstance(allowed, policy.StatementPolicy):
            desk = StatementDesk(equipment.signer_of(own, equipment.NO_CHAIN), allowed)
        elif isinstance(allowed, policy.ProposalPolicy):
            desk = ProposalDesk(equipment.signer_of(own, equipment.NO_CHAIN), allowed)
        else:
            desk = SignerDesk(equipment.signer_of(own, allowed.chain_id), allowed)
        serve(
            listener,
            desk,
            client,
            service.stop,
            service.health.beat,
            _begun(settings, own.policy),
        )


def _begun(settings: "Settings", policy: Path) -> "Begun":
    """Return what there is to say of a signer that begins: its own settings, secrets masked."""
    from hashlib import sha256
    from importlib.metadata import version

    from responders.signers.wire import Begun
    from runtime.settings_shown import shown

    own = (row for row in shown(settings, flags={}) if row.name.startswith("signer."))
    return Begun(
        version=version("firebreak"),
        settings={row.name: row.value[:4096] for row in own},
        policy=sha256(policy.read_bytes()).hexdigest(),
    )
