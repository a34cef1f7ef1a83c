"""node-oidc-provider, an OpenID Connect provider that others wrote, for tests of the sign-in.

It is certified by the OpenID Foundation and speaks the protocol as they do. `pins/` has the lock of
it and of what it needs, each with its integrity; npm checks them and runs none of their scripts.
"""

import json
import re
import subprocess
from pathlib import Path

from sandbox import tools
from sandbox.store import Report, once
from schemas.errors import ConfigurationError

_LOCK = Path(__file__).parent / "pins" / "oidc-provider.lock.json"
_LEAST_NODE = 20
_NODE = f"Install Node.js {_LEAST_NODE} or later, with npm."


def oidc_provider(cache: Path, report: Report) -> Path:
    """Return the folder whose `node_modules` have it, installing it the first time.

    Raises `ConfigurationError` when Node.js or npm is missing or too old, or a package is not what
    was pinned; `TransientError` when npm cannot get it.
    """
    node = tools.find("node", _NODE)
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    version = re.match(r"v(\d+)\.", said.stdout)
    if version is None or int(version[1]) < _LEAST_NODE:
        raise ConfigurationError(f"node {said.stdout.strip()} is too old for it. {_NODE}")
    lock = json.loads(_LOCK.read_text())
    wanted: dict[str, str] = lock["packages"][""]["dependencies"]

    def build(scratch: Path) -> Path:
        report("installing oidc-provider with npm")
        made = scratch / "made"
        made.mkdir()
        (made / "package.json").write_text(json.dumps({"private": True, "dependencies": wanted}))
        (made / "package-lock.json").write_text(_LOCK.read_text())
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund"]
        npm = tools.find("npm", _NODE)
        tools.fetch([npm, "ci", *quiet, "--cache", str(scratch / "npm-cache")], made)
        return made

    return once(cache / f"oidc-provider-{wanted['oidc-provider']}", build)
