"""Settings of `firebreak risk publish`: which figures, when, where to. Disarmed by default."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from runtime.settings_kinds import Group, Names


class RiskSettings(Group):
    """Which figures, when, and where they go."""

    signing_key: Path | None = None
    """An Ed25519 key of its own, which signs the records."""
    model: Path | None = None
    """Parameters of `python -m bench.fit_risk`; none: those that ship."""
    horizon_seconds: Annotated[int, Field(ge=3600, le=366 * 86_400)] = 30 * 86_400
    deviation: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """By what share a figure has to move to be told before the heartbeat."""
    heartbeat_seconds: Annotated[int, Field(ge=60, le=86_400)] = 3600
    capital_cost: Annotated[float, Field(ge=0, le=1)] = 0.06
    """What capital costs a year: Solvency II's rate, until the operator knows a better one."""
    level: Annotated[float, Field(ge=0.5, lt=1)] = 0.99
    """Of value at risk and tail loss."""
    endpoints: Annotated[Names, Field(repr=False)] = ()
    """Nodes to read balances from and to report through; none: the manifest's word counts."""
    armed: bool = False
    keystore: Path | None = None
    """An account that signs reports for the chain and pays for them; never one that brakes."""
    keystore_password_file: Path | None = None
    fee_cap_gwei: Annotated[int, Field(gt=0)] = 50
    web_host: str = "127.0.0.1"
    web_port: Annotated[int, Field(ge=0, le=65535)] = 6068
    requests_per_minute: Annotated[int, Field(ge=1)] = 120
    """From one address."""
