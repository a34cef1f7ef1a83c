"""Putting the log's roots on chain: every so often, and at a brake out of turn (`haste`).

One transaction is under way at a time; its nonce is used until it, or a newer one in its place, is
mined. What the chain holds is asked for, never assumed: an anchor that a reorg removed is written
again.
"""

from typing import NamedTuple

from forensics.record import tiles
from forensics.record.anchor_contract import Account, AnchorContract, Head
from forensics.record.errors import UntrustedError
from forensics.record.haste import Haste
from forensics.record.log_reader import LogReader, Sealed
from forensics.record.vouched import Vouched
from runtime.logs import logger
from schemas.errors import TransientError

_log = logger(__name__)

REPLACE_AFTER = 5
"""Blocks after which an anchor that is not mined is sent again, with a higher fee."""

_BUMP_PERCENT = 13
"""Pools take a replacement that pays at least 10 % more."""


class _Attempt(NamedTuple):
    """A transaction under way; fees in wei per gas."""

    tx: str
    nonce: int
    ceiling: int
    tip: int
    sent: int
    """The newest block when it was sent."""
    first: int
    """The newest block when the first with this nonce was."""


class Anchoring:
    """Anchors one log in one contract."""

    def __init__(
        self,
        log: LogReader,
        contract: AnchorContract,
        account: Account,
        haste: Haste,
        *,
        every: float,
        fee_cap: int,
    ) -> None:
        """`every` is in seconds of block time; `fee_cap` in wei per gas."""
        self._log = log
        self._vouched = Vouched(log.engine)
        self._contract = contract
        self._account = account
        self.haste = haste
        self._every = every
        self._fee_cap = fee_cap
        self._pending: _Attempt | None = None

    def step(self) -> Head:
        """Do what is due now; return what the chain holds.

        Raises `TransientError` when no node answers or an anchor was refused, `UntrustedError` when
        the chain holds what this log does not: the log was rolled back, or it has a double.
        """
        number, now, base_fee = self._contract.block()
        if self._pending is not None:
            self._follow(self._pending, number, base_fee)
        head = self._contract.head()
        self._require_ours(head)
        if self._pending is None:
            self._vouched.anchored((), up_to=head.size)
            nonce = self._contract.nonce(self._account.address)
            due = self._due(head, now, nonce)
            if due is not None:
                tip = min(self._contract.tip(), self._fee_cap)
                ceiling = min(2 * base_fee + tip, self._fee_cap)
                self._send(due, head, _Attempt("", nonce, ceiling, tip, number, number))
        return head

    def _due(self, head: Head, now: int, nonce: int) -> Sealed | None:
        newest = self._log.newest_seal()
        if newest is None or newest.size <= head.size:
            return None
        if now - head.time >= self._every:
            return newest
        return newest if self.haste.granted(nonce, head.size, newest.size) else None

    def _require_ours(self, head: Head) -> None:
        newest = self._log.newest_seal()
        size = newest.size if newest else 0
        if head.size > size:
            raise UntrustedError(
                f"the chain has a root of {head.size} leaves of this log, which has {size} sealed: "
                "it was rolled back, or it has a double"
            )
        if head.size and tiles.root(head.size, self._log.tile) != head.root:
            raise UntrustedError(f"the chain has another root of the first {head.size} leaves")

    def _follow(self, pending: _Attempt, number: int, base_fee: int) -> None:
        receipt = self._contract.receipt(pending.tx)
        if receipt is not None or self._contract.nonce(self._account.address) > pending.nonce:
            self._pending = None  # this one, or the one it was to replace
            written = self._contract.anchored(pending.first, number)
            self._vouched.anchored(written, up_to=self._contract.head().size)
            for anchor in written:
                _log.info("anchored", size=anchor.size, block=anchor.block, tx=anchor.tx)
            if receipt is not None and not receipt.ok:
                raise TransientError(f"anchor {pending.tx} was mined, but refused")
        elif number - pending.sent >= REPLACE_AFTER:
            ceiling, tip = _bumped(pending.ceiling), _bumped(pending.tip)
            ceiling = max(ceiling, min(2 * base_fee + tip, self._fee_cap))
            if ceiling > self._fee_cap:
                raise TransientError("an anchor is not mined at the highest fee allowed")
            newest, head = self._log.newest_seal(), self._contract.head()
            if newest is not None and newest.size > head.size:
                again = pending._replace(ceiling=ceiling, tip=tip, sent=number)
                self._send(newest, head, again)

    def _send(self, sealed: Sealed, head: Head, attempt: _Attempt) -> None:
        proof = tiles.consistency(head.size, sealed.size, self._log.tile)
        message = self._contract.message(sealed.size, sealed.root, proof)
        raw, tx = self._account.sign(message, attempt.nonce, attempt.ceiling, attempt.tip)
        self._contract.send(raw)
        self._pending = attempt._replace(tx=tx)


def _bumped(fee: int) -> int:
    return -(-fee * (100 + _BUMP_PERCENT) // 100)
