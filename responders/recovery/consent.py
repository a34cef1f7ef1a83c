"""Who decides, and whether they did: told by signatures that anyone can check, and by the chain."""

from collections.abc import Iterable
from typing import Any

import msgspec
from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_keys.exceptions import BadSignature
from eth_utils.crypto import keccak

from responders import answers
from responders.adapters.calls import called, word
from responders.chain import Call, Chain
from responders.recovery.plan import RecoveryPlan
from responders.recovery.proposals import GOVERNOR_STATES, SafeProposal
from runtime.evm import Endpoints
from schemas.errors import ConfigurationError

_EXECUTED = "0x" + keccak(text="ExecutionSuccess(bytes32,uint256)").hex()
_MOST_OWNERS = 256


class Deciders(msgspec.Struct, frozen=True):
    """Whose agreement a step takes, and of how many of them."""

    signers: frozenset[str]
    quorum: int


def deciders(chain: Chain, plan: RecoveryPlan) -> Deciders:
    """Return who decides, as the chain has it. A Governor counts votes itself: it is the only one.

    Raises `ConfigurationError` when the Safe, or the Governor, is none.
    """
    if plan.governor is not None:
        if word(chain, plan.governor.address, called("votingPeriod()"), None) is None:
            raise ConfigurationError(f"{plan.governor.address} is no Governor")
        return Deciders(frozenset({plan.governor.address}), 1)
    return safe_deciders(chain, plan.executor)


def safe_deciders(chain: Chain, safe: str) -> Deciders:
    """Return a Safe's owners, and how many of them it takes, as the chain has it.

    Raises `ConfigurationError` when it is no Safe.
    """
    answer = chain.call(Call(safe, called("getOwners()")), sender=None)
    quorum = word(chain, safe, called("getThreshold()"), None)
    try:
        (owners,) = decode(["address[]"], bytes.fromhex(answer.data[2:][: 64 * (_MOST_OWNERS + 2)]))
    except (DecodingError, ValueError, OverflowError) as error:
        raise ConfigurationError(f"{safe} is no Safe") from error
    if not answer.ok or quorum is None:
        raise ConfigurationError(f"{safe} is no Safe")
    return Deciders(frozenset(owners), quorum)


def governor_state(chain: Chain, governor: str, proposal: str) -> str:
    """Return where a proposal stands, 'unknown' for one that the Governor has not seen."""
    state = word(chain, governor, called("state(uint256)", int(proposal, 16)), None)
    if state is None or state >= len(GOVERNOR_STATES):
        return "unknown"
    return GOVERNOR_STATES[state]


def signer_of(proposal: SafeProposal, signatures: Iterable[str]) -> str:
    """Return the owner who signed every transaction of a step, in order.

    Raises `ConfigurationError` unless there is one signature for each, all by one account.
    """
    given = list(signatures)
    if len(given) != len(proposal.transactions):
        raise ConfigurationError(f"{len(proposal.transactions)} transactions, one signature each")
    found = {
        _recovered(one.typed, text) for one, text in zip(proposal.transactions, given, strict=True)
    }
    if len(found) != 1:
        raise ConfigurationError("the signatures are of different accounts, or of other terms")
    return found.pop()


def _recovered(typed: dict[str, Any], text: str) -> str:
    try:
        raw = bytes.fromhex(text.removeprefix("0x"))
        if len(raw) != 65 or raw[64] not in (27, 28):
            raise ValueError("not 65 bytes ending in 27 or 28")  # noqa: TRY301 - joins the others
        message = encode_typed_data(full_message=typed)
        return str(Account.recover_message(message, signature=raw)).lower()
    except (BadSignature, ValueError) as error:
        raise ConfigurationError(f"no signature of an owner's key: {error}") from error


def safe_carried_out(endpoints: Endpoints, proposal: SafeProposal, txs: Iterable[str]) -> bool:
    """Say whether these transactions show that the Safe made every call of a step.

    Raises `TransientError` when no node answers.
    """
    shown: set[str] = set()
    for tx in txs:
        shown |= endpoints.ask("eth_getTransactionReceipt", tx, read=_executed_by(proposal.safe))
    return shown >= {"0x" + one.digest.hex() for one in proposal.transactions}


def _executed_by(safe: str) -> Any:
    """Return what reads, from a receipt, the hashes that the Safe says it carried out: indexed
    since 1.4, the first word of the data before."""

    def read(answer: Any) -> set[str]:
        if answer is None or answers.quantity(answer["status"]) != 1:
            return set()
        return {
            (log["topics"][1] if len(log["topics"]) > 1 else log["data"][:66]).lower()
            for log in answer["logs"]
            if log["address"].lower() == safe and log["topics"][:1] == [_EXECUTED]
        }

    return read
