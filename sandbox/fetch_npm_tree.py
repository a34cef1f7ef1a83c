"""Packages of npm with all that they need: programs that others wrote, for tests of the sign-in.

node-oidc-provider, certified by the OpenID Foundation, speaks OpenID Connect as they do; siwe is
EIP-4361 as its authors implemented it. `pins/` has the lock of each and of what it needs, every
package with its integrity; npm checks them and runs none of their scripts.
"""

import json
import re
import subprocess
from pathlib import Path

from sandbox import tools
from sandbox.store import Report, once
from schemas.errors import ConfigurationError

_PINS = Path(__file__).parent / "pins"
_LEAST_NODE = 20
_NODE = f"Install Node.js {_LEAST_NODE} or later, with npm."


def npm_tree(cache: Path, name: str, report: Report) -> Path:
    """Return the folder whose `node_modules` have the package, installing it the first time.

    Raises `ConfigurationError` when Node.js or npm is missing or too old, or a package is not what
    was pinned; `TransientError` when npm cannot get it.
    """
    node = tools.find("node", _NODE)
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    version = re.match(r"v(\d+)\.", said.stdout)
    if version is None or int(version[1]) < _LEAST_NODE:
        raise ConfigurationError(f"node {said.stdout.strip()} is too old for it. {_NODE}")
    lock = (_PINS / f"{name}.lock.json").read_text()
    wanted: dict[str, str] = json.loads(lock)["packages"][""]["dependencies"]

    def build(scratch: Path) -> Path:
        report(f"installing {name} with npm")
        made = scratch / "made"
        made.mkdir()
        (made / "package.json").write_text(json.dumps({"private": True, "dependencies": wanted}))
        (made / "package-lock.json").write_text(lock)
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund"]
        npm = tools.find("npm", _NODE)
        tools.fetch([npm, "ci", *quiet, "--cache", str(scratch / "npm-cache")], made)
        return made

    return once(cache / f"{name}-{wanted[name]}", build)
