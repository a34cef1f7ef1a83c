"""What is at stake in a transaction: what left the protocol, or moved at all, and from where."""

from decimal import Decimal

from detectors.api import Scope
from detectors.flows import NOBODY, net_flows
from detectors.holdings import crossing
from schemas.chain import Transaction

MOST_TOLD = 3

MAX_LOSING = 16
"""Contracts that an alert may name as losing; its record has room for no more."""


def at_stake(tx: Transaction, scope: Scope) -> str:
    """Return what left, the largest amounts first (in whole units where decimals are known), or ''
    when nothing did."""
    if scope.manifest is not None:
        crossed = crossing(tx.flows, scope.manifest.holders)
        lost = {token: went - came for token, (came, went) in crossed.items() if went > came}
        where = "left the protocol"
    else:
        lost = {}
        for address, tokens in net_flows(tx.flows).items():
            for token, change in tokens.items():
                if change < 0.0 and address not in (tx.sender, NOBODY):
                    lost[token] = max(lost.get(token, 0.0), -change)
        where = "left one address"
    ranked = sorted(lost.items(), key=lambda item: (-item[1], item[0]))
    told = [_amount(token, loss, scope) for token, loss in ranked[:MOST_TOLD]]
    more = len(ranked) - len(told)
    rest = f" and {more} more tokens" if more else ""
    return f"{', '.join(told)}{rest} {where}" if told else ""


def losing(tx: Transaction, scope: Scope) -> tuple[str, ...]:
    """Return which of the protocol's holders were left with less of some token, in the order of
    their addresses; none where flows were not seen, or nobody said which contracts hold value."""
    if scope.manifest is None or "flows" not in tx.seen:
        return ()
    net = net_flows(tx.flows)
    lost = (who for who in scope.manifest.holders & net.keys() if min(net[who].values()) < 0.0)
    return tuple(sorted(lost)[:MAX_LOSING])


def _amount(token: str, loss: float, scope: Scope) -> str:
    decimals = scope.manifest.decimals(token) if scope.manifest else None
    if decimals is None:
        return f"{loss:.3g} smallest units of {scope.symbol(token)}"
    return f"{Decimal(loss) / 10**decimals:,.2f} {scope.symbol(token)}"
