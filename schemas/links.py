"""Where to look at a transaction: its name on every chain, and its page in an explorer. Pure.

Both are put together from parts that were checked, and what was put together elsewhere is checked
again before anybody is offered it to click on.
"""

import re

from schemas.units import Chain

PAGE = (
    r"^https?://[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?(/[A-Za-z0-9._~-]{1,128}){0,8}$"
)
"""An address without credentials, query or fragment, which no text of a stranger can leave."""

_PAGE = re.compile(PAGE)
_TRANSACTION = re.compile("0x[0-9a-f]{64}")


def reference(chain: Chain, tx: str) -> str:
    """Return the name of a transaction that holds anywhere (CAIP-221, a draft:
    `eip155:1:txn/0x...`); '' for what is no transaction's hash."""
    return f"{chain}:txn/{tx}" if _TRANSACTION.fullmatch(tx) else ""


def page(explorer: str, tx: str) -> str:
    """Return where an explorer shows a transaction; '' where no explorer is known, or for what is
    no transaction's hash."""
    return f"{explorer}/tx/{tx}" if explorer and _TRANSACTION.fullmatch(tx) else ""


def is_page(text: str) -> bool:
    """Say whether a link may be offered: it can lead to a page, and do nothing else."""
    return _PAGE.fullmatch(text) is not None
