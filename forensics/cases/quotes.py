"""What the pairs that a manifest names would have given before the attack, read from the chain."""

from collections.abc import Callable, Iterable, Iterator
from decimal import ROUND_DOWN, Context, Decimal

from forensics.cases.analysis import Quote
from forensics.cases.asking import Evidence, NotGivenError
from forensics.cases.transactions import address, quantity

_TOKENS = "0x0dfe1681", "0xd21220a7"
_RESERVES = "0x0902f1ac"
_DIGITS = Context(prec=12, rounding=ROUND_DOWN)


def quotes(
    evidence: Evidence,
    pairs: Iterable[tuple[str, str]],
    block: int,
    token: Callable[[str], tuple[str, int | None]],
) -> Iterator[Quote]:
    """Yield the price that each (address, name) with the interface of a Uniswap V2 pair stood at
    after a block; one that answers otherwise has none."""
    for pair, name in pairs:
        try:
            answers = [
                str(evidence.ask("eth_call", {"to": pair, "data": data}, hex(block)))
                for data in (*_TOKENS, _RESERVES)
            ]
        except NotGivenError:
            continue
        base, quote = (address("0x" + answer[-40:]) for answer in answers[:2])
        reserves = answers[2]
        if not base or not quote or len(reserves) != 2 + 3 * 64:
            continue
        held = quantity(reserves[:66]), quantity("0x" + reserves[66:130])
        decimals = token(base)[1], token(quote)[1]
        if not held[0] or decimals[0] is None or decimals[1] is None:
            continue
        price = _DIGITS.divide(Decimal(held[1]), Decimal(held[0]))
        price = _DIGITS.scaleb(price, decimals[0] - decimals[1])
        yield Quote(
            pair=pair,
            name=name,
            block=block,
            base=base,
            quote=quote,
            price=f"{price.normalize():f}",
        )
