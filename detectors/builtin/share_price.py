"""What a share is worth jumps: donations, first-depositor inflation, shares for nothing.

A vault tells its share price with every deposit and withdrawal, assets over shares, and so does a
lending market of the Compound V2 family with every mint and redemption. It grows by interest; it
does not jump. Who donates to a nearly empty vault makes it jump, and the next depositor gets fewer
shares than paid for, or none.
"""

import math
from typing import ClassVar

from detectors.api import Features, Scope, Spec, State
from detectors.habits import MAX_NAMES, ActDetector, Kind, account, number
from schemas.chain import Log, Transaction

_LAST = "last"
_DUST = 1_000
"""Shares that nobody deposits for: a vault with fewer than that is an attacker's instrument."""

_EXCHANGES = {
    "Deposit": ("assets", "shares"),
    "Withdraw": ("assets", "shares"),
    "Mint": ("mintAmount", "mintTokens"),
    "Redeem": ("redeemAmount", "redeemTokens"),
}
"""Events of exchanges of assets for shares, with the names of both amounts."""


class SharePrice(ActDetector):
    """A share price moves as it never does, or somebody pays and gets no share."""

    spec: ClassVar[Spec] = Spec(
        name="share-price",
        version="1.0.0",
        summary="Share prices of vaults and lending markets that jump; donations; empty deposits.",
        technique="ADT3012",
        made_from=("amounts", "events"),
        warm_up=50,
        false_positives=(
            "rewards that are paid into a vault in one large amount",
            "a loss that a vault books at once",
        ),
        blind_spots=(
            "a vault whose deposits emit no event of a known layout",
            "a donation that is so slow that it looks like interest",
        ),
        rule=True,
    )
    kinds: ClassVar[dict[str, Kind]] = {
        "jump": Kind(
            words="a share of {member} is worth {observed} % more or less than it was, "
            "ordinary are {expected} %",
            spread=1.5,
            ordinary=0.05,
            unit="%",
        ),
        "nothing": Kind(words="somebody paid into {member} and got no share", severity=5.0),
        "dust": Kind(words="somebody took a few wei of shares of {member}", severity=1.0),
        "gift": Kind(words="assets were given to {member} and nobody got a share", severity=-1.0),
    }

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._last: dict[str, float] = {}

    def acts(self, tx: Transaction) -> Features:
        """Return how far each vault's share price moved since it was last learned and within the
        transaction, and exchanges that are none."""
        found: dict[str, float] = {}
        prices: dict[str, list[float]] = {}
        vaults = set()
        for log in self.own(tx):
            exchange = _exchange(log)
            if exchange is None:
                continue
            assets, shares = exchange
            vaults.add(log.contract)
            if assets > 0 and shares == 0 and log.name in ("Deposit", "Mint"):
                found[f"nothing:{log.contract}"] = 1.0
            if assets > 0 and shares > 0:
                if shares <= _DUST and log.name in ("Deposit", "Mint"):
                    found[f"dust:{log.contract}"] = 1.0
                if min(assets, shares) > _DUST:  # rounding alone moves the price of a few wei
                    prices.setdefault(log.contract, []).append(math.log(assets) - math.log(shares))
        for vault, told in prices.items():
            known = [self._last[vault], *told] if vault in self._last else told
            jump = math.expm1(min(50.0, max(known) - min(known))) * 100.0
            if jump > 0.0 and len(known) > 1:
                found[f"jump:{vault}"] = jump
            found[f"{_LAST}:{vault}"] = told[-1]
        for vault in self._given(tx, vaults):
            found[f"gift:{vault}"] = 1.0
        return found

    def _given(self, tx: Transaction, busy: set[str]) -> set[str]:
        """Return the vaults that got a token without telling of any exchange."""
        if self.scope.manifest is None:
            return set()
        vaults = {one.address for one in self.scope.manifest.contracts if one.role == "vault"}
        given: set[str] = set()
        for flow in tx.flows:
            if flow.to in vaults - busy and flow.token not in (flow.to, "native"):
                given.add(flow.to)
        spoke = {log.contract for log in tx.logs}
        return given - spoke

    def learn_one(self, x: Features, weight: float) -> None:
        """Take these exchanges for ordinary; remember the last price of each share."""
        super().learn_one(x, weight)
        for name, value in x.items():
            kind, _, vault = name.partition(":")
            if kind == _LAST:
                self._last.pop(vault, None)
                self._last[vault] = value
        while len(self._last) > MAX_NAMES:
            del self._last[next(iter(self._last))]

    def dump(self) -> State:
        """Return everything that was learned."""
        return super().dump() | {"last": self._last}

    def load(self, state: State) -> None:
        """Become what `dump` described."""
        super().load(state)
        self._last = {vault: float(price) for vault, price in state["last"].items()}


def _exchange(log: Log) -> tuple[int, int] | None:
    """Return assets and shares of an exchange of one for the other."""
    names = _EXCHANGES.get(log.name)
    if names is None:
        return None
    assets, shares = (number(log, name) for name in names)
    if assets is None or shares is None or assets < 0 or shares < 0:
        return None
    if log.name == "Deposit" and account(log, "owner") is None:
        return None
    return assets, shares
