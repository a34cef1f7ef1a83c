"""People who propose and answer, with wallets and without."""

from collections.abc import Sequence

from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from console import statements
from runtime import attested
from runtime.attested import Statement
from schemas.decisions import Answer, Matter, Proposal, Request, Verdict, Voice
from schemas.incidents import Acknowledgement, Incident

NOW = 1_800_000_000
PATIENCE = 3600


def wallet(name: str) -> LocalAccount:
    """The wallet of a person, the same in every run."""
    found: LocalAccount = Account.from_key(keccak(text=f"firebreak test: {name}"))
    return found


def by_provider(name: str, time: int = NOW) -> Voice:
    return Voice(person=name, account=f"oidc:https://login.example.org#{name}", time=time)


def by_wallet(name: str, time: int = NOW) -> Voice:
    return Voice(person=name, account=f"eip155:1:{wallet(name).address.lower()}", time=time)


def signature(statement: Statement, name: str) -> str:
    """What that person's wallet signs of a statement."""
    message = encode_typed_data(full_message=attested.typed(statement))
    return "0x" + bytes(wallet(name).sign_message(message).signature).hex()


def signature_of_text(text: str, name: str) -> str:
    return "0x" + bytes(wallet(name).sign_message(encode_defunct(text=text)).signature).hex()


def proposal(
    case: Incident,
    by: Voice,
    matter: Matter = "attack",
    words: str = "Look at the price.",
    calls: Sequence[Request] = (),
) -> Proposal:
    return attested.named(
        Proposal(
            id="0" * 64,
            chain=case.chain,
            protocol=case.protocol,
            incident=case.id,
            matter=matter,
            words=words,
            expires=by.time + PATIENCE,
            by=by,
            calls=tuple(calls),
        )
    )


def answer(asked: Proposal, by: Voice, verdict: Verdict = "approve", words: str = "") -> Answer:
    return statements.answer(asked, verdict, words, by)


def acknowledgement(case: Incident, by: Voice, words: str = "looking at it") -> Acknowledgement:
    return statements.acknowledgement(case, words, by)
