"""What a compromised key still can do to a protocol, and the call that ends each of it.

Found in the logs of the protocol's contracts, and believed only if the contract says so now: roles
(OpenZeppelin's AccessControl and AccessManager), guardians, ownership of a Safe, allowances that
the key may spend, operations queued in a timelock where the key may queue, and block-lists of
tokens (FiatToken's and Tether's). What only others can end is said, with who that is.

What this does not find: powers that a contract keeps in a form of its own, and those of contracts
that the manifest does not name.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from responders.adapters.calls import called, word, words
from responders.chain import Call, Chain
from responders.recovery.history import address_in, entries
from responders.recovery.moves import Move, move
from runtime.evm import Endpoints

_FIRST_OWNER = "0x" + "0" * 39 + "1"
"""What a Safe's list of owners begins with (`OwnerManager.sol`)."""

GUARDIANS = (
    ("guardian()", "setGuardian(address)"),
    ("pauseGuardian()", "_setPauseGuardian(address)"),
)
"""Who may pause, and what names another: by its plain name, and as in Compound V2."""

BLOCK_LISTS = (
    ("isBlacklisted(address)", "blacklist(address)"),
    ("isBlackListed(address)", "addBlackList(address)"),
)
"""FiatToken and Tether: what asks, what blocks."""

_PROPOSER = keccak(text="PROPOSER_ROLE")
_MOST_OWNERS = 256


def _topic(signature: str) -> str:
    return "0x" + keccak(text=signature).hex()


GRANTED = _topic("RoleGranted(bytes32,address,address)")
MANAGED = _topic("RoleGranted(uint64,address,uint32,uint48,bool)")
APPROVAL = _topic("Approval(address,address,uint256)")
SCHEDULED = _topic("CallScheduled(bytes32,uint256,address,uint256,bytes,bytes32,uint256)")


@dataclass(frozen=True, slots=True)
class Power:
    """Something that the key can do, or that is under way because of it."""

    words: str
    ending: Move | None
    """What ends it; None when it is not the protocol's to end."""


@dataclass(frozen=True, slots=True)
class Search:
    """Where to look, for which key. Raises `TransientError` when no node answers."""

    endpoints: Endpoints
    chain: Chain
    contracts: tuple[str, ...]
    key: str
    successor: str | None = None
    """Who takes over what somebody has to hold."""
    since: int = 0

    def powers(self, executor: str, block: int) -> Iterator[Power]:
        """Return everything that is found at this block, contract by contract; `executor` is who
        will make the calls."""
        for contract in self.contracts:
            yield from self._roles(contract, block)
            yield from self._managed(contract, block)
            yield from self._guardian(contract, block)
            yield from self._owner(contract, block)
            yield from self._allowances(contract, executor, block)
            yield from self._queued(contract, block)
            yield from self._unlisted(contract, block)

    def _topic_of_key(self) -> str:
        return "0x" + self.key[2:].rjust(64, "0")

    def _roles(self, contract: str, block: int) -> Iterator[Power]:
        topics = [GRANTED, None, self._topic_of_key()]
        found = entries(self.endpoints, contract, topics, self.since, block)
        for role in sorted({entry.topics[1] for entry in found}):
            question = called("hasRole(bytes32,address)", bytes.fromhex(role[2:]), self.key)
            if word(self.chain, contract, question, block) == 1:
                ending = move(contract, "revokeRole(bytes32,address)", role, self.key)
                yield Power(f"{self.key} has role {role} on {contract}", ending)

    def _managed(self, contract: str, block: int) -> Iterator[Power]:
        topics = [MANAGED, None, self._topic_of_key()]
        found = entries(self.endpoints, contract, topics, self.since, block)
        for role in sorted({int(entry.topics[1], 16) for entry in found}):
            question = called("hasRole(uint64,address)", role, self.key)
            if words(self.chain, contract, question, block)[:1] == (1,):
                ending = move(contract, "revokeRole(uint64,address)", role, self.key)
                yield Power(f"{self.key} has role {role} of the manager {contract}", ending)

    def _guardian(self, contract: str, block: int) -> Iterator[Power]:
        for question, setter in GUARDIANS:
            if word(self.chain, contract, called(question), block) == int(self.key, 16):
                ending = move(contract, setter, self.successor) if self.successor else None
                yield Power(f"{self.key} is {question} of {contract}", ending)

    def _owner(self, contract: str, block: int) -> Iterator[Power]:
        if word(self.chain, contract, called("owner()"), block) == int(self.key, 16):
            yield Power(f"{self.key} owns {contract}: only it can hand that over", None)
        answer = self.chain.call(Call(contract, called("getOwners()")), sender=None, block=block)
        threshold = word(self.chain, contract, called("getThreshold()"), block)
        if not answer.ok or threshold is None:
            return
        try:
            data = bytes.fromhex(answer.data[2:][: 64 * (_MOST_OWNERS + 2)])
            (owners,) = decode(["address[]"], data)
        except (DecodingError, OverflowError):
            return
        if self.key not in owners:
            return
        before = (_FIRST_OWNER, *owners)[owners.index(self.key)]
        if self.successor is not None:
            ending = move(
                contract, "swapOwner(address,address,address)", before, self.key, self.successor
            )
        elif threshold < len(owners):
            ending = move(
                contract, "removeOwner(address,address,uint256)", before, self.key, threshold
            )
        else:
            yield Power(f"{self.key} owns the Safe {contract}: it needs a successor", None)
            return
        yield Power(f"{self.key} is one of {len(owners)} owners of the Safe {contract}", ending)

    def _allowances(self, contract: str, executor: str, block: int) -> Iterator[Power]:
        topics = [APPROVAL, None, self._topic_of_key()]
        found = entries(self.endpoints, contract, topics, self.since, block)
        for owner in sorted({address_in(entry.topics[1]) for entry in found}):
            question = called("allowance(address,address)", owner, self.key)
            allowed = word(self.chain, contract, question, block)
            if allowed:
                mine = owner == executor
                ending = move(contract, "approve(address,uint256)", self.key, 0) if mine else None
                who = "" if mine else ": only that account can revoke it"
                yield Power(
                    f"{self.key} may spend {allowed} of {contract} that {owner} has{who}", ending
                )

    def _queued(self, contract: str, block: int) -> Iterator[Power]:
        may_queue = called("hasRole(bytes32,address)", _PROPOSER, self.key)
        if word(self.chain, contract, may_queue, block) != 1:
            return
        found = entries(self.endpoints, contract, [SCHEDULED], self.since, block)
        for name in sorted({entry.topics[1] for entry in found}):
            pending = called("isOperationPending(bytes32)", bytes.fromhex(name[2:]))
            if word(self.chain, contract, pending, block) == 1:
                ending = move(contract, "cancel(bytes32)", name)
                yield Power(f"operation {name} is queued in {contract}: read it first", ending)

    def _unlisted(self, contract: str, block: int) -> Iterator[Power]:
        for question, blocks in BLOCK_LISTS:
            if word(self.chain, contract, called(question, self.key), block) == 0:
                ending = move(contract, blocks, self.key)
                yield Power(f"{self.key} can move {contract}, which has a block-list", ending)
