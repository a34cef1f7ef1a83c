"""Settings of what examines the watched contracts."""

from typing import Annotated

from pydantic import Field

from runtime.settings_kinds import Group, Names


class AssureSettings(Group):
    """What contracts are held against (`firebreak assure`, `firebreak posture`)."""

    sourcify: str | None = None
    """A Sourcify-compatible service, such as https://sourcify.dev/server; none: nobody is asked."""
    slither: str | None = None
    """The command that runs Slither, where it is installed; none: it is not run."""
    responder: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")] | None = None
    """The account that pulls brakes without a gate, in trials of them."""
    users: Names = ()
    """Accounts that use the protocols, in whose names functions are tried that do nothing for a
    stranger."""
