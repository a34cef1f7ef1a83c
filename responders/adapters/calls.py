"""Calls written by their signatures, and answers read as words.

What a contract answers is checked for its size before anything is made of it: an answer that is not
what was asked for is no answer.
"""

import re
from typing import Any

from eth_abi.abi import encode
from eth_abi.exceptions import EncodingError

from responders.chain import Call, Chain
from responders.reverts import selector

SIGNATURE = r"^[A-Za-z_$][\w$]{0,63}\([a-z0-9,\[\]]{0,512}\)$"
"""A function that takes no tuples."""

_WORD = 64


def called(signature: str, *arguments: Any) -> str:
    """Return the calldata of a function, such as `setPoolPause(bool)`, in hexadecimal.

    Raises `ValueError` when the arguments are not of its types.
    """
    if not re.match(SIGNATURE, signature):
        raise ValueError("write a function as in setPaused(address,bool), without tuples or spaces")
    inside = signature[signature.index("(") + 1 : -1]
    types = inside.split(",") if inside else []
    try:
        return selector(signature) + encode(types, arguments).hex()
    except (EncodingError, TypeError, ValueError) as error:
        raise ValueError(f"{signature}: {error}") from error


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
