"""Who may do what changes: roles, owners, code, guardians, a Safe's signers and modules."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from detectors.api import Features, Spec
from detectors.flows import net_flows
from detectors.habits import ActDetector, Kind, account
from schemas.chain import Log, Transaction

_NIL = "0x" + "0" * 40
_HOURS = 4

_SIMPLE = {
    "OwnershipTransferStarted": "owner",
    "RoleRevoked": "revoked",
    "RoleAdminChanged": "role",
    "Upgraded": "upgrade",
    "BeaconUpgraded": "upgrade",
    "NewImplementation": "upgrade",
    "AdminChanged": "owner",
    "NewAdmin": "owner",
    "NewPendingAdmin": "owner",
    "AuthorizerChanged": "owner",
    "AddedOwner": "signers",
    "RemovedOwner": "signers",
    "ChangedThreshold": "signers",
    "EnabledModule": "module",
    "ChangedGuard": "module",
    "ChangedFallbackHandler": "module",
    "NewPriceOracle": "oracle",
    "NewPauseGuardian": "guardian",
    "TargetFunctionRoleUpdated": "role",
    "TargetAdminDelayUpdated": "role",
    "RoleGuardianChanged": "guardian",
}
"""Events that always are an act, and of which kind."""

_HOLDERS = ("account", "newOwner", "newAdmin", "newPendingAdmin", "owner", "module")
"""Arguments that name who gets a power."""

_TAKEN = ("RoleRevoked", "RemovedOwner")
"""Events that name who loses a power."""

_CODE = ("implementation", "newImplementation", "guard", "handler")
"""Arguments that name code, which is new whenever it changes."""


class Privilege(ActDetector):
    """An authority changes hands outside habit, hours or hands."""

    spec: ClassVar[Spec] = Spec(
        name="privilege",
        version="1.0.1",
        summary="Roles, owners, upgrades, guardians, Safe signers and modules against habit.",
        technique="ADT1552.004",
        made_from=("events",),
        warm_up=100,
        false_positives=(
            "the first planned upgrade or handover of a protocol",
            "deployment scripts that set up roles while the protocol is watched already",
        ),
        blind_spots=(
            "a stolen key that does what its owner does, at its owner's hours",
            "contracts whose own events for this are not standard and have no ABI given",
        ),
        rule=True,
    )
    trust = 0.5
    kinds: ClassVar[dict[str, Kind]] = {
        "role": Kind(words="a role was granted or redefined on {member}"),
        "admin": Kind(words="the power over all others was granted on {member}", severity=1.0),
        "revoked": Kind(words="a role was taken away on {member}"),
        "owner": Kind(words="the owner or admin of {member} changes", severity=1.0),
        "renounced": Kind(words="{member} has no owner any more"),
        "upgrade": Kind(words="the code behind {member} was replaced", severity=1.0),
        "signers": Kind(words="the signers of the Safe {member} change", severity=1.0),
        "module": Kind(words="a module or guard of the Safe {member} changes", severity=2.0),
        "oracle": Kind(words="the price oracle of {member} was replaced", severity=1.0),
        "guardian": Kind(words="the guardian of {member} was replaced or removed", severity=1.0),
        "self": Kind(words="whoever sent it gave the power to itself", severity=1.0),
        "newborn": Kind(words="it installs code born in the same transaction", severity=2.0),
        "looted": Kind(words="and value leaves the protocol in the same transaction", severity=3.0),
        "by": Kind(words="{member} never did such a thing before", limit=3.5),
        "to": Kind(words="{member} never held such a power before", limit=1.5),
        "hour": Kind(words="at an hour at which this is not done", limit=2.0),
    }

    def acts(self, tx: Transaction) -> Features:
        """Return changes of authority in the protocol's contracts, by whom, for whom and when."""
        found: dict[str, float] = {}
        newborn = {call.to for call in tx.calls if call.kind == "create"} | set(tx.created)
        for log in self.own(tx):
            kind = _kind(log)
            if kind is None:
                continue
            found[f"{kind}:{log.contract}"] = 1.0
            for holder in _named(log, _HOLDERS if log.name not in _TAKEN else ()):
                found[f"to:{holder}"] = 1.0
                if holder == tx.sender:
                    found[f"self:{log.contract}"] = 1.0
            if not newborn.isdisjoint(_named(log, (*_HOLDERS, *_CODE))):
                found[f"newborn:{log.contract}"] = 1.0
        if not found:
            return {}
        if tx.sender is not None:
            found[f"by:{tx.sender}"] = 1.0
        found[f"hour:{tx.timestamp // 3600 % 24 // _HOURS}"] = 1.0
        if self._loses(tx):
            found["looted"] = 1.0
        return found

    def _loses(self, tx: Transaction) -> bool:
        """Say whether any of the protocol's holders gave value and got none."""
        if self.scope.manifest is None:
            return False
        net = net_flows(tx.flows)
        return any(
            max(net[holder].values()) < 0.0 for holder in self.scope.manifest.holders & net.keys()
        )


def _kind(log: Log) -> str | None:
    """Return which act an event is, None for none; a first owner or guardian changes nothing."""
    if log.name == "RoleGranted":
        return "admin" if _is_admin(log) else "role"
    if log.name == "OwnershipTransferred":
        if account(log, "previousOwner") == _NIL:
            return None
        return "renounced" if account(log, "newOwner") == _NIL else "owner"
    if log.name == "NewPauseGuardian" and account(log, "oldPauseGuardian") == _NIL:
        return None
    return _SIMPLE.get(log.name)


def _is_admin(log: Log) -> bool:
    """Say whether the role is the one that grants the others: nought, in both of OpenZeppelin's
    access controls."""
    return log.arguments.get("roleId") == "0" or log.arguments.get("role") == "0x" + "0" * 64


def _named(log: Log, names: Iterable[str]) -> Iterator[str]:
    """Yield the accounts among these arguments of an event."""
    for name in names:
        found = account(log, name)
        if found is not None:
            yield found
