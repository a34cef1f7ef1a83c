"""What a transaction's asset flows say; pure functions over `Transaction.flows`.

Amounts become floats here, on purpose: these are statistics. Money in records stays exact.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.chain import Flow, Transaction

NOBODY = "0x0000000000000000000000000000000000000000"
"""Where tokens are minted from and burned to."""

FEE = 0.02
"""The largest share that a lender may ask on top for a loan to count as one."""

Net = dict[str, dict[str, float]]
"""By address, by token: what came in minus what went out, in the token's smallest unit."""


def net_flows(flows: Iterable[Flow]) -> Net:
    """Return what every address gained and lost in all, zeros left out."""
    exact: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for flow in flows:
        amount = int(flow.amount)
        exact[flow.sender][flow.token] -= amount
        exact[flow.to][flow.token] += amount
    net = {
        address: {token: float(amount) for token, amount in tokens.items() if amount}
        for address, tokens in exact.items()
    }
    return {address: tokens for address, tokens in net.items() if tokens}


def initiators(tx: Transaction, protocol: frozenset[str]) -> frozenset[str]:
    """Return the addresses that act for whoever sent the transaction: the sender, the contract it
    called and what was created on the way, as far as they are not the protocol's own."""
    root = tx.calls[0].to if tx.calls else tx.to
    return frozenset(address for address in (tx.sender, root, *tx.created) if address) - protocol


class Loan(NamedTuple):
    """An amount of a token that left an address and came back to it later, in full."""

    lender: str
    token: str
    amount: float


def loans(flows: Sequence[Flow]) -> list[Loan]:
    """Return what was lent and given back within the transaction.

    A loan is an outflow of an address that is followed, not preceded, by inflows of the same token
    from whoever got it that cover it with at most `FEE` on top. An address that merely passes a
    token on receives first, so it is none.
    """
    found: list[Loan] = []
    open_loans: dict[tuple[str, str], tuple[int, str]] = {}
    balance: dict[tuple[str, str], int] = defaultdict(int)
    for flow in flows:
        amount = int(flow.amount)
        lent = open_loans.get((flow.to, flow.token))
        if lent is not None and lent[0] <= amount <= lent[0] * (1 + FEE):
            del open_loans[flow.to, flow.token]
            if flow.to != NOBODY:
                found.append(Loan(flow.to, flow.token, float(lent[0])))
        elif balance[flow.sender, flow.token] <= 0:
            open_loans[flow.sender, flow.token] = (amount, flow.to)
        balance[flow.sender, flow.token] -= amount
        balance[flow.to, flow.token] += amount
    return found


def only_losing(net: Net, besides: frozenset[str]) -> list[str]:
    """Return the addresses that lost something and gained nothing, apart from those named."""
    return [
        address
        for address, tokens in net.items()
        if address not in besides and address != NOBODY and max(tokens.values()) < 0.0
    ]


def free_gains(net: Net, initiating: frozenset[str]) -> list[str]:
    """Return the tokens that the initiators together gained, if they gave nothing for them."""
    total: Counter[str] = Counter()
    for address in initiating:
        total.update(net.get(address, {}))
    if any(amount < 0.0 for amount in total.values()):
        return []
    return [token for token, amount in total.items() if amount > 0.0]


def most_repeated(flows: Iterable[Flow]) -> tuple[tuple[str, str, str], int]:
    """Return the (token, from, to) that moved most often, and how often."""
    counts = Counter((flow.token, flow.sender, flow.to) for flow in flows)
    return counts.most_common(1)[0] if counts else (("", "", ""), 0)
