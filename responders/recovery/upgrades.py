"""No upgrade is put before signers unless the new code reads the old storage as it was meant."""

from collections.abc import Iterator
from pathlib import Path

from responders.recovery.plan import Call, Step
from schemas.errors import ConfigurationError
from schemas.layouts import added, clashes, read_layout

DIRECT = frozenset({"upgradeTo(address)", "upgradeToAndCall(address,bytes)"})
"""On the proxy: OpenZeppelin's UUPS and transparent proxies."""

BY_ADMIN = frozenset({"upgrade(address,address)", "upgradeAndCall(address,address,bytes)"})
"""On a ProxyAdmin, whose first argument is the proxy."""


class UnsafeUpgradeError(ConfigurationError):
    """Do not sign: change the new code, or the plan."""


def proxy_of(call: Call) -> str | None:
    """Return the proxy that a call upgrades, None for any other call."""
    if call.function in DIRECT:
        return call.to
    return str(call.arguments[0]).lower() if call.function in BY_ADMIN else None


def require_safe(step: Step, folder: Path) -> None:
    """Raise `UnsafeUpgradeError` for an upgrade whose layouts the plan does not name, or clash."""
    given = {one.proxy: one for one in step.upgrades}
    for proxy in filter(None, map(proxy_of, step.calls)):
        if proxy not in given:
            raise UnsafeUpgradeError(f"{proxy} is upgraded: name its storage layouts in upgrades")
        one = given[proxy]
        found = list(clashes(read_layout(folder / one.old), read_layout(folder / one.new)))
        if found:
            raise UnsafeUpgradeError(f"{proxy}: {'; '.join(found)}")


def differences(step: Step, folder: Path) -> Iterator[str]:
    """Say what upgrades add to the storage."""
    for one in step.upgrades:
        news = list(added(read_layout(folder / one.old), read_layout(folder / one.new)))
        yield f"{one.proxy}: storage as it was; new: {', '.join(news) or 'nothing'}"
