"""Which code a diamond (EIP-2535) runs for which function, as its loupe says: its own word, so that
every length and place in it is held to bounds."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from assurance.chain import NOBODY, Chain, Outcome, Trial, address
from assurance.selectors import calldata

MOST_FACETS = 128
MOST_FUNCTIONS = 2_048
"""Of one diamond, that are looked at."""

LOUPE = calldata("facets()")
_ADDRESSES = calldata("facetAddresses()")
_SELECTORS = "facetFunctionSelectors(address)"
_GAS, _AT_ONCE = 1_000_000, 10
"""For what one facet is asked for: a loupe that burns it all takes no more of a request than nodes
give."""
_WORD = 32
_MORE = (
    f"its loupe names more than {MOST_FACETS} facets or {MOST_FUNCTIONS:,} functions; the others "
    "were not looked at"
)


class Cut(NamedTuple):
    """What a loupe says."""

    facets: Mapping[str, frozenset[int]]
    """By facet, the selectors of the functions that lead to it."""
    trouble: str = ""
    """What kept from knowing all, '' if nothing did."""


def cut(chain: Chain, contract: str) -> Cut:
    """Return what a contract's loupe says: by `facets`, or else by `facetAddresses` and what each
    is asked for. Its own code is no facet. Raises `TransientError` when no node answers."""
    (whole,) = chain.run([Trial(NOBODY, contract, LOUPE)])
    rows = _facets(whole)
    if rows is None:
        rows = _one_by_one(chain, contract)
    if rows is None:
        return Cut({}, "which code it runs for which function: no loupe (EIP-2535) says it")
    found: dict[str, frozenset[int]] = {}
    left, more = MOST_FUNCTIONS, False
    for facet, selectors in rows:
        more = len(selectors) > left or (facet not in found and len(found) == MOST_FACETS)
        if facet != contract and len(found.keys() | {facet}) <= MOST_FACETS:
            found[facet] = found.get(facet, frozenset()) | frozenset(selectors[:left])
        left -= len(selectors)
        if more:
            break
    return Cut(found, _MORE if more else "")


_Rows = Iterator[tuple[str, list[int]]]


def _one_by_one(chain: Chain, contract: str) -> _Rows | None:
    (told,) = chain.run([Trial(NOBODY, contract, _ADDRESSES)])
    words = _words(told.data, 0, MOST_FACETS + 1) if told.ok else None
    addresses = [address(word) for word in words or ()]
    if not addresses or None in addresses:
        return None
    named = [one for one in addresses if one is not None]
    asked = [Trial(NOBODY, contract, calldata(_SELECTORS, one), gas=_GAS) for one in named]
    outcomes = [
        outcome
        for start in range(0, len(asked), _AT_ONCE)
        for outcome in chain.run(asked[start : start + _AT_ONCE])
    ]
    answers = [_words(one.data, 0, MOST_FUNCTIONS + 1) if one.ok else None for one in outcomes]
    if None in answers:
        return None
    return (
        (facet, [word >> 224 for word in words or ()])
        for facet, words in zip(named, answers, strict=True)
    )


def _facets(outcome: Outcome) -> _Rows | None:
    """Return the rows of `(address, bytes4[])[]`, None for an answer that is not that."""
    answer = outcome.data if outcome.ok else b""
    begin = _at(answer, 0)
    rows = _words(answer, 0, MOST_FACETS + 1)
    if not rows or begin is None:
        return None
    found, left = list[tuple[str, list[int]]](), MOST_FUNCTIONS + 1
    for place in rows:
        row = begin + _WORD + place
        facet = address(_at(answer, row))
        selectors = _words(answer, row, left, second=True)
        if facet is None or selectors is None:
            return None
        found.append((facet, [word >> 224 for word in selectors]))
        left -= len(selectors)
        if left <= 0:
            break
    return iter(found)


def _words(answer: bytes, row: int, most: int, *, second: bool = False) -> list[int] | None:
    """Return the words of the list whose place a row's first or second word says, as many as are
    wanted; None where it is cut off."""
    place = _at(answer, row + (_WORD if second else 0))
    length = None if place is None else _at(answer, row + place)
    if place is None or length is None:
        return None
    begin = row + place + _WORD
    words = [_at(answer, begin + _WORD * number) for number in range(min(length, most))]
    whole = [word for word in words if word is not None]
    return whole if len(whole) == len(words) else None


def _at(answer: bytes, place: int) -> int | None:
    if place + _WORD > len(answer):
        return None
    return int.from_bytes(answer[place : place + _WORD], "big")
