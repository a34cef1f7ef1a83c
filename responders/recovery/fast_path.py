"""The protocol's own fast path, where its manifest names one: a contract that makes a call for
whoever holds the emergency's role, without the delay of ordinary governance. Pure.

What signers see is the call that arrives, decoded; the wrapping is computed here from it and from
nothing else, so it can hide nothing.
"""

from dataclasses import dataclass

from responders.recovery.moves import Move
from runtime.calldata import called
from schemas.fast_path import FastPath

FUNCTIONS = {
    "access-manager": "execute(address,bytes)",
    "upgrade-executor": "executeCall(address,bytes)",
}
"""OpenZeppelin's AccessManager, for a role without execution delay; the UpgradeExecutor by which
Arbitrum's security council acts. Both are handed one call and make it as themselves."""


@dataclass(frozen=True, slots=True)
class Hastened(Move):
    """A call that the fast path makes."""

    arrives: Move

    @property
    def words(self) -> str:
        """Return the call that arrives, decoded from its bytes, and by whose hand."""
        return f"{self.arrives.words} (made by the fast path {self.to})"


def hastened(move: Move, path: FastPath) -> Hastened:
    """Return the call that has the fast path make another."""
    function = FUNCTIONS[path.kind]
    data = called(function, move.to, bytes.fromhex(move.calldata[2:]))
    return Hastened(path.contract, function, data, move)
