"""What a transaction's asset flows say; pure functions over `Transaction.flows`.

Amounts become floats here, on purpose: these are statistics. Money in records stays exact.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

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


class Loan(NamedTuple):
    """An amount of a token that left an address and came back to it later, in full."""

    lender: str
    token: str
    amount: float


class Books(Struct, frozen=True, gc=False):
    """What one walk over the flows adds up to; not to be changed."""

    net: Net
    """What every address gained and lost in all, zeros left out."""
    losing: Sequence[str]
    """The addresses that lost something and gained nothing; what is minted is nobody's loss."""
    loans: Sequence[Loan]
    """What was lent and given back within the transaction."""
    repeats: int
    """How often the movement (token, from, to) was made that was made most often."""


@answered_once
def books(flows: Sequence[Flow]) -> Books:
    """Return what the flows add up to.

    A loan is an outflow of an address that is followed, not preceded, by inflows of the same token
    from whoever got it that cover it with at most `FEE` on top. An address that merely passes a
    token on receives first, so it is none.
    """
    found: list[Loan] = []
    lent: dict[tuple[str, str], int] = {}
    times: dict[tuple[str, str, str], int] = {}
    balances: dict[str, dict[str, int]] = {}
    for flow in flows:
        sender, to, token, amount = flow.sender, flow.to, flow.token, int(flow.amount)
        giver = balances.get(sender)
        if giver is None:
            giver = balances[sender] = {}
        given = giver.get(token, 0)
        giver[token] = given - amount
        taker = balances.get(to)
        if taker is None:
            taker = balances[to] = {}
        due = lent.get((to, token)) if token in taker else None
        if due is not None and due <= amount <= due * (1 + FEE):
            del lent[to, token]
            if to != NOBODY:
                found.append(Loan(to, token, float(due)))
        elif given <= 0:
            lent[sender, token] = amount
        taker[token] = taker.get(token, 0) + amount
        movement = token, sender, to
        times[movement] = times.get(movement, 0) + 1
    net, losing = _settled(balances)
    return Books(net, losing, found, max(times.values()) if times else 0)


def _settled(balances: Mapping[str, Mapping[str, int]]) -> tuple[Net, list[str]]:
    """Return what is left of the balances, and who is left with losses alone."""
    net: Net = {}
    losing: list[str] = []
    for address, tokens in balances.items():
        left: dict[str, float] = {}
        gained = address == NOBODY
        for token, amount in tokens.items():
            if amount:
                left[token] = float(amount)
                if amount > 0:
                    gained = True
        if left:
            net[address] = left
            if not gained:
                losing.append(address)
    return net, losing


def net_flows(flows: Sequence[Flow]) -> Net:
    """Return what every address gained and lost in all, zeros left out; not to be changed."""
    return books(flows).net


def loans(flows: Sequence[Flow]) -> Sequence[Loan]:
    """Return what was lent and given back within the transaction."""
    return books(flows).loans


def initiators(tx: Transaction, protocol: frozenset[str]) -> frozenset[str]:
    """Return the addresses that act for whoever sent the transaction: the sender, the contract it
    called and what was created on the way, as far as they are not the protocol's own."""
    root = tx.calls[0].to if tx.calls else tx.to
    return frozenset(filter(None, (tx.sender, root, *tx.created))) - protocol


def only_losing(told: Books, besides: frozenset[str]) -> list[str]:
    """Return the addresses that lost something and gained nothing, apart from those named."""
    return [address for address in told.losing if address not in besides]


def together(net: Net, addresses: Iterable[str]) -> Mapping[str, float]:
    """Return what these addresses gained and lost in all, by token; not to be changed."""
    parts = [net[address] for address in addresses if address in net]
    if len(parts) == 1:
        return parts[0]
    total: dict[str, float] = {}
    for tokens in parts:
        for token, change in tokens.items():
            total[token] = total.get(token, 0.0) + change
    return total


def free_gains(total: Mapping[str, float]) -> list[str]:
    """Return the tokens that were gained, if nothing was given for them."""
    if not total or min(total.values()) < 0.0:
        return []
    return [token for token, change in total.items() if change > 0.0]


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
    got = {(flow.to, flow.token) for flow in flows}
    both_ways = {
        pair
        for flow in flows
        if (pair := (flow.sender, flow.token)) in got
        and flow.sender in net
        and flow.sender not in besides
        and flow.sender != NOBODY
    }
    if len(both_ways) < 2:
        return []
    sums: dict[tuple[str, str], list[float]] = {}
    for flow in flows:
        for address, outwards in ((flow.sender, 1), (flow.to, 0)):
            pair = address, flow.token
            if pair in both_ways:
                sums.setdefault(pair, [0.0, 0.0])[outwards] += float(int(flow.amount))
    lent = {(loan.lender, loan.token) for loan in loans(flows)}
    both: dict[str, int] = {}
    for pair, (came, went) in sums.items():
        if min(came, went) > LEAST_BACK * max(came, went) and pair not in lent:
            both[pair[0]] = both.get(pair[0], 0) + 1
    return [address for address, tokens in both.items() if tokens > 1]
