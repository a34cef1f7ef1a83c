"""Which of the protocol's contracts had a part in a transaction.

Whoever sends a transaction can add to this and take nothing away: what is done to a contract, or by
it, shows. So it may keep a brake back where it names all there are, and only there.
"""

from collections.abc import Iterator
from typing import Any

from detectors.api import Scope
from schemas.chain import Transaction

MAX_INVOLVED = 64
"""Contracts that an alert may name as involved; its record has room for no more."""

_NEEDED = {"calls", "logs", "flows"}
"""What a source has to see, or a part in it might have gone unseen."""


def involved(tx: Transaction, scope: Scope) -> tuple[str, ...]:
    """Return which of the manifest's contracts executed, spoke, were written, paid, were paid or
    are named in an event, in the order of their addresses; none where that is not known in full:
    without a manifest, calls, logs or flows, of a record that was cut, and beyond `MAX_INVOLVED`.
    """
    if scope.manifest is None or tx.cut or not set(tx.seen) >= _NEEDED:
        return ()
    found = scope.manifest.addresses & set(_parties(tx))
    return tuple(sorted(found)) if len(found) <= MAX_INVOLVED else ()


def _parties(tx: Transaction) -> Iterator[str | None]:
    yield from (tx.sender, tx.to, *tx.created)
    for call in tx.calls:
        yield from (call.sender, call.to, call.code)
    for flow in tx.flows:
        yield from (flow.sender, flow.to, flow.token)
    for write in tx.writes:
        yield write.contract
    for log in tx.logs:
        yield log.contract
        yield from _texts(log.arguments)


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a decoded value, which nests no deeper than its ABI's types."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
