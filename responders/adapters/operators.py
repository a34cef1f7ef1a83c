"""Through an `OperatorQuorum`, on the word of k of n operators; it is its gate's only responder.

What is sent takes words that this route does not have: `responders.consents` puts them in. So a
brake is rehearsed as the quorum would pull it, from its contract, and fails there for every reason
but that operators are missing.
"""

from eth_abi.abi import encode
from eth_utils.crypto import keccak

import contracts
from responders.adapters.base import NotNowError
from responders.adapters.calls import called, word, words
from responders.adapters.gate import ARTEFACT, BRAKE
from responders.adapters.route import Route
from responders.chain import Call, Chain
from responders.consents import braking
from responders.questions import Question
from responders.reverts import errors_of
from schemas.operators import Quorum

_QUORUM = "OperatorQuorum"


class Operators(Route):
    """Makes calls through one quorum and its gate."""

    name = "by the operators"

    def __init__(self, chain: Chain, quorum: Quorum, gate: str) -> None:
        self._chain = chain
        self._quorum = quorum
        self._gate = gate
        self.errors = {
            **errors_of(contracts.load(ARTEFACT).abi),
            **errors_of(contracts.load(_QUORUM).abi),
        }

    def wrapped(self, call: Call, action: str, block: int | None) -> Call:  # noqa: ARG002 - the round names it
        """Return `brake(target, data, words)` without any words."""
        return braking(self.question(call, block), ())

    def question(self, call: Call, block: int | None) -> Question:
        """Return what the operators are asked.

        Raises `NotNowError` if the quorum on chain is not the one of the manifest.
        """
        chain_id = int(self._chain.name.rpartition(":")[2])
        quorum, told = self._quorum.contract, self._quorum
        asked = called("rounds(bytes32)", self._brake(call))
        round_ = word(self._chain, quorum, asked, block)
        if round_ is None or round_ >= 2**53:
            raise NotNowError(f"{quorum} does not answer as an OperatorQuorum does")
        there = words(self._chain, quorum, called("operators()"), block)[2:]
        needed = word(self._chain, quorum, called("threshold()"), block)
        if {int(one, 16) for one in told.operators} != set(there) or needed != told.threshold:
            raise NotNowError("the quorum has other operators, or another threshold: correct them")
        return Question(chain_id, quorum, call.to, call.data.lower(), round_)

    def rehearsed(
        self,
        call: Call,
        action: str,  # noqa: ARG002 - the round names it
        sender: str,  # noqa: ARG002 - who sends the words has no say
        block: int | None,
    ) -> tuple[Call, str]:
        """Return what the quorum says to its gate once enough have agreed."""
        asked, quorum = self.question(call, block), self._quorum.contract
        name = keccak(
            encode(["address", "bytes32", "uint256"], [quorum, self._brake(call), asked.round])
        )
        epoch = word(self._chain, self._gate, called("latestEpoch()"), block)
        if epoch is None or epoch >= 2**64:
            raise NotNowError(f"{self._gate} does not answer as a BrakeGate does")
        arguments = encode(
            ["bytes32", "uint64", "address", "bytes"],
            [name, epoch, call.to, bytes.fromhex(call.data[2:])],
        )
        return Call(self._gate, BRAKE + arguments.hex(), call.gas), quorum

    @staticmethod
    def _brake(call: Call) -> bytes:
        """Return the gate's name for a call (`brakeId`)."""
        return bytes(keccak(bytes.fromhex(call.to[2:] + call.data[2:])))
