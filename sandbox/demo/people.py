"""Who looks on at the demo's console: by an identity provider of its own, or by a wallet."""

import json

from sandbox.identity import Identity
from sandbox.ports import HOST, free_port
from sandbox.world import World

PEOPLE = {"ana": "approver", "ben": "approver", "rea": "responder", "vic": "viewer"}
"""By name, what each may do. Two of them also hold keys of the Safe."""

WALLETS = {"ana": "owner-1", "ben": "owner-2"}


def identity() -> Identity:
    """Return a provider that lets anybody be any of them."""
    return Identity(dict.fromkeys(PEOPLE, ()))


def settings_of(world: World, provider: Identity) -> dict[str, object]:
    """Return the console's settings."""
    port = free_port()
    people = [
        {
            "name": name,
            "role": role,
            "subjects": [name],
            "wallets": [world.accounts[WALLETS[name]].address] if name in WALLETS else [],
        }
        for name, role in PEOPLE.items()
    ]
    return {
        "CONSOLE__PORT": port,
        "CONSOLE__URL": f"http://{HOST}:{port}",
        "CONSOLE__PEOPLE": json.dumps(people),
        "CONSOLE__CHAINS": f"eip155:{world.chain_id}",
        "CONSOLE__OIDC_ISSUER": provider.issuer,
    }
