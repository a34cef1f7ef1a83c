"""What a transaction's asset flows say; pure functions over `Transaction.flows`.

Amounts become floats here, on purpose: these are statistics. Money in records stays exact.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from detectors.last import answered_once
from schemas.chain import Flow, Transaction

NOBODY = "0x0000000000000000000000000000000000000000"
"""Where tokens are minted from and burned to."""

FEE = 0.02
"""The largest share that a lender may ask on top for a loan to count as one."""

REST, SPECK = 0.05, 1e3
"""What may be left of a balance that counts as emptied, as a share of it; smallest units of a token
below which there was none."""

LEAST_BACK = 0.01
"""The share of an amount that has to go the other way to count as going back and forth."""

Net = dict[str, dict[str, float]]
"""By address, by token: what came in minus what went out, in the token's smallest unit."""


@answered_once
def amounts(flows: Sequence[Flow]) -> Sequence[int]:
    """Return the amount of each, exactly; not to be changed."""
    return [int(flow.amount) for flow in flows]


@answered_once
def net_flows(flows: Sequence[Flow]) -> Net:
    """Return what every address gained and lost in all, zeros left out; not to be changed."""
    exact: dict[str, dict[str, int]] = {}
    for flow, amount in zip(flows, amounts(flows), strict=True):
        sender, to, token = flow.sender, flow.to, flow.token
        tokens = exact.get(sender)
        if tokens is None:
            exact[sender] = {token: -amount}
        else:
            tokens[token] = tokens.get(token, 0) - amount
        tokens = exact.get(to)
        if tokens is None:
            exact[to] = {token: amount}
        else:
            tokens[token] = tokens.get(token, 0) + amount
    net: Net = {}
    for address, sums in exact.items():
        left = {token: float(amount) for token, amount in sums.items() if amount}
        if left:
            net[address] = left
    return net


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


@answered_once
def loans(flows: Sequence[Flow]) -> Sequence[Loan]:
    """Return what was lent and given back within the transaction.

    A loan is an outflow of an address that is followed, not preceded, by inflows of the same token
    from whoever got it that cover it with at most `FEE` on top. An address that merely passes a
    token on receives first, so it is none.
    """
    found: list[Loan] = []
    lent: dict[tuple[str, str], int] = {}
    balance: dict[tuple[str, str], int] = {}
    for flow, amount in zip(flows, amounts(flows), strict=True):
        token = flow.token
        giver, taker = (flow.sender, token), (flow.to, token)
        due = lent.get(taker)
        given = balance.get(giver, 0)
        if due is not None and due <= amount <= due * (1 + FEE):
            del lent[taker]
            if flow.to != NOBODY:
                found.append(Loan(flow.to, token, float(due)))
        elif given <= 0:
            lent[giver] = amount
        balance[giver] = given - amount
        balance[taker] = balance.get(taker, 0) + amount
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
    total: dict[str, float] = {}
    for address in initiating:
        for token, amount in net.get(address, {}).items():
            total[token] = total.get(token, 0) + amount
    if any(amount < 0.0 for amount in total.values()):
        return []
    return [token for token, amount in total.items() if amount > 0.0]


def emptied(flows: Sequence[Flow], net: Net, besides: frozenset[str]) -> set[tuple[str, str]]:
    """Return (token, payer) of each payer that was asked by others what it held, then paid all but
    a `REST` of it, and did not get it back; apart from those named."""
    return {
        (flow.token, flow.sender)
        for flow in flows
        if flow.held is not None
        and flow.sender not in besides
        and flow.sender != NOBODY
        and float(flow.amount) > max(SPECK, (1.0 - REST) * float(flow.held))
        and net.get(flow.sender, {}).get(flow.token, 0.0) < 0.0
    }


def round_trips(flows: Sequence[Flow], net: Net, besides: frozenset[str]) -> list[str]:
    """Return the addresses that both got and gave each of two tokens or more, apart from those
    named: an exchange whose price was moved and moved back.

    What was lent and given back is no such token; nor is one of which a hundredth came back. Who
    passes everything on is left with nothing of it all and is none.
    """
    if len(flows) < 4:  # two tokens, each there and back
        return []
    both_ways = {flow.sender for flow in flows} & {flow.to for flow in flows} & net.keys()
    both_ways -= besides
    both_ways.discard(NOBODY)
    if not both_ways:
        return []
    sums: dict[tuple[str, str], list[float]] = {}
    for flow, amount in zip(flows, amounts(flows), strict=True):
        for address, outwards in ((flow.sender, 1), (flow.to, 0)):
            if address in both_ways:
                pair = address, flow.token
                if pair not in sums:
                    sums[pair] = [0.0, 0.0]
                sums[pair][outwards] += float(amount)
    lent = {(loan.lender, loan.token) for loan in loans(flows)}
    both: dict[str, int] = {}
    for pair, (came, went) in sums.items():
        if min(came, went) > LEAST_BACK * max(came, went) and pair not in lent:
            both[pair[0]] = both.get(pair[0], 0) + 1
    return [address for address, tokens in both.items() if tokens > 1]


def most_repeated(flows: Iterable[Flow]) -> tuple[tuple[str, str, str], int]:
    """Return the (token, from, to) that moved most often, and how often."""
    counts: dict[tuple[str, str, str], int] = {}
    for flow in flows:
        key = flow.token, flow.sender, flow.to
        counts[key] = counts.get(key, 0) + 1
    if not counts:
        return ("", "", ""), 0
    most = max(counts, key=counts.__getitem__)
    return most, counts[most]
