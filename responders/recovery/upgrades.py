"""No upgrade is put before signers unless the new code reads the old storage as it was meant."""

from pathlib import Path
from typing import Any

from responders import answers
from responders.recovery.code_diff import Implementation, told
from responders.recovery.plan import Call, Step
from runtime.bytecode import code_of as code_in
from runtime.evm import Endpoints
from schemas.errors import ConfigurationError
from schemas.layouts import added, clashes, read_build, read_layout

DIRECT = frozenset({"upgradeTo(address)", "upgradeToAndCall(address,bytes)"})
"""On the proxy: OpenZeppelin's UUPS and transparent proxies."""

BY_ADMIN = frozenset({"upgrade(address,address)", "upgradeAndCall(address,address,bytes)"})
"""On a ProxyAdmin, whose first argument is the proxy."""


class UnsafeUpgradeError(ConfigurationError):
    """Do not sign: change the new code, or the plan."""


IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"
"""Where a proxy keeps whose code it runs (ERC-1967)."""


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


def code_of(call: Call) -> str:
    """Return the new code's address in a call that upgrades."""
    return str(call.arguments[0 if call.function in DIRECT else 1]).lower()


def differences(step: Step, folder: Path, endpoints: Endpoints) -> list[str]:
    """Say what the step's upgrades change: code, functions, storage.

    Raises `UnsafeUpgradeError` for new code that is not there, or is not the build that the plan
    names; `TransientError` when no node answers.
    """
    given = {one.proxy: one for one in step.upgrades}
    found: list[str] = []
    for call in step.calls:
        proxy = proxy_of(call)
        if proxy is None:
            continue
        before, after = (read_build(folder / path) for path in (given[proxy].old, given[proxy].new))
        now = _implementation(endpoints, proxy)
        old = Implementation(now, _code(endpoints, now), before)
        new = Implementation(code_of(call), _code(endpoints, code_of(call)), after)
        if not new.code:
            raise UnsafeUpgradeError(f"{proxy}: there is no code at {new.address}")
        if new.is_build is False:
            raise UnsafeUpgradeError(f"{proxy}: {new.address} is not the build {given[proxy].new}")
        news = ", ".join(added(before.storage_layout, after.storage_layout)) or "nothing"
        found += [f"{proxy}: storage as it was; new: {news}"]
        found += [f"{proxy}: {line}" for line in told(old, new)]
    return found


def _implementation(endpoints: Endpoints, proxy: str) -> str:
    """Return whose code a proxy runs; nobody's where it keeps that elsewhere than ERC-1967 says."""
    slot = endpoints.ask(
        "eth_getStorageAt", proxy, IMPLEMENTATION_SLOT, "latest", read=answers.quantity
    )
    return f"0x{slot % 2**160:040x}"


def _code(endpoints: Endpoints, address: str) -> bytes:
    return endpoints.ask("eth_getCode", address, "latest", read=_bytes)


def _bytes(answer: Any) -> bytes:
    return code_in(answers.hexadecimal(answer))
