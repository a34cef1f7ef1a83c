"""What a transaction comes to: who gave how much to whom once it was over.

A transaction happens as a whole or not at all, so an account that received a loan and returned it,
or passed something on, gave and got nothing. Each token's movements are netted by account; what
remains is paired along the movements that there were (a flow without inner sources decomposes into
paths and cycles: Ahuja, Magnanti, Orlin, Network Flows, 1993, theorem 3.5).
"""

from collections import defaultdict, deque
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from forensics.cases.transactions import Movement

MAX_STEPS = 5_000_000
"""Of the search for ways between those who gave and those who got, in one transaction and token; a
block of 60M gas holds about 6,000 transfers, and one that pays thousands takes a few steps each."""


class Transfer(NamedTuple):
    """An amount of one token that an account gave to another, by way of others."""

    token: str
    giver: str
    taker: str
    amount: int
    via: tuple[str, ...] = ()


def settle(movements: Iterable[Movement]) -> list[Transfer]:
    """Return each token's transfers; tokens in the order in which they moved first.

    What all givers of a token gave is what all takers got, to the unit. Raises `ValueError` beyond
    `MAX_STEPS`: such a transaction is left to a person.
    """
    by_token: dict[str, list[Movement]] = defaultdict(list)
    for movement in movements:
        by_token[movement.token].append(movement)
    return [transfer for token, moved in by_token.items() for transfer in _paths(token, moved)]


def nets(movements: Iterable[Movement]) -> dict[str, dict[str, int]]:
    """Return by account and token what it has more (or less) of afterwards; nought left out."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for token, sender, to, amount in movements:
        found[sender][token] -= amount
        found[to][token] += amount
    return {
        account: kept
        for account, tokens in found.items()
        if (kept := {token: amount for token, amount in tokens.items() if amount})
    }


def _paths(token: str, moved: list[Movement]) -> list[Transfer]:
    left: dict[str, dict[str, int]] = defaultdict(dict)
    balance: dict[str, int] = {}
    for _, sender, to, amount in moved:
        left[sender][to] = left[sender].get(to, 0) + amount
        balance[sender] = balance.get(sender, 0) - amount
        balance[to] = balance.get(to, 0) + amount
    found: list[Transfer] = []
    steps_left = MAX_STEPS
    for giver in [account for account, amount in balance.items() if amount < 0]:
        while balance[giver] < 0:
            path, steps_left = _way(giver, left, balance, steps_left)
            steps = list(pairwise(path))
            taker = path[-1]
            amount = min(-balance[giver], balance[taker], *(left[a][b] for a, b in steps))
            for a, b in steps:
                left[a][b] -= amount
                if not left[a][b]:
                    del left[a][b]
            balance[giver] += amount
            balance[taker] -= amount
            found.append(Transfer(token, giver, taker, amount, tuple(path[1:-1])))
    return found


def _way(
    giver: str, left: dict[str, dict[str, int]], balance: dict[str, int], steps: int
) -> tuple[list[str], int]:
    """Return the shortest way to somebody who is still owed, and how many steps are left; while
    somebody gives there is a way."""
    came: dict[str, str] = {giver: ""}
    waiting = deque([giver])
    while waiting:
        here = waiting.popleft()
        for there in left.get(here, ()):
            steps -= 1
            if steps < 0:
                raise ValueError("its movements are too entangled")
            if there in came:
                continue
            came[there] = here
            if balance[there] > 0:
                path = [there]
                while came[path[-1]]:
                    path.append(came[path[-1]])
                return path[::-1], steps
            waiting.append(there)
    raise AssertionError("movements of one token do not add up")
