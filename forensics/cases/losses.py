"""What the victims lost of each token, what they still had, and what that is worth as stated."""

from collections.abc import Callable, Iterable
from decimal import ROUND_DOWN, Context, Decimal

from forensics.cases.analysis import Loss, Theft
from forensics.cases.node_facts import NodeFacts
from schemas.manifest import Manifest

_CENT = Decimal("0.01")
_EXACT = Context(prec=200, rounding=ROUND_DOWN)
"""Enough digits for any uint256 times any price that a manifest may state."""


def losses(
    thefts: Iterable[Theft],
    manifest: Manifest,
    facts: NodeFacts,
    victims: frozenset[str],
    token: Callable[[str], tuple[str, int | None]],
) -> tuple[Loss, ...]:
    """Return the losses by token, in the order in which tokens were lost first."""
    sums: dict[str, int] = {}
    last = 0
    for theft in thefts:
        last = max(last, theft.block)
        for name, amount in theft.lost.items():
            sums[name] = sums.get(name, 0) + int(amount)
    found = []
    for name, lost in sums.items():
        symbol, decimals = token(name)
        asset = manifest.asset(name)
        left = [facts.balance(victim, name, last) for victim in sorted(victims)]
        known = [amount for amount in left if amount is not None]
        found.append(
            Loss(
                token=name,
                symbol=symbol,
                decimals=decimals,
                lost=str(lost),
                remained=str(sum(known)) if len(known) == len(left) else None,
                stated_price=f"{asset.price:f}" if asset else "",
                worth=_worth(lost, decimals, asset.price) if asset else "",
            )
        )
    return tuple(found)


def _worth(amount: int, decimals: int | None, price: Decimal) -> str:
    if decimals is None:
        return ""
    worth = _EXACT.multiply(_EXACT.scaleb(Decimal(amount), -decimals), price)
    return f"{worth.quantize(_CENT, context=_EXACT):f}"
