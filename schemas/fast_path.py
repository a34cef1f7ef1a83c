"""What a manifest may say of the protocol's own way to act without the delay of its governance."""

from typing import Literal

from schemas.strict import LowerAddress, Strict


class FastPath(Strict):
    """A contract that makes a call at once for whoever holds the emergency's role."""

    contract: LowerAddress
    kind: Literal["access-manager", "upgrade-executor"]
    """OpenZeppelin's AccessManager (`execute`), where the Safe's role has no execution delay; or an
    UpgradeExecutor (`executeCall`), as Arbitrum's security council has it."""
