"""What people say with a wallet: every word is under the signature, and anybody can check it."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from runtime import attested
from schemas.decisions import Answer, Proposal, Request
from schemas.errors import PoisonRecordError
from tests.people import answer, by_provider, by_wallet, proposal, signature
from tests.unit.schemas.test_decisions import CASE

CALLS = (Request(to="0x" + "11" * 20, function="unpause()", calldata="0x3f4ba83a"),)
ASKED = proposal(CASE, by_wallet("ana"), "release", calls=CALLS)
SIGNED = attested.signed(ASKED, signature(ASKED, "ana"))
ANSWER = answer(ASKED, by_wallet("ben"))
SIGNED_ANSWER = attested.signed(ANSWER, signature(ANSWER, "ben"))


def test_a_wallet_s_statement_is_believed_with_its_signature() -> None:
    attested.require(SIGNED)
    attested.require(SIGNED_ANSWER)


def test_what_was_said_without_a_wallet_rests_on_who_published_it() -> None:
    attested.require(proposal(CASE, by_provider("ana")))


def test_without_its_signature_or_with_somebody_else_s_it_is_not() -> None:
    with pytest.raises(PoisonRecordError, match="no signature"):
        attested.require(ASKED)
    with pytest.raises(PoisonRecordError, match="signed by"):
        attested.signed(ASKED, signature(ASKED, "ben"))


@pytest.mark.parametrize(
    "text", ["0x", "0x12", "0x" + "00" * 65, "0x" + "ff" * 65, "0x" + "zz" * 65]
)
def test_rubbish_is_refused(text: str) -> None:
    with pytest.raises(PoisonRecordError):
        attested.require(replace(SIGNED, by=replace(SIGNED.by, signature=text)))


CHANGES: dict[str, Callable[[Proposal], Proposal]] = {
    "words": lambda one: replace(one, words="Something else."),
    "matter": lambda one: replace(one, matter="brake"),
    "calls": lambda one: replace(one, calls=(replace(CALLS[0], calldata="0x8456cb59"),)),
    "target": lambda one: replace(one, calls=(replace(CALLS[0], to="0x" + "22" * 20),)),
    "no calls": lambda one: replace(one, calls=()),
    "incident": lambda one: replace(one, incident="d" * 64),
    "protocol": lambda one: replace(one, protocol="orchard"),
    "chain": lambda one: replace(one, chain="eip155:10"),
    "expiry": lambda one: replace(one, expires=one.expires + 1),
    "staged": lambda one: replace(one, staged="0x" + "11" * 32),
    "person": lambda one: replace(one, by=replace(one.by, person="ben")),
    "time": lambda one: replace(one, by=replace(one.by, time=one.by.time + 1)),
}


@pytest.mark.parametrize("what", CHANGES)
def test_no_word_of_a_proposal_can_be_changed(what: str) -> None:
    changed = CHANGES[what](SIGNED)
    with pytest.raises(PoisonRecordError):
        attested.require(attested.named(changed))
    with pytest.raises(PoisonRecordError):
        attested.require(changed)


def test_nor_of_an_answer() -> None:
    changes: tuple[Answer, ...] = (
        replace(SIGNED_ANSWER, verdict="veto"),
        replace(SIGNED_ANSWER, proposal="e" * 64),
        replace(SIGNED_ANSWER, words="and more"),
    )
    for changed in changes:
        with pytest.raises(PoisonRecordError):
            attested.require(attested.named(changed))


def test_a_chain_without_a_number_has_no_wallets() -> None:
    with pytest.raises(PoisonRecordError, match="EVM"):
        attested.require(attested.named(replace(SIGNED, chain="cosmos:hub")))
