"""What a brake needs to know of the chain, looked up before it is needed."""

from dataclasses import dataclass

from responders.chain import Chain, Head
from responders.fees import Fee, opening
from responders.signer import Signer


@dataclass(frozen=True, slots=True)
class Account:
    """Who brakes. Without a signer everything is done but signing and sending."""

    address: str | None
    signer: Signer | None


class Outlook:
    """The newest block, the fees and the account's nonce, as of the last `refresh`."""

    def __init__(self, chain: Chain, account: Account, fee_cap: int) -> None:
        """`fee_cap` is the most a brake may ever pay, in wei per gas."""
        self.chain = chain
        self.account = account
        self.fee_cap = fee_cap
        self.nonce = 0
        """How many transactions the account has sent."""
        self.balance = 0
        """What the account holds, in wei."""
        self._tip = 0
        self._head: Head | None = None

    @property
    def armed(self) -> bool:
        """Whether brakes are signed and sent."""
        return self.account.signer is not None

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
        self._head = head
        return True
