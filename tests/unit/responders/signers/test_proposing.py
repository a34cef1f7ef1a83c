"""A key that proposes to Safes: what it signs, and what it never does."""

from pathlib import Path

import pytest

from responders.chain import Call
from responders.fees import Fee
from responders.signer import KeySigner, SignerRefusalError
from responders.signers.client import SocketProposer, SocketSigner
from responders.signers.desks import ProposalDesk
from responders.signers.policy import Proposable, ProposalPolicy, load
from responders.signers.wire import Attestation, Failure, Propose, Refusal, Sign
from runtime.safe_transactions import SafeTransaction
from schemas.errors import ConfigurationError, TransientError
from tests.unit.responders.signers.conftest import Serve
from tests.unit.responders.signers.test_process import POLICY, Recording, desk

SAFE, POOL, PAUSE = "0x" + "5a" * 20, "0x" + "aa" * 20, "0x8456cb59"
KEY = KeySigner(b"\x01" * 32, 0)
MADE = SafeTransaction(1, SAFE, POOL, PAUSE, 7)
ALLOWED = ProposalPolicy(
    chain="eip155:1",
    allow=(Proposable(safe=SAFE, to=POOL, data=PAUSE),),
    signatures_per_hour=2,
)


def proposing() -> ProposalDesk:
    return ProposalDesk(KEY, ALLOWED, lambda: 0.0)


def test_what_is_on_the_list_is_signed_and_comes_back_as_asked(serving: Serve) -> None:
    proposer = SocketProposer(serving(proposing()), 1)
    signature = proposer.sign_safe(MADE)
    assert MADE.proposer_of(signature) == KEY.address == proposer.address
    assert SafeTransaction(1, SAFE, POOL, PAUSE, 8).proposer_of(signature) != KEY.address


@pytest.mark.parametrize(
    "asked",
    [
        Propose(POOL, POOL, PAUSE, 7),
        Propose(SAFE, SAFE, PAUSE, 7),
        Propose(SAFE, POOL, "0x3f4ba83a", 7),
        Propose(SAFE, POOL, PAUSE + "00", 7),
        Sign(POOL, PAUSE, 21_000, 0, 1, 1),
    ],
    ids=["Safe", "target", "release", "more", "transaction"],
)
def test_anything_else_is_refused(asked: Propose | Sign) -> None:
    assert isinstance(proposing().answer(asked), Refusal)


def test_it_signs_no_more_than_its_rate(serving: Serve) -> None:
    proposer = SocketProposer(serving(proposing()), 1)
    for nonce in (1, 2):
        proposer.sign_safe(SafeTransaction(1, SAFE, POOL, PAUSE, nonce))
    with pytest.raises(SignerRefusalError, match="within an hour"):
        proposer.sign_safe(MADE)


def test_a_key_that_brakes_proposes_nothing_and_the_other_way_round(serving: Serve) -> None:
    braking = desk(Recording())
    assert isinstance(braking.answer(Propose(SAFE, POOL, PAUSE, 7)), Refusal)
    with pytest.raises(ConfigurationError, match="fee_cap_gwei"):
        SocketSigner(serving(proposing()), 1, POLICY.fee_cap).sign(
            Call(POOL, PAUSE, 1), 0, Fee(1, 1)
        )


@pytest.mark.parametrize(("chain", "braking"), [(5, False), (1, True)])
def test_a_signer_that_does_not_suit_is_found_at_the_start(
    serving: Serve, chain: int, *, braking: bool
) -> None:
    with pytest.raises(ConfigurationError, match="a key of their own"):
        SocketProposer(serving(desk(Recording()) if braking else proposing()), chain)


def test_another_signature_is_not_posted(serving: Serve) -> None:
    class Wrong(ProposalDesk):
        def _propose(self, asked: Propose) -> Attestation | Failure:
            return Attestation(KeySigner(b"\x02" * 32, 0).sign_safe(MADE))

    with pytest.raises(TransientError, match="something else"):
        SocketProposer(serving(Wrong(KEY, ALLOWED)), 1).sign_safe(MADE)


def test_no_signature_at_all_is_nobody_s() -> None:
    assert MADE.proposer_of("0x" + "00" * 65) == ""


def test_a_policy_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        f'[proposals]\nchain = "eip155:1"\nsignatures_per_hour = 2\n'
        f'[[proposals.allow]]\nsafe = "{SAFE}"\nto = "{POOL}"\ndata = "{PAUSE}"\n'
    )
    path.chmod(0o600)
    assert load(path) == ALLOWED
