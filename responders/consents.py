"""The words of independent operators that a broad brake be pulled, for `OperatorQuorum`. Pure.

An operator whose own responder decided on the brake signs (EIP-712) target, calldata, round and a
time of expiry. Any of them who has heard k sends the transaction; the contract checks it all again.
The words carry their own proof, so they may come over a topic or by HTTP, from anybody, in any
order, twice: what is not an operator's word on this brake in this round is not counted.
"""

from collections.abc import Container, Iterable

from eth_abi.abi import encode

from responders.chain import Call
from responders.questions import LONGEST, Question, author
from responders.reverts import selector
from responders.signer import Signer
from schemas.consents import Consent
from schemas.ids import content_id
from schemas.units import Seconds

VALID_FOR = 600
"""Seconds from block time on: nobody can take a word back, so it does not last."""

MARGIN = 120
"""Seconds that a word has to be valid for still when it is sent: ten blocks, and two higher fees. A
word that runs out on the way would cost the brake its nonce."""

GAS = 700_000
"""For a flag, and for checking the words of 32 operators."""

_BRAKE = selector("brake(address,bytes,(uint64,bytes)[])")


def consent(question: Question, protocol: str, signer: Signer, now: Seconds) -> Consent:
    """Return an operator's yes, given at block time `now`.

    Raises as `Signer.attest` does.
    """
    expires = now + VALID_FOR
    chain = f"eip155:{question.chain_id}"
    asked = (question.quorum, question.target, question.calldata, question.round)
    return Consent(
        id=content_id("consent", chain, *asked, signer.address, expires),
        chain=chain,
        protocol=protocol,
        quorum=question.quorum,
        target=question.target,
        calldata=question.calldata,
        round=question.round,
        operator=signer.address,
        expires=expires,
        signature=signer.attest(question, expires),
    )


def enough(
    question: Question,
    given: Iterable[Consent],
    operators: Container[str],
    threshold: int,
    now: Seconds,
) -> tuple[Consent, ...]:
    """Return the words of `threshold` different operators that are valid at block time `now` and
    for `MARGIN` after it, in the order in which the contract takes them; nothing while there are
    fewer.

    Those that are valid for longest are taken, of one operator as of all.
    """
    latest: dict[str, Consent] = {}
    for one in given:
        if not now + MARGIN <= one.expires <= now + LONGEST:
            continue
        who = author(question, one)
        if who in operators and (who not in latest or latest[who].expires < one.expires):
            latest[str(who)] = one
    if len(latest) < threshold:
        return ()
    lasting = sorted(latest, key=lambda who: (-latest[who].expires, who))[:threshold]
    return tuple(latest[who] for who in sorted(lasting))


def braking(question: Question, consents: Iterable[Consent]) -> Call:
    """Return the message by which anybody pulls the brake, on these words."""
    words = [(one.expires, bytes.fromhex(one.signature[2:])) for one in consents]
    arguments = encode(
        ["address", "bytes", "(uint64,bytes)[]"],
        [question.target, bytes.fromhex(question.calldata[2:]), words],
    )
    return Call(question.quorum, _BRAKE + arguments.hex(), GAS)
