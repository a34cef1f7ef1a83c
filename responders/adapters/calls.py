"""Calls written by their signatures, and answers read as words.

What a contract answers is checked for its size before anything is made of it: an answer that is not
what was asked for is no answer.
"""

from responders.chain import Call, Chain
from runtime.calldata import SIGNATURE, called

__all__ = ["SIGNATURE", "called", "word", "words"]

_WORD = 64


def words(chain: Chain, target: str, calldata: str, block: int | None) -> tuple[int, ...]:
    """Return what a question's answer consists of, 32 bytes each; empty when the target has none.

    Raises `TransientError` when no node answers.
    """
    answer = chain.call(Call(target, calldata), sender=None, block=block)
    body = answer.data[2:]
    if not answer.ok or len(body) % _WORD:
        return ()
    return tuple(int(body[at : at + _WORD], 16) for at in range(0, len(body), _WORD))


def word(chain: Chain, target: str, calldata: str, block: int | None) -> int | None:
    """Return the one word that a question's answer consists of, None when it does not."""
    found = words(chain, target, calldata, block)
    return found[0] if len(found) == 1 else None
