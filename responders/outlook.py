"""What a brake needs to know of chain and neighbours, looked up before it is needed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from responders.allowance import Bucket
from responders.chain import Chain, Head
from responders.fees import Fee, opening
from responders.holdings import Held, Holdings
from responders.network.terrain import Terrain
from responders.pace import PacedSigner
from responders.signer import Signer
from responders.switch import Switch
from runtime.neighbourhood import Neighbourhood
from schemas.actions import Heard
from schemas.errors import TransientError
from schemas.manifest import Manifest
from schemas.reach import Reach
from schemas.units import Seconds

BELIEVED = 300
"""Seconds of blocks' time for which buckets count as they were seen. `responders.bounds` looks each
minute; where it cannot any more, people may have widened or emptied them since."""

_COIN = 10**18
"""Smallest units of a chain's coin."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who brakes. Without a signer everything is done but signing and sending."""

    address: str | None
    signer: Signer | None


class Outlook:
    """The newest block, the fees, the account's nonce and what the protocols hold, as of the last
    `refresh`."""

    def __init__(
        self,
        chain: Chain,
        account: Account,
        fee_cap: int,
        manifests: Iterable[Manifest] = (),
        switch: Switch | None = None,
        neighbours: Neighbourhood | None = None,
    ) -> None:
        """`fee_cap` is the most a brake may ever pay, in wei per gas; `switch` may disarm it."""
        self._switch = switch
        self._neighbours = neighbours
        self.chain = chain
        signer = account.signer and PacedSigner(account.signer, lambda: self.time)
        self.account = Account(account.address, signer)
        self.fee_cap = fee_cap
        self.on_record: Callable[[], bool] = lambda: True
        """Says whether everyone was told that brakes may be signed (`responders.arming`)."""
        self.nonce = 0
        """How many transactions the account has sent."""
        self.balance = 0
        """What the account holds, in wei."""
        self._buckets: dict[str, tuple[Bucket, Seconds]] = {}
        """By protocol, and the time of the newest block then."""
        self._tip = 0
        self._head: Head | None = None
        self._holdings = {
            manifest.protocol: Holdings(chain, manifest)
            for manifest in manifests
            if manifest.chain == chain.name and manifest.assets
        }
        self._held: dict[str, Held] = {}
        self._terrain = {name: Terrain(own.manifest) for name, own in self._holdings.items()}

    @property
    def armed(self) -> bool:
        """Whether brakes are signed and sent; asked by who brakes, since it may have to be told
        first. The switch has the last word."""
        return self.on_record() and self.switched_on

    @property
    def switched_on(self) -> bool:
        """Whether people let brakes be signed."""
        return self.account.signer is not None and (self._switch is None or self._switch.on())

    @property
    def head(self) -> int:
        """The number of the newest block that the node was seen to have."""
        return self._head.number if self._head else 0

    @property
    def time(self) -> int:
        """That block's time, in seconds since 1970."""
        return self._head.timestamp if self._head else 0

    @property
    def fee(self) -> Fee:
        """What a brake that is signed now offers."""
        base_fee = self._head.base_fee if self._head else 0
        return opening(base_fee, self._tip, self.fee_cap)

    def value(self, protocol: str) -> float | None:
        """Return what a protocol holds, in money; None where that is not known."""
        value = self._held[protocol].value if protocol in self._held else None
        return None if value is None else float(value)

    def bound(self, protocol: str, bucket: Bucket | None) -> None:
        """Take what a protocol's buckets on chain were just seen to let through together; None
        unless every asset has one."""
        self._buckets.pop(protocol, None)
        if bucket is not None:
            self._buckets[protocol] = bucket, self.time

    def bucket(self, protocol: str) -> Bucket | None:
        """Return what a protocol's buckets on chain let through; None where one is missing, or
        nobody has looked for `BELIEVED` seconds."""
        bucket, seen = self._buckets.get(protocol, (None, 0))
        return bucket if self.time - seen <= BELIEVED else None

    def reach(self, protocol: str, losing: tuple[str, ...]) -> Reach | None:
        """Return where the loss of these contracts gets; None where that is not known."""
        terrain = self._terrain.get(protocol)
        return None if terrain is None else terrain.reach(losing)

    def heard(self, protocol: str) -> Heard | None:
        """Return what neighbours warn of that would reach a protocol; None where none does."""
        return None if self._neighbours is None else self._neighbours.heard(protocol, self.time)

    def still_at_risk(self, protocol: str, tx: str) -> float | None:
        """Return what this transaction would take if it came again on the newest block, in money;
        nothing where it would revert or take nothing. None where the node does not know the
        transaction, cannot simulate it, or does not know what is held.

        Raises `TransientError` when no node answers.
        """
        if not tx or protocol not in self._holdings:
            return None
        taken = self._holdings[protocol].taken(tx, self.head)
        return None if taken is None else float(taken)

    def fees_paid(self, manifest: Manifest, tx: str) -> float:
        """Return what a transaction paid for its gas, in money; nought where nobody asks for it, or
        the node does not know the transaction."""
        griefing = manifest.griefing
        if griefing is None or griefing.coin_price is None:
            return 0.0
        try:
            wei = self.chain.paid(tx) or 0
        except TransientError:  # it only makes a decoy look cheaper than it was
            return 0.0
        return float(griefing.coin_price * wei / _COIN)

    def refresh(self) -> bool:
        """Look at the chain; say whether it has another newest block than before.

        Raises `TransientError` when no node answers.
        """
        head = self.chain.head()
        if head == self._head:
            return False
        self._tip = self.chain.tip()
        if self.account.address is not None:
            self.nonce = self.chain.nonce(self.account.address)
            self.balance = self.chain.balance(self.account.address)
        self._held = {name: own.at(head.number) for name, own in self._holdings.items()}
        for name, held in self._held.items():
            self._terrain[name].take(held)
        self._head = head
        return True
